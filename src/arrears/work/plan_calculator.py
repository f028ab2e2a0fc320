"""What a plan would be: its parts by day, what is given up, what is paid in all; and why one cannot be. Whole minor units; no clock, no database.

`reckon` refuses what law and strategy do not allow: nobody is asked for more than may be asked, principal stays owed, and no plan costs a fee or interest of its own.
Docs: docs/algorithms/plans.md. Source: spec positions 18; 民法典 201 to 203 for months; the bounds on what is offered are the strategy's.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from arrears.law.day_count import after_holidays, months_after
from arrears.money import PPM, in_major_units
from arrears.refusal import Refused

KINDS = ("instalments", "date_shift", "waiver", "settlement")
RHYTHMS = {"weekly": 7, "fortnightly": 14, "monthly": 0}
"""Days from one part to the next; 0: the same day of each month, or its last where it has none such."""
FIRST_DAYS_MOST = 31
"""The operator's own choice: so long after today the first part is due at the latest, where the strategy shifts no day further."""
FIRST_YEARS_MOST = 30
"""The operator's own choice: no first day lies further ahead, whoever would grant it; so every day of a plan is one of the calendar."""
GAP_DAYS_MOST = 45
"""The operator's own choice: the longest time between two parts; a month, and what holidays add to it."""
BEYOND = ("kind", "instalments", "shift_days", "gap_days", "penalty", "interest", "fee", "principal")
"""What of a plan can go further than the strategy's row."""


@dataclass(frozen=True)
class Owed:
    """What may be asked of one loan at a moment, and of which parts it is made. charges: interest, penalty and fee that may be asked, principal what remains of it."""

    currency: str
    claimable_minor: int
    penalty_minor: int
    interest_minor: int
    fee_minor: int
    principal_minor: int

    @property
    def charges_minor(self) -> int:
        """Of what may be asked, all but principal: so much could be given up without touching principal."""
        return max(0, self.claimable_minor - self.principal_minor)


@dataclass(frozen=True)
class Limits:
    """The most that may be offered for a loan: the strategy's row that fits, and why in words. Amounts in minor units; row None: nothing is known that could be offered."""

    row: str | None
    instalments_most: int = 0
    shift_days_most: int = 0
    penalty_most_minor: int = 0
    interest_most_minor: int = 0
    reason_zh: str = ""
    reason_en: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of plan of which something may be offered."""
        waives = self.penalty_most_minor + self.interest_most_minor > 0
        may = {"instalments": self.instalments_most > 1, "date_shift": self.shift_days_most > 0, "waiver": waives, "settlement": waives}
        return tuple(kind for kind in KINDS if may[kind])


@dataclass(frozen=True)
class Asked:
    """What somebody would like: number of parts, the first day, rhythm, a first part of its own size (0: all alike); or one day; what of penalty and interest is given up; the one sum of a settlement."""

    kind: str
    first_on: date
    number: int = 1
    rhythm: str = "monthly"
    first_part_minor: int = 0
    waived_penalty_minor: int = 0
    waived_interest_minor: int = 0
    settled_minor: int = 0
    business_days: bool = False


@dataclass(frozen=True)
class Part:
    """One part: the last day on which paying it is on time."""

    due_on: date
    amount_minor: int


@dataclass(frozen=True)
class Sheet:
    """A plan as it would be. paid_minor + waived = claimable, so nothing is left; beyond: what of it goes beyond the strategy's row; holidays_unknown: some day was not checked against holidays."""

    kind: str
    currency: str
    parts: tuple[Part, ...]
    claimable_minor: int
    waived_penalty_minor: int
    waived_interest_minor: int
    waived_fee_minor: int = 0
    waived_principal_minor: int = 0
    beyond: tuple[str, ...] = field(default=())
    holidays_unknown: bool = False

    @property
    def paid_minor(self) -> int:
        return sum(part.amount_minor for part in self.parts)

    @property
    def waived_minor(self) -> int:
        return self.waived_penalty_minor + self.waived_interest_minor + self.waived_fee_minor + self.waived_principal_minor


def most_of(ppm: int, minor: int) -> int:
    """The share of an amount, rounded down: never more than the share."""
    return minor * ppm // PPM


