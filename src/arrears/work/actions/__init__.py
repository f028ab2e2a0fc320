"""Every change that can be made, one verb each; importing this registers them all."""

# front
# person
# queue
from arrears.work.actions import (  # noqa: F401  # noqa: E402, F401
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
    queue,
    recording,
    reminders,
    retention,
    rights,
    settlements,
    talk,
    teams,
)

# plans
# matters
# isort: split
# team
from arrears.work.actions import absences, coaching, hardship, matters, moves  # noqa: F401  # noqa: E402, F401

# oversight
# isort: split
from arrears.work.actions import desk_exports, quality  # noqa: F401
# running
# end
