"""The ledger of contacts: every attempt to reach anybody, with what the gate said of it, page by page in the order in which they were made."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from arrears.refusal import Refused
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.ledger_frame import Frame, before, contacts_of, places, until
from arrears.work.models import Collector, Contact, Team
from arrears.work.residuals import could, filter_for
from arrears.work.tenancy import seen_by, whole_lender

SIZE_MOST = 200
COUNTED_MOST = 1_000
"""So many are counted one by one; of more it is said about how many."""
COUNTED_OF_SOME = 200
"""So many for whoever sees some teams only: each contact is then asked of its case."""
LOOKED_MOST = 2_000
"""So many contacts of all teams a page looks through for whoever sees some teams only."""
_SAMPLED = 20_000
"""So many rows of the whole table are looked at for an estimate."""
_FROM = 'FROM "work_contact"'


@dataclass(frozen=True)
class ContactLine:
    """One contact. verdict, rules: what the gate said, None where nobody asked; collector, team: who made it, None for a machine."""

    id: UUID
    case: UUID
    borrower_id: str
    at: datetime
    channel: str
    direction: str
    relation: str
    outcome: str
    verdict: str | None
    rules: tuple[str, ...]
    collector: str | None
    team: str | None
    is_agency: bool
    loan_id: str | None


@dataclass(frozen=True)
class LedgerPage:
    """Some of the ledger. found: how many contacts the frame holds; is_estimate: about so many; is_more: more than so many; after: where the next page begins, None at the end.

    looked_until: the moment back to which was looked, where the page ended by LOOKED_MOST; None where it is full or the last.
    """

    lines: tuple[ContactLine, ...]
    found: int
    is_estimate: bool
    is_more: bool
    after: str | None
    looked_until: datetime | None = None


def ledger(actor: Actor, frame: Frame, after: str | None = None, size: int = 50) -> LedgerPage:
    """The contacts of the frame that the actor may see, the latest first; after: what an earlier page said. As many queries however many rows. Raises Refused for a place that is none.

    First the page's keys, from one index in its own order under row-level security alone; then those rows, as policy has them, with what stands beside them. In one statement
    PostgreSQL, which knows neither who asks nor what they see, would read everything and sort it. For whoever sees some teams only a page looks through LOOKED_MOST contacts of all
    teams at most, so that what is rare in theirs is not searched for through years in one go: it then ends early, and the next page goes on.
    """
    size = min(max(size, 1), SIZE_MOST)
    place = None if after is None else place_of(after)
    if not could(actor, "ledger.view", "Case").allowed:
        return LedgerPage((), 0, False, False, None)
    with seen_by(actor):
        rows = contacts_of(actor.lender, frame)
        here = rows if place is None else before(rows, frame, *place)
        edge, counted_until = _edge(here, frame, actor), _edge(rows, frame, actor) if place is not None else None
        counted = _counted(rows if not actor.broken_glass else seen(actor, frame), actor, frame, edge if place is None else counted_until)
        keys = list((here if edge is None else until(here, frame, *edge)).values_list("pk", "attempted_at")[:size + 1])
        found = {row.pk: row for row in Contact.objects.filter(filter_for(actor, "ledger.view", Contact), pk__in=[key for key, _ in keys[:size]]).select_related("case", "made_by__collector__team")}
    lines = tuple(line_of(found[key]) for key, _ in keys[:size] if key in found)
    if len(keys) > size:
        return LedgerPage(lines, *counted, told_place(*keys[size - 1]))
    return LedgerPage(lines, *counted, *((told_place(edge[1], edge[0]), edge[0]) if edge else (None, None)))


def _edge(rows: QuerySet[Contact], frame: Frame, actor: Actor) -> tuple[datetime, UUID] | None:
    """The place of the last of the LOOKED_MOST contacts that a page looks through; None where there are fewer, or the actor sees every team. One statement, along the index."""
    if actor.teams == ALL_TEAMS or actor.broken_glass:
        return None
    with whole_lender():
        return next(iter(rows.values_list(*places(frame))[LOOKED_MOST - 1:LOOKED_MOST]), None)


def seen(actor: Actor, frame: Frame) -> QuerySet[Contact]:
    """The contacts of the frame that policy shows the actor; within a transaction of theirs."""
    return contacts_of(actor.lender, frame).filter(filter_for(actor, "ledger.view", Contact))


def count_of(actor: Actor, frame: Frame) -> int:
    """How many contacts of the frame the actor may see, up to COUNTED_MOST + 1."""
    if not could(actor, "ledger.view", "Case").allowed:
        return 0
    with seen_by(actor):
        return (seen(actor, frame) if actor.broken_glass else contacts_of(actor.lender, frame)).order_by()[:COUNTED_MOST + 1].count()


def makers(actor: Actor) -> tuple[list[str], list[tuple[str, bool]]]:
    """Names of collectors, and codes of teams with whether each is an agency, for choosing among: those of the actor's own teams, or all."""
    with seen_by(actor):
        teams, people = Team.objects.filter(lender=actor.lender), Collector.objects.filter(lender=actor.lender)
        if actor.teams != ALL_TEAMS:
            teams, people = teams.filter(code__in=actor.teams), people.filter(team__code__in=actor.teams)
        return list(people.order_by("roster_name").values_list("roster_name", flat=True)), [(code, kind == "agency") for code, kind in teams.order_by("kind", "code").values_list("code", "kind")]


