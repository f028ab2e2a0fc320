"""Every change that can be made, one verb each; importing this registers them all."""

from arrears.work.actions import (  # noqa: F401
    absences,
    accounts,
    agreements,
    approvals,
    attachments,
    coaching,
    consents,
    contacts,
    desk_exports,
    disputes,
    emergency,
    export,
    hardship,
    holds,
    indexes,
    intake,
    matters,
    moves,
    offers,
    parties,
    people,
    placements,
    plans,
    promises,
    quality,
    queue,
    recording,
    reminders,
    reoffers,
    retention,
    rights,
    settlements,
    talk,
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
