"""The oracle of the positions: one plain walk over every night, written as the specification reads.

It is slow and literal on purpose and shares nothing with the compiled walk: Python integers, exact fractions, one
night at a time. The numbers in the comments are the paragraphs of the specification of positions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Literal

Cap = Callable[[date], int | None] | Literal["none"]
"""The cap's rate in parts per million a year in force on a day (None: unknown), or "none": uncapped."""

BUCKETS = ((0, "M0"), (30, "M1"), (60, "M2"), (90, "M3"), (120, "M4"), (150, "M5"), (180, "M6"))
"""The most days past due that each bucket holds; beyond the last it is M6+."""

ONE_DAY = timedelta(days=1)


def position(
    loan: dict | list[dict],
    instalments: list[dict],
    payments: list[dict],
    adjustments: list[dict],
    cap: Cap,
    as_of: date,
    known_at: datetime | None,
) -> dict | None:
    """The loan's position at the end of as_of, as known at known_at; None if it is not visible or not disbursed.

    The rows may be those of the whole book, every version of each: which of them are seen, and which are this
    loan's, is decided here. A payment that a later version moved to another loan has to be passed with both versions.
    """
    versions = loan if isinstance(loan, list) else [loan]
    seen = list(latest(versions, "loan_id", known_at).values())
    if not seen:
        return None
    (contract,) = seen
    loan_id = contract["loan_id"]
    return _position_of_seen(
        contract,
        schedule([row for row in instalments if row["loan_id"] == loan_id], known_at),
        [row for row in latest(payments, "payment_id", known_at).values() if row["loan_id"] == loan_id],
        [row for row in latest(adjustments, "adjustment_id", known_at).values() if row["loan_id"] == loan_id],
        cap,
        as_of,
    )


def positions(book: dict, cap_of: Callable[[dict], Cap], as_of: date, known_at: datetime | None) -> list[dict]:
    """The positions of a whole book, ordered by loan_id: what `position` gives for each loan, without reading it anew.

    `cap_of` gives the cap of one visible loan row.
    """
    rows_of: dict[str, dict[str, list[dict]]] = {}
    for loan_id in latest(book["loans"], "loan_id", known_at):
        rows_of[loan_id] = {"instalments": [], "payments": [], "adjustments": []}
    for row in book["instalments"]:
        if row["loan_id"] in rows_of:
            rows_of[row["loan_id"]]["instalments"].append(row)
    for table, key in (("payments", "payment_id"), ("adjustments", "adjustment_id")):
        for row in latest(book[table], key, known_at).values():
            rows_of[row["loan_id"]][table].append(row)
    found = []
    for loan_id, contract in sorted(latest(book["loans"], "loan_id", known_at).items()):
        rows = rows_of[loan_id]
        scheduled = schedule(rows["instalments"], known_at)
        found.append(
            _position_of_seen(contract, scheduled, rows["payments"], rows["adjustments"], cap_of(contract), as_of)
        )
    return [row for row in found if row is not None]


def is_visible(row: dict, known_at: datetime | None) -> bool:
    """The row was recorded by known_at; a row without a moment always counts (1)."""
    recorded_at = row.get("recorded_at")
    return recorded_at is None or known_at is None or recorded_at <= known_at


def recorded(row: dict) -> datetime:
    """The row's moment for ordering; a row without one is the earliest of its key."""
    return row.get("recorded_at") or datetime.min.replace(tzinfo=UTC)


def latest(rows: list[dict], key: str, known_at: datetime | None) -> dict:
    """The visible row of each key: the one recorded last (Inputs)."""
    chosen: dict = {}
    for row in rows:
        if is_visible(row, known_at) and (row[key] not in chosen or recorded(row) > recorded(chosen[row[key]])):
            chosen[row[key]] = row
    return chosen


def schedule(rows: list[dict], known_at: datetime | None) -> list[dict]:
    """One loan's schedule: all rows of its latest visible moment and none of an earlier one (Inputs)."""
    visible = [row for row in rows if is_visible(row, known_at)]
    if not visible:
        return []
    moment = max(recorded(row) for row in visible)
    return list({row["number"]: row for row in visible if recorded(row) == moment}.values())


def round_half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


@dataclass
class _Instalment:
    """One instalment on its way through the days."""

    number: int
    due_on: date
    owed: dict[str, int]
    unpaid: dict[str, int]
    is_due: bool = False
    late_days: int = 0
    numerator: int = 0
    penalty_settled: int = 0
    is_wiped: bool = False

    def is_settled(self) -> bool:
        return self.unpaid["fee"] == 0 and self.unpaid["interest"] == 0 and self.unpaid["principal"] == 0


