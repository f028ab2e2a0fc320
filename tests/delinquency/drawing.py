"""Random books of loans, drawn with any dice: Hypothesis throws small ones, a seeded generator throws them in bulk.

Every book is valid at each moment at which it can be known: whatever `known_at` is, the visible rows add up, name
rows that are visible too, and would be loaded. Days and ids are drawn close together, so that things collide.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from arrears.tables.adjustments import KINDS
from arrears.tables.loans import ORDERS, REGIMES, SCOPES
from arrears.tables.table import AMOUNT_MAX_MINOR, RATE_MAX_PPM

Roll = Callable[[int, int], int]
"""One throw: a whole number between two bounds, both included; the lower one is the plainest."""

UNDATED = -1
"""The rank of a row without `recorded_at`: earlier than every moment."""

TERMS = (
    "borrower_id", "annual_rate_ppm", "penalty_rate_ppm", "day_count", "grace_days", "waterfall_scope",
    "waterfall_order", "penalty_on_interest", "disbursed_on", "regime", "filed_on", "restructured_on",
)
"""What a later version of a loan may change without touching its schedule."""

ANCHORS = (
    date(2026, 3, 14), date(2015, 12, 31), date(2016, 2, 29), date(2019, 8, 20), date(2020, 8, 20), date(2021, 1, 1),
    date(2022, 6, 30), date(2024, 2, 29), date(2025, 10, 1), date(2026, 12, 31),
)
"""Days near which business dates are drawn: leap days, turns of the year, changes of the law."""

HALF_A_NIGHT_PPM = 180_000_000
"""At 360 days a year every night bears half its base, so that an odd base stands on the half exactly."""

FILINGS = (date(2020, 8, 19), date(2020, 8, 20), date(2020, 8, 21), date(2021, 1, 1))


@dataclass
class LoanStory:
    """What the other tables have to know of a drawn loan."""

    loan_id: str
    first_rank: int
    disbursed_latest: date
    grace_days: int
    principal_minor: int
    versions: list[dict]
    instalments: list[dict] = field(default_factory=list)


def draw_book(roll: Roll, loans: int) -> dict:
    """A book: lists of rows under the names of the tables, and one `as_of` and `known_at` (or None) to ask it at."""
    as_of = min(choose(roll, ANCHORS) + timedelta(roll(-40, 400)), date(2027, 6, 30))
    stories = [_draw_loan(roll, f"L{8 + index}", as_of, loans) for index in range(loans)]
    payments: list[dict] = []
    adjustments: list[dict] = []
    for story in stories:
        payments += _draw_payments(roll, story, stories, as_of)
        adjustments += _draw_adjustments(roll, story, stories, as_of)
    tables = {
        "loans": [version for story in stories for version in story.versions],
        "instalments": [row for story in stories for row in story.instalments],
        "payments": payments,
        "adjustments": adjustments,
    }
    order = Random(roll(0, 2**16))
    book: dict = {}
    for name, rows in tables.items():
        if rows and one_in(roll, 4):
            rows = [*rows, dict(choose(roll, rows))]  # An identical row twice is one row.
        book[name] = order.sample([_dated(row, as_of) for row in rows], len(rows))
    known_at = None
    if one_in(roll, 2):
        known_at = _moment(as_of, roll(0, 9)) - timedelta(microseconds=roll(0, 1))
    return {**book, "as_of": as_of, "known_at": known_at}


def choose(roll: Roll, options: Sequence):
    return options[roll(0, len(options) - 1)]


def one_in(roll: Roll, times: int) -> bool:
    return roll(0, times - 1) == times - 1


def _moment(as_of: date, rank: int) -> datetime:
    return datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) + timedelta(hours=rank)


def _dated(row: dict, as_of: date) -> dict:
    """The row with its rank turned into `recorded_at`."""
    plain = {name: value for name, value in row.items() if name != "rank"}
    return {**plain, "recorded_at": None if row["rank"] == UNDATED else _moment(as_of, row["rank"])}


def _ranks(roll: Roll, first: int) -> list[int]:
    """The moments of one key's versions, ascending from the first."""
    ranks = [first]
    for _ in range(choose(roll, (0, 0, 0, 1, 1, 2))):
        ranks.append(ranks[-1] + roll(1, 3))
    return ranks


def _rank_from(roll: Roll, least: int) -> int:
    """A rank at or after `least`, mostly early."""
    return max(least, choose(roll, (UNDATED, UNDATED, 0, 1, 2, 4, 6)))


