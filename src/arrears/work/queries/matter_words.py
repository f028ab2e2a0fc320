"""The closed lists of words that forms about disputes, complaints and hardship offer, for the faces, which know no tables."""

from arrears.work.models import Complaint, ContactPoint, Dispute, Hardship, MatterTask, Party
from arrears.work.models.dealings import RESTS_ON


def _words(model, column: str) -> tuple[str, ...]:
    return tuple(word for word, _ in model._meta.get_field(column).choices)


GROUNDS = {"dispute": _words(Dispute, "ground"), "complaint": _words(Complaint, "ground"), "hardship": _words(Hardship, "reason")}
RAISED_BY = _words(Hardship, "raised_by")
CAME_BY = _words(Hardship, "came_by")
TASKS = _words(MatterTask, "what")
EVIDENCE = _words(Hardship, "evidence")
ANSWER_RESTS_ON = RESTS_ON
ROLES = _words(Party, "role")
POINTS = _words(ContactPoint, "kind")
