"""Every change that can be made, one verb each; importing this registers them all."""

# front
# person
# queue
# plans
from arrears.work.actions import (  # noqa: F401  # noqa: F401, E402
    accounts,
    agreements,
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
    reoffers,
    retention,
    rights,
    settlements,
    teams,
)
# matters
# team
# oversight
# running
# end