def _draw_loan(roll: Roll, loan_id: str, as_of: date, loans: int) -> LoanStory:
    first_rank = choose(roll, (UNDATED, UNDATED, UNDATED, 0, 3))
    loan_ranks, schedule_ranks = _ranks(roll, first_rank), _ranks(roll, first_rank)
    scale = choose(roll, (1_000_000, 1_000_000, 30, AMOUNT_MAX_MINOR))
    principal = _draw_principal(roll, scale)
    terms = _draw_terms(roll, as_of, loans)
    story = LoanStory(loan_id, first_rank, terms["disbursed_on"], terms["grace_days"], principal, [])
    scheduled: list[dict] = []
    for rank in sorted({*loan_ranks, *schedule_ranks}):
        # The principal may change only where the loan and its schedule change at the same moment.
        is_same = True
        if rank > first_rank and rank in loan_ranks and rank in schedule_ranks and one_in(roll, 2):
            principal, is_same = _draw_principal(roll, scale), False
        if rank in loan_ranks:
            if rank > first_rank:
                fresh = _draw_terms(roll, as_of, loans, terms["disbursed_on"])
                changed = {choose(roll, TERMS) for _ in range(roll(1, 4))}
                terms = {**terms, **{name: fresh[name] for name in changed}}
            story.disbursed_latest = max(story.disbursed_latest, terms["disbursed_on"])
            fixed = {"loan_id": loan_id, "product": "quick", "currency": "CNY", "principal_minor": principal}
            story.versions.append({**fixed, **terms, "rank": rank})
        if rank in schedule_ranks:
            if scheduled and is_same and one_in(roll, 2):
                scheduled = _deferred(roll, scheduled)
            else:
                scheduled = _draw_schedule(roll, principal, terms["disbursed_on"], rank == first_rank)
                scheduled = _at_the_edge_of_grace(roll, scheduled, terms, as_of)
            story.instalments += [{"loan_id": loan_id, **row, "rank": rank} for row in scheduled]
    return story


def _draw_principal(roll: Roll, scale: int) -> int:
    if scale == AMOUNT_MAX_MINOR:
        return scale - choose(roll, (0, 1, roll(0, 9 * 10**12)))
    return 0 if one_in(roll, 12) else choose(roll, (roll(1, scale), scale))


def _draw_terms(roll: Roll, as_of: date, loans: int, disbursed_on: date | None = None) -> dict:
    """The terms of one version of a loan; a later version's disbursement stays near the earlier one's."""
    if disbursed_on is None:
        back = choose(roll, (roll(0, 60), roll(0, 400), roll(0, 400), roll(0, 400)))
        if one_in(roll, 12):
            back = choose(roll, (roll(-3, 0), roll(400, 2200)))
        disbursed_on = max(as_of - timedelta(back), date(2015, 1, 1))
    else:
        disbursed_on += timedelta(roll(-3, 10))
    filed_on = restructured_on = None
    if one_in(roll, 3):
        near = (disbursed_on + timedelta(roll(0, 400)), as_of + timedelta(roll(-3, 3)), choose(roll, FILINGS))
        filed_on = max(disbursed_on, choose(roll, near))
    if one_in(roll, 4):
        restructured_on = as_of - timedelta(choose(roll, (365, 366, roll(-5, 5), roll(0, 800))))
    return {
        "borrower_id": f"B{roll(1, max(1, (loans + 1) // 2))}",
        "annual_rate_ppm": roll(0, 360_000),
        "penalty_rate_ppm": choose(roll, (216_000, 0, 1, roll(1, 1_000_000), HALF_A_NIGHT_PPM, RATE_MAX_PPM)),
        "day_count": choose(roll, (360, 365)),
        "grace_days": choose(roll, (0, 0, 3, roll(1, 10))),
        "waterfall_scope": choose(roll, SCOPES),
        "waterfall_order": choose(roll, ORDERS),
        "penalty_on_interest": one_in(roll, 2),
        "disbursed_on": disbursed_on,
        "regime": choose(roll, REGIMES),
        "filed_on": filed_on,
        "restructured_on": restructured_on,
    }