def shares(whole: int, number: int) -> list[int]:
    """So many parts that sum to the whole and differ by one at most, the larger ones first. Raises Refused where a part would be nothing.

    >>> shares(1000, 3)
    [334, 333, 333]
    """
    if number < 1 or whole < number:
        raise Refused(f"{whole} in minor units is too little for {number} parts: each part is at least 1; choose fewer", f"{whole}（最小货币单位）不足以分成 {number} 期：每期至少为 1；请减少期数")
    each, left = divmod(whole, number)
    return [each + 1] * left + [each] * (number - left)


def days_of(first_on: date, number: int, rhythm: str, business_days: bool) -> tuple[list[date], bool]:
    """The days of the parts, each later than the one before, and whether some could not be checked against holidays.

    Monthly: the first day's number in each month, or the month's last day. business_days: a weekend or holiday moves to the next working day.

    >>> days_of(date(2026, 1, 31), 3, "monthly", False)[0]
    [datetime.date(2026, 1, 31), datetime.date(2026, 2, 28), datetime.date(2026, 3, 31)]
    """
    if rhythm not in RHYTHMS:
        raise Refused(f"{rhythm!r} is no rhythm; choose one of {', '.join(RHYTHMS)}", f"还款频率 {rhythm!r} 不存在；可选：{'、'.join(RHYTHMS)}")
    found: list[date] = []
    unknown = False
    for place in range(number):
        day = first_on + timedelta(days=RHYTHMS[rhythm] * place) if RHYTHMS[rhythm] else months_after(first_on, place)
        if business_days:
            day, is_unknown = _working_day(max(day, found[-1] + timedelta(days=1)) if found else day)
            unknown = unknown or is_unknown
        found.append(day)
    return found, unknown


def reckon(asked: Asked, owed: Owed, limits: Limits, today: date) -> Sheet:
    """The plan that was asked for, whole: parts and what is waived sum to what may be asked. Raises Refused, saying which bound it breaks and what the bound is.

    beyond names what goes further than the strategy's row. What no law allows is refused whatever the row says.
    """
    _demand_lawful(asked, owed, today)
    waived = {"penalty": asked.waived_penalty_minor, "interest": asked.waived_interest_minor, "fee": 0, "principal": 0}
    if asked.kind == "settlement":
        waived = _settled(asked, owed, limits)
    whole = owed.claimable_minor - sum(waived.values())
    days, unknown = days_of(asked.first_on, asked.number if asked.kind == "instalments" else 1, asked.rhythm, asked.business_days)
    parts = tuple(Part(day, amount) for day, amount in zip(days, _amounts(asked, whole), strict=True))
    beyond = beyond_of(asked.kind, [part.due_on for part in parts], waived, limits, today)
    return Sheet(asked.kind, owed.currency, parts, owed.claimable_minor, waived["penalty"], waived["interest"], waived["fee"], waived["principal"], beyond, unknown)


def beyond_of(kind: str, days: list[date], waived: dict[str, int], limits: Limits, today: date) -> tuple[str, ...]:
    """What of a plan goes further than the strategy's row allows, in words of BEYOND; empty where nothing does. days: of the parts, rising; waived: by penalty, interest, fee, principal."""
    found = []
    if kind == "instalments" and len(days) > max(1, limits.instalments_most):
        found.append("instalments")
    if (days[0] - today).days > _days_most(kind, limits):
        found.append("shift_days")
    if any((later - earlier).days > GAP_DAYS_MOST for earlier, later in zip(days, days[1:], strict=False)):
        found.append("gap_days")
    if kind not in limits.kinds and not found and not (kind == "instalments" and len(days) == 1):
        found.append("kind")
    if waived.get("penalty", 0) > limits.penalty_most_minor:
        found.append("penalty")
    if waived.get("interest", 0) > limits.interest_most_minor:
        found.append("interest")
    return (*found, *(name for name in ("fee", "principal") if waived.get(name, 0) > 0))


def last_first_day(kind: str, limits: Limits, today: date) -> date:
    """The last day on which the first part, or the one sum, of such a plan may be due by the strategy."""
    return today + timedelta(days=_days_most(kind, limits))


def _days_most(kind: str, limits: Limits) -> int:
    return limits.shift_days_most if kind == "date_shift" else max(FIRST_DAYS_MOST, limits.shift_days_most)


