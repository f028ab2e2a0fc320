"""The contacts of a frame as they are drawn from: of which stratum each is, and how risky it looks. Cases whose processing is frozen are left out.

Weights are the operator's own policy: 1 for every contact; 4 more where its case has a complaint soon after; 3 where the gate said review or deny, 1 where it warned;
2 where whoever made it began a short while before; 2 where its recording is large, which is how a long call shows.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery

from arrears.refusal import Refused
from arrears.work.models import Account, Attachment, Complaint, Contact
from arrears.work.own_choices import whole_numbers
from arrears.work.quality.draw import Drawable

FRAME_MOST = 200_000
OWN = {"complaint_days": 30, "new_staff_days": 90, "long_recording_bytes": 3_000_000, "dispute_days": 15, "size_most": 2_000}
"""The operator's own choices, where home/settings.yaml says nothing under quality."""
RECORDING_AFTER, RECORDING_BEFORE = timedelta(hours=2), timedelta(minutes=10)
"""A recording of the case made so long after, or before, a contact began is taken as its own."""
_STRATUM = {"collector": "made_by__collector__roster_name", "team": "made_by__collector__team__code", "channel": "channel"}
_VERDICTS = {"deny": 3, "review": 3, "warn": 1}


def own_choices(home: Path) -> dict[str, int]:
    """OWN as the operator has it. Raises Refused or BadYaml."""
    return whole_numbers(home, "quality", OWN, 1 << 40)


def drawables(rows: QuerySet[Contact], by: str | None, is_weighed: bool, home: Path) -> list[Drawable]:
    """The rows of a frame, made ready. by: collector, team or channel; is_weighed: their weights are told. In a fixed number of queries. Raises Refused beyond FRAME_MOST."""
    column = _STRATUM[by] if by else "channel"
    told = list(rows.filter(case__frozen_at=None).order_by().values_list("id", "case", "attempted_at", "made_by", "verdict", column)[:FRAME_MOST + 1])
    if len(told) > FRAME_MOST:
        raise Refused(f"the frame holds more than {FRAME_MOST} contacts; choose fewer days or a narrower filter, and draw several samples",
                      f"抽样范围超过 {FRAME_MOST} 条联系；请缩短日期或收窄条件，分次抽样")
    weights = _weights(rows.model, told, own_choices(home)) if is_weighed and told else {}
    return [Drawable(key, str(stratum or "-") if by else "", weights.get(key, 1)) for key, _, _, _, _, stratum in told]


def recording_of(contact: Contact) -> Attachment | None:
    """The recording taken as the contact's own: of its case, the first made from a little before it to some time after; its content is not read."""
    made = Attachment.objects.filter(case=contact.case_id, kind="recording", destroyed_at=None, made_at__gte=contact.attempted_at - RECORDING_BEFORE, made_at__lte=contact.attempted_at + RECORDING_AFTER)
    return made.defer("content_sealed").order_by("made_at", "id").first()


def _weights(model: type[Contact], told: list[tuple], own: dict[str, int]) -> dict:
    first, last = min(row[2] for row in told), max(row[2] for row in told)
    complaints = _moments(Complaint.objects.filter(raised_at__gte=first, raised_at__lte=last + timedelta(days=own["complaint_days"])).values_list("case", "raised_at"))
    recordings = _moments(Attachment.objects.filter(kind="recording", size_bytes__gte=own["long_recording_bytes"], made_at__gte=first - RECORDING_BEFORE, made_at__lte=last + RECORDING_AFTER)
                          .values_list("case", "made_at"))
    earliest = model.objects.filter(made_by=OuterRef("pk")).order_by("attempted_at").values("attempted_at")[:1]
    began = dict(Account.objects.filter(Q(pk__in={row[3] for row in told if row[3]})).annotate(began=Min(Subquery(earliest))).values_list("pk", "began"))
    weights = {}
    for key, case, at, maker, verdict, _ in told:
        weight = 1 + _VERDICTS.get(verdict, 0)
        weight += 4 * any(at <= raised <= at + timedelta(days=own["complaint_days"]) for raised in complaints.get(case, ()))
        weight += 2 * any(at - RECORDING_BEFORE <= made <= at + RECORDING_AFTER for made in recordings.get(case, ()))
        weight += 2 * (began.get(maker) is not None and at - began[maker] <= timedelta(days=own["new_staff_days"]))
        weights[key] = weight
    return weights


def _moments(rows) -> dict[object, list[datetime]]:
    found: dict[object, list[datetime]] = defaultdict(list)
    for case, at in rows:
        found[case].append(at)
    return found
