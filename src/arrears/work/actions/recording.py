"""What the decision plane did, put into the record as leaves, once each; and the leaf that says what a restored backup lost."""

import secrets
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from uuid import uuid4

from django.db import connection

from arrears.days import moment_of
from arrears.record.happening import Happening
from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action, perform
from arrears.work.actor import system
from arrears.work.entry_leaf import canonical, moment_text
from arrears.work.models import Leaf, Lender
from arrears.work.tenancy import seen_by

COLLECT, RESUME = "record.collect", "record.resume"
KINDS = ("night", "load", "release_model", "release_strategy", "law_pack")
_ADD = """INSERT INTO work_leaf (id, lender, kind, entry_id, source, at, content, salt)
SELECT r.id, %(lender)s, r.kind, %(entry)s, r.source, r.at, r.content, r.salt
FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(sources)s::text[], %(ats)s::timestamptz[], %(contents)s::text[], %(salts)s::bytea[]) AS r(id, kind, source, at, content, salt)
WHERE NOT EXISTS (SELECT FROM work_leaf l WHERE l.lender = %(lender)s AND l.source = r.source) RETURNING kind"""


@action(COLLECT, on="lender", personal=("happenings",))
def collect_happenings(doing: Doing, lender: Lender, *, happenings: list[Happening]) -> dict:
    """Each happening that the record does not hold yet has its leaf; how many of each kind. Raises Refused for a kind that is none, or a content that says another kind, lender, source or moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"arrears {COLLECT} {lender.code}"])
        once = {one.source: one for one in happenings}
        if strange := next((one for one in once.values() if one.kind not in KINDS or {"kind", "lender", "source", "at"} & set(one.content) or not 0 < len(one.source) <= 200), None):
            raise Refused(f"{strange.source[:80]!r}: nothing that the record takes from the decision plane (kind {strange.kind!r}); nothing was put down", f"{strange.source[:80]!r}：不是存证从决策侧接收的内容（种类 {strange.kind!r}）；未写入任何内容")
        rows = [(uuid4(), one.kind, one.source, moment_of(one.at), _content(lender.code, one), secrets.token_bytes(32)) for one in once.values()]
        ids, kinds, sources, ats, contents, salts = (list(column) for column in zip(*rows, strict=True)) if rows else ([] for _ in range(6))
        cursor.execute(_ADD, {"lender": lender.code, "entry": doing.entry, "ids": ids, "kinds": kinds, "sources": sources, "ats": ats, "contents": contents, "salts": salts})
        return dict(sorted(Counter(kind for (kind,) in cursor.fetchall()).items()))


def collect(lender: str, happenings: Iterable[Happening], now: int) -> dict[str, int]:
    """How many happenings of each kind were put down just now; {} and no Entry where the record holds all of them. now: microseconds UTC. Raises Refused."""
    given = {one.source: one for one in happenings}
    with seen_by(system(lender)):
        known = set(Leaf.objects.filter(lender=lender, source__in=list(given)).values_list("source", flat=True))
    new = [one for source, one in given.items() if source not in known]
    return perform(system(lender), COLLECT, {"happenings": new}, now) if new else {}


@action(RESUME, on="lender", personal=("commitments",), needs_reason=True)
def resume_record(doing: Doing, lender: Lender, *, first: int, commitments: bytes) -> dict:
    """The log's entries from `first` on, 32 bytes each, have their places, those that the database knows by their leaf and the others as lost; a leaf says so. Called by recording.resume alone."""
    gap, leaves = uuid4(), len(commitments) // 32
    source = f"gap/{first}-{first + leaves}"
    content = canonical({"kind": "gap", "lender": lender.code, "source": source, "at": moment_text(doing.now), "from": first, "leaves": leaves, "commitments": sha256(commitments).hexdigest()})
    Leaf.objects.create(id=gap, lender=lender.code, kind="gap", entry_id=doing.entry, source=source, at=doing.now, content=content, salt=secrets.token_bytes(32))
    with connection.cursor() as cursor:
        cursor.execute("SELECT known_here, lost FROM arrears_place_known(%s, %s, %s)", [first, commitments, gap])
        found, lost = cursor.fetchone()
    return {"gap": gap, "found": found, "lost": lost}


def _content(lender: str, one: Happening) -> str:
    return canonical({**one.content, "kind": one.kind, "lender": lender, "source": one.source, "at": moment_text(moment_of(one.at))})
