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
    limits,
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
    roster,
    runs,
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
# end