class _Walk:
    """One loan between its first day and as_of, lived day by day and night by night."""

    def __init__(self, contract: dict, scheduled: list[dict], payments: list[dict], adjustments: list[dict]):
        self.contract = contract
        self.payments = payments
        self.adjustments = adjustments
        self.instalments = []
        for row in scheduled:
            owed = {part: row[f"{part}_minor"] for part in ("fee", "interest", "principal")}
            self.instalments.append(_Instalment(row["number"], row["due_on"], owed, dict(owed)))
        self.paid = self.unallocated = self.repaid = self.waived = 0

    def due(self) -> list[_Instalment]:
        """The instalments already due, oldest first: by due_on, then number (12)."""
        fallen = [instalment for instalment in self.instalments if instalment.is_due]
        return sorted(fallen, key=lambda instalment: (instalment.due_on, instalment.number))

    def penalty_charged(self, instalment: _Instalment) -> int:
        """All penalty charged on the instalment so far, paid and waived included; none in grace or wiped (9, 11)."""
        if instalment.late_days <= self.contract["grace_days"] or instalment.is_wiped:
            return 0
        return round_half_up(Fraction(instalment.numerator, self.contract["day_count"] * 1_000_000))

    def unpaid(self, instalment: _Instalment, part: str) -> int:
        if part == "penalty":
            return self.penalty_charged(instalment) - instalment.penalty_settled
        return instalment.unpaid[part]

    def settle(self, instalment: _Instalment, part: str, most: int) -> int:
        """Takes up to `most` off one unpaid part and returns what was taken."""
        taken = min(most, self.unpaid(instalment, part))
        if part == "penalty":
            instalment.penalty_settled += taken
        else:
            instalment.unpaid[part] -= taken
        return taken

    def spread(self, money: int) -> int:
        """Settles due instalments in the waterfall's order and returns what is left (12)."""
        order = self.contract["waterfall_order"].split(",")
        if self.contract["waterfall_scope"] == "instalment":
            turns = [(instalment, part) for instalment in self.due() for part in order]
        else:
            turns = [(instalment, part) for part in order for instalment in self.due()]
        for instalment, part in turns:
            taken = self.settle(instalment, part, money)
            money -= taken
            if part == "principal":
                self.repaid += taken
        return money

    def is_paused(self, night: date) -> bool:
        """Some pause holds for the night that begins on this day; several count once (7)."""
        return any(
            row["kind"] == "pause" and row["effective_on"] <= night < row["until_on"] for row in self.adjustments
        )

    def live_day(self, day: date) -> None:
        """Everything that happens on one day, in the order of (3)."""
        # 3a: instalments fall due.
        fell_due = False
        for instalment in self.instalments:
            if not instalment.is_due and instalment.due_on == day:
                instalment.is_due = fell_due = True
        # 3b: adjustments in order of adjustment_id.
        todays = [row for row in self.adjustments if row["effective_on"] == day]
        for row in sorted(todays, key=lambda row: row["adjustment_id"]):
            if row["kind"] == "accelerate":
                fell_due = self.accelerate(day) or fell_due
            elif row["kind"].startswith("waive_"):
                self.waive(row)
        # 3c: if anything fell due, unallocated money is spread like a payment.
        if fell_due:
            self.unallocated = self.spread(self.unallocated)
        # 3d: payments in order of payment_id; 13: what is left stays unallocated.
        for row in sorted(self.payments, key=lambda row: row["payment_id"]):
            if row["paid_on"] == day:
                self.paid += row["amount_minor"]
                self.unallocated += self.spread(row["amount_minor"])
        # 9: what is settled within its grace was on time, and its penalty is wiped.
        for instalment in self.due():
            if instalment.is_settled() and instalment.late_days <= self.contract["grace_days"]:
                instalment.is_wiped = True

    def accelerate(self, day: date) -> bool:
        """Every instalment not yet due falls due today with its principal alone (8); whether there was any."""
        any_fell = False
        for instalment in self.instalments:
            if not instalment.is_due:
                instalment.is_due = any_fell = True
                instalment.due_on = day
                for part in ("fee", "interest"):
                    instalment.owed[part] = instalment.unpaid[part] = 0
        return any_fell

    def waive(self, row: dict) -> None:
        """Takes the waived amount off the part of the numbered due instalment, or of the oldest ones (6)."""
        part = row["kind"].removeprefix("waive_")
        left = row["amount_minor"]
        for instalment in self.due():
            if row["number"] is None or row["number"] == instalment.number:
                taken = self.settle(instalment, part, self.unpaid(instalment, part) if left is None else left)
                self.waived += taken
                left = None if left is None else left - taken

    def pass_night(self, night: date) -> None:
        """The night that begins on this day, on the balances at its end (5, 7, 10)."""
        if self.is_paused(night):
            return
        for instalment in self.due():
            # 5: a night that is not paused is one late day more from tomorrow on.
            instalment.late_days += 1
            # 10, 11: the numerator grows by base times rate, from the night of the due date itself.
            bearing = instalment.unpaid["principal"]
            if self.contract["penalty_on_interest"]:
                bearing += instalment.unpaid["interest"]
            instalment.numerator += bearing * self.contract["penalty_rate_ppm"]