def _draw_schedule(roll: Roll, principal: int, disbursed_on: date, is_first: bool) -> list[dict]:
    """Instalments whose principal adds up; their numbers do not follow their due dates, which may coincide."""
    count = roll(0 if principal == 0 and is_first else 1, 6)
    if one_in(roll, 2):
        cuts = sorted(roll(0, principal) for _ in range(count - 1))
    else:
        cuts = [principal * index // count for index in range(1, count)]
    numbers = list(range(1, count + 1))
    if one_in(roll, 3):
        numbers = Random(roll(0, 2**16)).sample(range(-2, 13), count)
    due_on = disbursed_on + timedelta(choose(roll, (30, 30, 0, roll(-5, 10))))
    rows = []
    for number, start, end in zip(numbers, [0, *cuts], [*cuts, principal], strict=False):
        share = end - start
        rows.append({
            "number": number,
            "due_on": due_on,
            "principal_minor": share,
            "interest_minor": choose(roll, (share // 20, share // 20, 0, 1, roll(0, principal), principal)),
            "fee_minor": choose(roll, (0, 0, 1, share // 100, roll(0, principal))),
        })
        due_on += timedelta(choose(roll, (30, 31, 0, 1, roll(0, 7), roll(0, 60))))
    return rows


def _at_the_edge_of_grace(roll: Roll, scheduled: list[dict], terms: dict, as_of: date) -> list[dict]:
    """Now and then the same schedule moved, so that on as_of some instalment is on its last day of grace."""
    if not scheduled or not one_in(roll, 3):
        return scheduled
    edge = as_of - timedelta(terms["grace_days"] + roll(0, 1))
    days = edge - choose(roll, scheduled)["due_on"]
    if scheduled[0]["due_on"] + days < terms["disbursed_on"] - timedelta(10):
        return scheduled
    return [{**row, "due_on": row["due_on"] + days} for row in scheduled]


def _deferred(roll: Roll, scheduled: list[dict]) -> list[dict]:
    """The same schedule with some instalments put off (or brought forward)."""
    days = timedelta(roll(-5, 40))
    after = choose(roll, scheduled)["due_on"]
    return [{**row, "due_on": row["due_on"] + days if row["due_on"] >= after else row["due_on"]} for row in scheduled]


def _draw_day(roll: Roll, story: LoanStory, as_of: date) -> date:
    """A day close to something that happens to the loan, often on the very day."""
    landmarks = [row["due_on"] for row in story.instalments] + [story.disbursed_latest, as_of]
    apart = (0, 0, 1, story.grace_days, story.grace_days + 1, roll(-3, 15), roll(-20, 60))
    return choose(roll, landmarks) + timedelta(choose(roll, apart))


def _draw_amount(roll: Roll, story: LoanStory) -> int:
    """Money of a size that means something to the loan; may be 0."""
    row = choose(roll, story.instalments) if story.instalments else {}
    parts = [row.get(f"{part}_minor", 0) for part in ("principal", "interest", "fee")]
    amount = choose(roll, (
        sum(parts), sum(parts), parts[0], parts[1], roll(0, max(1, sum(parts))), roll(0, max(1, story.principal_minor)),
        2 * sum(parts), sum(parts) + 1, roll(0, 100), story.principal_minor,
    ))
    return min(amount, AMOUNT_MAX_MINOR)


def _draw_payments(roll: Roll, story: LoanStory, stories: list[LoanStory], as_of: date) -> list[dict]:
    """The loan's payments, versions and reversals; ids count on from 8, so that P10 comes before P9 as text."""
    histories: list[list[dict]] = []
    for number in range(8, 8 + choose(roll, (0, 1, 2, 3, 4, 6, 8))):
        histories.append(_draw_payment(roll, f"{story.loan_id}-P{number}", story, stories, as_of))
    rows = [row for history in histories for row in history]
    for number in range(choose(roll, (0, 0, 1, 2)) if histories else 0):
        rows += _draw_reversal(roll, f"{story.loan_id}-R{number}", choose(roll, histories), story, stories, as_of)
    return rows


def _draw_payment(
    roll: Roll, payment_id: str, story: LoanStory, stories: list[LoanStory], as_of: date
) -> list[dict]:
    """One payment's versions: a later one may correct its amount or day, or move it to another loan."""
    rows: list[dict] = []
    home = story
    for rank in _ranks(roll, _rank_from(roll, story.first_rank)):
        if rows and one_in(roll, 3):
            home = choose(roll, [other for other in stories if other.first_rank <= rank])
        meant_for = choose(roll, home.instalments) if home.instalments and one_in(roll, 3) else None
        if meant_for is not None:
            paid_on = meant_for["due_on"] + timedelta(choose(roll, (0, home.grace_days, home.grace_days + 1)))
            amount = sum(meant_for[f"{part}_minor"] for part in ("principal", "interest", "fee"))
        elif rows and one_in(roll, 2):
            paid_on, amount = rows[-1]["paid_on"], rows[-1]["amount_minor"]
        else:
            paid_on, amount = _draw_day(roll, home, as_of), _draw_amount(roll, home)
        rows.append({
            "payment_id": payment_id,
            "loan_id": home.loan_id,
            "paid_on": max(paid_on, home.disbursed_latest),
            "amount_minor": min(max(1, amount), AMOUNT_MAX_MINOR),
            "reverses": None,
            "rank": rank,
        })
    return rows


def _draw_reversal(
    roll: Roll, payment_id: str, target: list[dict], story: LoanStory, stories: list[LoanStory], as_of: date
) -> list[dict]:
    """A row that takes the target back, and follows it when it moves; its last version may think better of it."""
    first = _rank_from(roll, target[0]["rank"])
    disbursed = {other.loan_id: other.disbursed_latest for other in stories}
    near = [target[-1]["paid_on"] + timedelta(roll(-1, 5)), as_of + timedelta(roll(-2, 2)), as_of]
    paid_on = choose(roll, near)
    amount = choose(roll, (target[0]["amount_minor"], 1 + _draw_amount(roll, story) // 2))
    ranks = [first] + [row["rank"] for row in target if row["rank"] > first]
    rows = []
    for rank in ranks:
        loan_id = [row["loan_id"] for row in target if row["rank"] <= rank][-1]
        rows.append({
            "payment_id": payment_id, "loan_id": loan_id, "paid_on": max(paid_on, disbursed[loan_id]),
            "amount_minor": amount, "reverses": target[0]["payment_id"], "rank": rank,
        })
    if one_in(roll, 4):
        later = roll(1, 3)
        changed = choose(roll, ({"reverses": None}, {"paid_on": max(as_of + timedelta(1), disbursed[loan_id])}))
        rows.append({**rows[-1], **changed, "rank": rows[-1]["rank"] + later})
    return rows


def _draw_adjustments(roll: Roll, story: LoanStory, stories: list[LoanStory], as_of: date) -> list[dict]:
    """The loan's adjustments, some of one kind on one day; ids count on from 8, so that A10 comes before A9 as text."""
    rows: list[dict] = []
    kinds = (*KINDS, "waive_penalty", "pause", "accelerate")
    kind = effective_on = None
    for number in range(8, 8 + choose(roll, (0, 0, 1, 2, 3, 5))):
        home = story
        for version, rank in enumerate(_ranks(roll, _rank_from(roll, story.first_rank))):
            if version > 0 and one_in(roll, 6):
                home = choose(roll, [other for other in stories if other.first_rank <= rank])
            if effective_on is None or not one_in(roll, 2):
                effective_on = _draw_day(roll, home, as_of)
            if kind is None or not one_in(roll, 3):
                kind = choose(roll, kinds)
            drawn = _draw_adjustment(roll, home, kind, effective_on)
            rows.append({"adjustment_id": f"{story.loan_id}-A{number}", **drawn, "rank": rank})
    if len(story.instalments) > 1 and one_in(roll, 3):
        rows += _draw_rivals(roll, story, as_of)
    return rows


def _draw_rivals(roll: Roll, story: LoanStory, as_of: date) -> list[dict]:
    """Two waivers of one part on one day, one of them of a single instalment: which runs first is seen in the sum."""
    part = choose(roll, ("fee", "interest", "penalty"))
    effective_on = min(as_of, max(row["due_on"] for row in story.instalments) + timedelta(roll(0, 12)))
    for_one = choose(roll, story.instalments)
    amount = for_one.get(f"{part}_minor", roll(1, 100_000))
    rows = []
    for number, instalment in ((99, for_one["number"]), (100, None)):
        rows.append({
            "adjustment_id": f"{story.loan_id}-A{number}",
            "loan_id": story.loan_id,
            "effective_on": effective_on,
            "kind": f"waive_{part}",
            "number": instalment,
            "amount_minor": amount,
            "until_on": None,
            "rank": story.first_rank,
        })
    return rows


def _draw_adjustment(roll: Roll, story: LoanStory, kind: str, effective_on: date) -> dict:
    """One version; number, amount and end are also drawn where its kind does not read them."""
    numbers = [row["number"] for row in story.instalments] + [99]
    is_ended = kind == "pause" or one_in(roll, 4)
    return {
        "loan_id": story.loan_id,
        "effective_on": effective_on,
        "kind": kind,
        "number": choose(roll, numbers) if one_in(roll, 2) else None,
        "amount_minor": _draw_amount(roll, story) if one_in(roll, 2) else None,
        "until_on": effective_on + timedelta(choose(roll, (1, 2, roll(1, 10), roll(1, 90)))) if is_ended else None,
    }