def _demand_lawful(asked: Asked, owed: Owed, today: date) -> None:
    if asked.kind not in KINDS:
        raise Refused(f"{asked.kind!r} is no kind of plan; choose one of {', '.join(KINDS)}", f"方案种类 {asked.kind!r} 不存在；可选：{'、'.join(KINDS)}")
    if owed.claimable_minor <= 0:
        raise Refused("nothing may be asked of this loan today, so there is nothing to plan", "该笔贷款当前无可主张金额，无需制定方案")
    if asked.first_on < today:
        raise Refused(f"the first day is {asked.first_on}, which is past; choose {today} or later", f"首期日 {asked.first_on} 已过；请选择 {today} 或之后")
    if asked.first_on.year > today.year + FIRST_YEARS_MOST:
        raise Refused(f"the first day is {asked.first_on}, more than {FIRST_YEARS_MOST} years ahead; choose an earlier one", f"首期日 {asked.first_on} 在 {FIRST_YEARS_MOST} 年之后；请选择更早的日期")
    if asked.kind == "instalments" and not 2 <= asked.number <= 1000:
        raise Refused(f"a plan of instalments has 2 to 1000 parts, not {asked.number}", f"分期须为 2 至 1000 期，而非 {asked.number} 期")
    for name, zh, wanted, there in (("penalty", "罚息", asked.waived_penalty_minor, owed.penalty_minor), ("interest", "利息", asked.waived_interest_minor, owed.interest_minor)):
        if not 0 <= wanted <= there:
            raise Refused(f"of the {name} {in_major_units(there, owed.currency)} is due, and {in_major_units(wanted, owed.currency)} would be waived; waive no more than there is",
                          f"应收{zh} {in_major_units(there, owed.currency)}，拟减免 {in_major_units(wanted, owed.currency)}；减免不得超过应收")
    if asked.waived_penalty_minor + asked.waived_interest_minor > owed.charges_minor:
        raise Refused(f"only {in_major_units(owed.charges_minor, owed.currency)} of what may be asked is interest, penalty or fee; a waiver beyond that would be of principal, which stays owed",
                      f"可主张金额中息费仅 {in_major_units(owed.charges_minor, owed.currency)}；超出部分即为减免本金，本金不予减免")
    if asked.kind == "waiver" and not asked.waived_penalty_minor + asked.waived_interest_minor:
        raise Refused("nothing would be waived; say how much of penalty or interest", "未填写减免金额；请填写减免罚息或利息的金额")


def _settled(asked: Asked, owed: Owed, limits: Limits) -> dict[str, int]:
    """What a settlement of that sum gives up: penalty first, then interest, as far as the row goes; then all there is of penalty, interest and fee; what is left would be principal."""
    if not 1 <= asked.settled_minor <= owed.claimable_minor:
        raise Refused(f"a settlement is of 0.01 to {in_major_units(owed.claimable_minor, owed.currency)}, what may be asked", f"和解金额须在 0.01 至可主张金额 {in_major_units(owed.claimable_minor, owed.currency)} 之间")
    rest, given = owed.claimable_minor - asked.settled_minor, {"penalty": 0, "interest": 0, "fee": 0, "principal": 0}
    free = min(rest, owed.charges_minor)
    for name, most in (("penalty", min(limits.penalty_most_minor, owed.penalty_minor)), ("interest", min(limits.interest_most_minor, owed.interest_minor)), ("penalty", owed.penalty_minor), ("interest", owed.interest_minor), ("fee", owed.fee_minor)):
        step = max(0, min(free, most - given[name]))
        given[name] += step
        free -= step
        rest -= step
    given["principal"] = rest
    return given


def _amounts(asked: Asked, whole: int) -> list[int]:
    if whole < 1:
        raise Refused("nothing would be left to pay; a plan asks for something", "减免后无应还金额；方案须有应还金额")
    if asked.kind != "instalments":
        return [whole]
    if not asked.first_part_minor:
        return shares(whole, asked.number)
    if not 0 < asked.first_part_minor < whole:
        raise Refused(f"the first part is {asked.first_part_minor} of {whole} in minor units; it is less than the whole", f"首期 {asked.first_part_minor}，合计 {whole}（最小货币单位）；首期须小于合计")
    return [asked.first_part_minor, *shares(whole - asked.first_part_minor, asked.number - 1)]


def _working_day(day: date) -> tuple[date, bool]:
    """The day, or the next on which people work. Where the calendar of holidays ends, weekends alone are known."""
    day, unknown = after_holidays(day, weekends_too=True)
    while unknown and day.weekday() > 4:
        day += timedelta(days=1)
    return day, unknown
