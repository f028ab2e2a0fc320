"""In which unit an amount of a draft is written: by its name, by its decimals, by sums that fit, by its neighbours; else asked."""

import math
import re
from dataclasses import dataclass, field

import polars as pl

from arrears.ingest.draft_columns import fitted
from arrears.ingest.draft_content import Look, best_meaning
from arrears.ingest.draft_currency import CurrencySaid, currencies_of
from arrears.ingest.draft_names import taken_apart
from arrears.ingest.draft_reading import Seen
from arrears.ingest.draft_scales import ODD
from arrears.ingest.kinds import MONEY_UNITS

WHOLE_DEBTS = {("loans", "principal_minor"), ("unscheduled", "principal_minor")}
"""Columns of a whole debt: amounts of decimals below SMALL are rather 12.5 万元 there than yuan."""
_SMALL = 1_000
_LARGE = {unit for unit, power in MONEY_UNITS.items() if power}
_POWERS = {unit: 0 if power is None else power + 2 for unit, power in MONEY_UNITS.items()}
"""Fen in one of the unit, as a power of ten."""
_LOANS_LEAST, _SHARE_LEAST = 3, 0.8
"""Sums tell a unit only where at least so many loans have a schedule, and so large a share of them adds up."""
_KINDS = (("penalty", r"罚|违约|滞纳|penal|late"), ("fee", r"费|fee|charge"), ("interest", r"息|int"), ("principal", r"本|prin|capital"))


