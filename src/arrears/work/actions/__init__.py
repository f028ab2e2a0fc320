"""Every change that can be made, one verb each; importing this registers them all."""

from arrears.work.actions import (  # noqa: F401
    accounts,
    approvals,
    attachments,
    consents,
    contacts,
    disputes,
    emergency,
    export,
    holds,
    indexes,
    intake,
    offers,
    parties,
    people,
    placements,
    plans,
    promises,
    recording,
    retention,
    rights,
    settlements,
    teams,
)

# front
# person
# queue
# plans
# matters
# team
# oversight
# running
# isort: split
from arrears.work.actions import limits, roster, runs  # noqa: F401
# end
