"""Every change that can be made, one verb each; importing this registers them all."""

from arrears.work.actions import (  # noqa: F401
    approvals,
    consents,
    contacts,
    disputes,
    holds,
    offers,
    parties,
    placements,
    plans,
    promises,
    settlements,
    teams,
)