@dataclass(frozen=True)
class Evidence:
    """What else than its own name and decimals tells the unit of an amount of one source."""

    checked: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Source column → its unit by sums that fit, and the reason."""
    leaning: str = "major"
    """The unit to propose where it is asked: the one other names of the draft bear."""
    leaning_by: str = ""
    neighbours: dict[str, str] = field(default_factory=dict)
    """Amounts of the same source whose names bear a unit."""
    has_points: bool = False
    """Some amount of the same source is written with decimals."""
    said: tuple[str | None, str] = (None, "")
    """The unit that stands above the header or in the name of the file or sheet, and its words."""
    currency: CurrencySaid = CurrencySaid()


def named_units(looks: tuple[Look, ...]) -> dict[str, str]:
    """The columns of numbers whose name bears a unit of money."""
    return {look.name: unit for look in looks if look.number_share > 0.5 and (unit := taken_apart(look.name).unit) in MONEY_UNITS}


def money_unit(look: Look, evidence: Evidence, is_whole_debt: bool = False) -> tuple[str | None, str]:
    """The unit and what it was told by; None: ask, and say what its values are like."""
    said, words = evidence.said
    own = taken_apart(look.name).unit
    unit = own if own in MONEY_UNITS or own == ODD else said
    if unit == ODD:
        return None, f"it is said to be in a unit that no mapping knows ({look.name if own == ODD else words}): convert the column in its file first"
    if unit is not None:
        return unit, "unit by name" if unit == own else f"unit by {words}"
    if look.name in evidence.checked:
        return evidence.checked[look.name]
    if doubt := _doubt_of(look, evidence, is_whole_debt):
        return None, doubt
    if look.decimals or look.has_points:
        return "major", "unit by its decimals"
    if evidence.currency.code and not evidence.currency.decimals:
        return "major", f"{evidence.currency.code} has no smaller unit"
    near = set(evidence.neighbours.values())
    if len(near) == 1 and not (near == {"minor"} and evidence.has_points):
        unit = near.pop()
        return unit, f"unit by the name of its neighbour {next(name for name, its in evidence.neighbours.items() if its == unit)}, 0.7 sure"
    if evidence.has_points and not near:
        return "major", "unit by the decimals of its neighbours"
    seen = "whole numbers, all multiples of 100" if look.is_hundreds else "whole numbers"
    return None, seen + (f"; {evidence.leaning_by} of the same draft is in {evidence.leaning}" if evidence.leaning_by else "")


def _doubt_of(look: Look, evidence: Evidence, is_whole_debt: bool) -> str:
    """Why an amount without a named unit is rather not in yuan; empty where nothing speaks against it."""
    large = next((name for name, unit in evidence.neighbours.items() if unit in _LARGE), None)
    if large is not None:
        return f"its neighbour {large} is in {evidence.neighbours[large]}, and this one does not say"
    if look.usual_decimals > evidence.currency.decimals:
        return f"up to {look.usual_decimals} decimals, as 万元 or numbers that were never rounded have"
    if look.decimals and is_whole_debt and (look.middle or 0) < _SMALL:
        return f"decimals, and values around {look.middle:g}, as debts in 万元 have"
    return ""


def proposed_unit(look: Look, evidence: Evidence, is_whole_debt: bool = False) -> str | None:
    """The unit to propose where it is asked; None where something speaks against each."""
    is_odd = ODD in (taken_apart(look.name).unit, evidence.said[0])
    return None if is_odd or _doubt_of(look, evidence, is_whole_debt) else evidence.leaning


def evidence_of(seen: tuple[Seen, ...], fed: dict[str, list[str]], answers: dict[str, str]) -> dict[str, Evidence]:
    """For each source, what the other columns and the other files tell of its units."""
    used = [one for one in seen if fed[one.source]]
    named = {name: unit for one in used for name, unit in named_units(one.looks).items() if unit not in _LARGE}
    units = set(named.values())
    leaning = (units.pop(), next(iter(named))) if len(units) == 1 else ("major", "")
    currencies = currencies_of(used, answers)
    every = {one.source: Evidence({}, *leaning, said=(one.said[0], one.said[2]), currency=currencies[one.source]) for one in used}
    for schedule in (one for one in used if "instalments" in fed[one.source] and "loans" not in fed[one.source]):
        for loans in (one for one in used if "loans" in fed[one.source]):
            _check_sums(loans, schedule, every)
    return every


def _check_sums(loans: Seen, schedule: Seen, every: dict[str, Evidence]) -> None:
    """Where the principal of the instalments adds up to the amounts lent, the unit of one is told by that of the other."""
    lent, due = fitted("loans", loans.looks, loans.place, {}), fitted("instalments", schedule.looks, schedule.place, {})
    if not all("principal_minor" in fits and "loan_id" in fits for fits in (lent, due)):
        return
    ratio, fit, of = _ratio(loans, lent["loan_id"].source, lent["principal_minor"].source, schedule, due["loan_id"].source, due["principal_minor"].source)
    if ratio is None:
        return
    whole, part = loans.named(lent["principal_minor"].source), schedule.named(due["principal_minor"].source)
    by_power = {power: unit for unit, power in _POWERS.items()}
    known_whole, known_part = money_unit(whole, every[loans.source], True)[0], money_unit(part, every[schedule.source])[0]
    why = f"unit by the sums: {part.name} of {fit} of {of} loans adds up to their {whole.name}"
    if known_whole and (unit := by_power.get(_POWERS[known_whole] - ratio)):
        every[schedule.source].checked[part.name] = (unit, why)
        for name in ("interest_minor", "fee_minor"):
            if name in due:
                every[schedule.source].checked[due[name].source] = (unit, f"unit as that of {part.name}, which was told by its sums")
    elif known_part and (unit := by_power.get(_POWERS[known_part] + ratio)):
        every[loans.source].checked[whole.name] = (unit, why)


def _ratio(loans: Seen, key: str, amount: str, schedule: Seen, of_key: str, part: str) -> tuple[int | None, int, int]:
    """The power of ten by which the summed parts exceed the whole, for how many loans, of how many; None where none holds."""
    whole = pl.DataFrame({"key": _keys(loans.cells[key]), "whole": _numbers(loans.cells[amount])})
    parts = pl.DataFrame({"key": _keys(schedule.cells[of_key]), "part": _numbers(schedule.cells[part])})
    both = whole.drop_nulls().unique("key", maintain_order=True).join(parts.group_by("key").agg(pl.col("part").sum()), on="key", how="inner")
    both = both.filter((pl.col("whole") > 0) & (pl.col("part") > 0)).with_columns(ratio=pl.col("part") / pl.col("whole"))
    if len(both) < _LOANS_LEAST:
        return None, 0, len(both)
    power = round(math.log10(both["ratio"].median()))
    fit = int(((both["ratio"] / 10.0**power - 1).abs() < 1e-4).sum())
    return (power if fit >= _SHARE_LEAST * len(both) else None), fit, len(both)


def _keys(cells: pl.Series) -> pl.Series:
    return cells.str.strip_chars()


def _numbers(cells: pl.Series) -> pl.Series:
    return cells.str.replace_all(r"[,¥￥元\s]", "").cast(pl.Float64, strict=False)


def parts_received(looks: tuple[Look, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns named as parts of what was received, and those named plainly (罚息) that may be further parts of it."""
    numbers = [look for look in looks if look.filled and look.number_share > 0.9 and look.mark is None and not look.is_personal]
    sure = [look for look in numbers if best_meaning(look) == "paid_parts"]
    covered = {_kind(look) for look in sure}
    plain = [look for look in numbers if best_meaning(look) in ("principal", "interest", "fee", "penalty") and _kind(look) not in covered]
    if not sure and not {"principal", "interest"} & {_kind(look) for look in plain}:
        plain = []
    return tuple(look.name for look in sure), tuple(look.name for look in plain)


def _kind(look: Look) -> str | None:
    name = taken_apart(look.name).compact
    return next((kind for kind, pattern in _KINDS if re.search(pattern, name)), None)