def line_of(row: Contact) -> ContactLine:
    """The contact as it is shown; case and who made it were read with it."""
    maker = row.made_by.collector if row.made_by_id and row.made_by.collector_id else None
    own = row.made_by.teams[0] if row.made_by_id and maker is None and row.made_by.teams and row.made_by.teams != list(ALL_TEAMS) else None
    return ContactLine(row.pk, row.case_id, row.case.borrower_id, row.attempted_at, row.channel, row.direction, row.relation, row.outcome, row.verdict, tuple(row.rules),
                       maker.roster_name if maker else row.made_by.name if row.made_by_id else None, maker.team.code if maker else own,
                       maker.team.kind == "agency" if maker else bool(row.made_by_id and "agency_worker" in row.made_by.roles), row.loan_id)


def place_of(text: str) -> tuple[datetime, UUID]:
    """The place that a page told. Raises Refused where it is none."""
    moment, _, key = text.partition("~")
    try:
        read, uuid = datetime.fromisoformat(moment), UUID(key)
    except ValueError:
        read = uuid = None
    if read is None or read.tzinfo is None:
        raise Refused("the page asked for is none; begin at the latest again", "没有这一页；请从最新一页重新开始")
    return read, uuid


def told_place(key: UUID, at: datetime) -> str:
    """The place of a contact, as the next page is asked for."""
    return f"{at.isoformat()}~{key}"


def _counted(rows: QuerySet[Contact], actor: Actor, frame: Frame, edge: tuple[datetime, UUID] | None) -> tuple[int, bool, bool]:
    """How many rows there are, whether that is an estimate, and whether there are more than that.

    Beyond that, for whoever sees every team, about how many: by a share of the table's pages, the same at every look, under the same rules of who sees what. For others it is
    only said that there are more, or may be: none is counted beyond the edge.
    """
    sees_all = actor.teams == ALL_TEAMS and not actor.broken_glass
    most = COUNTED_MOST if sees_all else COUNTED_OF_SOME
    found = (rows if edge is None else until(rows, frame, *edge)).order_by()[:most + 1].count()
    if found <= most:
        return found, False, edge is not None
    if not sees_all:
        return most, False, True
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'work_contact'::regclass")
        there = cursor.fetchone()[0]
        if there <= _SAMPLED:
            return rows.order_by().count(), False, False
        percent = 100 * _SAMPLED / there
        statement, given = rows.order_by().values("pk").query.sql_with_params()
        statement = statement.replace(_FROM, f"{_FROM} TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE (1)", 1)
        cursor.execute(f"SELECT count(*) FROM ({statement}) sampled", given)  # noqa: S608 - the ORM's own statement
        about = round(cursor.fetchone()[0] * 100 / percent)
    return max(_two_figures(about), found), True, False


def _two_figures(number: int) -> int:
    """An estimate says no more figures than it knows."""
    unit = 10 ** max(len(str(number)) - 2, 0)
    return round(number / unit) * unit


