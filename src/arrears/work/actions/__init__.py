"""Every change that can be made, one verb each; importing this registers them all."""

# front
# person
# queue
# plans
# matters
# team
from arrears.work.actions import (  # noqa: F401  # noqa: E402, F401
    absences,
    accounts,
    approvals,
    attachments,
    coaching,
    consents,
    contacts,
    disputes,
    emergency,
    export,
    holds,
    indexes,
    intake,
    moves,
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
# oversight
# running
# end