def _position_of_seen(
    contract: dict, scheduled: list[dict], payments: list[dict], adjustments: list[dict], cap: Cap, as_of: date
) -> dict | None:
    if contract["disbursed_on"] > as_of:
        return None
    walk = _Walk(contract, scheduled, _that_count(payments, as_of), adjustments)
    days = [contract["disbursed_on"]]
    days += [row["due_on"] for row in scheduled] + [row["effective_on"] for row in adjustments]
    day = min(days)
    lawful_numerator = 0
    cap_is_known = True
    while True:
        walk.live_day(day)
        if day == as_of:
            break
        # 15: each night from disbursement up to, not including, as_of, on the principal outstanding at its beginning.
        if cap != "none" and day >= contract["disbursed_on"]:
            rate = cap(day)
            if rate is None:
                cap_is_known = False
            else:
                lawful_numerator += (contract["principal_minor"] - walk.repaid) * rate
        walk.pass_night(day)
        day += ONE_DAY
    lawful = None
    if cap != "none" and cap_is_known:
        lawful = round_half_up(Fraction(lawful_numerator, 365 * 1_000_000))
    return _row(walk, cap, lawful, as_of)


def _that_count(payments: list[dict], as_of: date) -> list[dict]:
    """The payments that count: no reversal rows, and none that a reversal has named by as_of (4)."""
    reversed_ids = {row["reverses"] for row in payments if row["reverses"] is not None and row["paid_on"] <= as_of}
    return [row for row in payments if row["reverses"] is None and row["payment_id"] not in reversed_ids]


def _row(walk: _Walk, cap: Cap, lawful: int | None, as_of: date) -> dict:
    """The output row of a walk that has reached as_of (Output)."""
    due = walk.due()
    shown = {
        part: sum(walk.unpaid(instalment, part) for instalment in due)
        for part in ("principal", "interest", "fee", "penalty")
    }
    due_total = sum(shown.values())
    charges = shown["interest"] + shown["fee"] + shown["penalty"]
    excess, overpaid = _beyond_cap(walk, cap, lawful, charges)
    oldest = next((instalment for instalment in due if not instalment.is_settled()), None)
    days_past_due = 0
    if oldest is not None and oldest.late_days > walk.contract["grace_days"]:  # 9: in grace it gives none.
        days_past_due = oldest.late_days
    ahead = [instalment for instalment in walk.instalments if not instalment.is_due]
    next_due_on = min((instalment.due_on for instalment in ahead), default=None)
    next_sums = [sum(instalment.owed.values()) for instalment in ahead if instalment.due_on == next_due_on]
    return {
        "loan_id": walk.contract["loan_id"],
        "as_of": as_of,
        "days_past_due": days_past_due,
        "bucket": bucket(days_past_due),
        "oldest_due_on": None if oldest is None else oldest.due_on,
        "due_principal_minor": shown["principal"],
        "due_interest_minor": shown["interest"],
        "due_fee_minor": shown["fee"],
        "penalty_minor": shown["penalty"],
        "due_total_minor": due_total,
        "outstanding_principal_minor": walk.contract["principal_minor"] - walk.repaid,
        "unallocated_minor": walk.unallocated,
        "paid_minor": walk.paid,
        "lawful_charges_minor": lawful,
        "excess_minor": excess,
        "overpaid_charges_minor": overpaid,
        "cap_is_known": cap == "none" or lawful is not None,
        "claimable_minor": due_total - excess,  # 18
        "next_due_on": next_due_on,
        "next_due_minor": sum(next_sums) if ahead else None,
        "asset_class": asset_class(days_past_due, walk.contract.get("restructured_on"), as_of),
    }


def _beyond_cap(walk: _Walk, cap: Cap, lawful: int | None, charges: int) -> tuple[int, int]:
    """excess_minor and overpaid_charges_minor (16, 17)."""
    if cap == "none":
        return 0, 0
    if lawful is None:
        return charges, 0
    claimed = -walk.waived
    for instalment in walk.due():
        claimed += instalment.owed["interest"] + instalment.owed["fee"] + walk.penalty_charged(instalment)
    over = max(0, claimed - lawful)
    excess = min(over, charges)
    return excess, over - excess


def bucket(days_past_due: int) -> str:
    return next((name for most, name in BUCKETS if days_past_due <= most), "M6+")


def asset_class(days_past_due: int, restructured_on: date | None, as_of: date) -> str:
    """The class by days past due; at least 关注 while `as_of - restructured_on <= 365`, read literally (Output)."""
    for beyond, name in ((360, "损失"), (270, "可疑"), (90, "次级"), (0, "关注")):
        if days_past_due > beyond:
            return name
    if restructured_on is not None and (as_of - restructured_on).days <= 365:
        return "关注"
    return "正常"
