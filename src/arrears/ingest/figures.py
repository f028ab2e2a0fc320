"""Sums of what a load brings, and signs that a unit was mistaken: amounts and rates that are possible, but of no lender's.

A sign is only told, never a fault: a book may be as strange as that. What is looked at, by currency where it is money:

    principal     half of the loans are below 1 minor unit × 100, or above 10^10
    rates         most of those that are not 0 are above 100 % a year, or below 0.1 %
    instalments   interest, or fees, are more than 5 times the principal
    interest      loans bear a rate, but no instalment any interest: nobody works it out from the rate
    payments      on average 30 times an instalment and more, and more than 1.5 times a loan; or near a 100th or a 10,000th of one
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl

from arrears.ingest.mapped import Mapping, source_columns
from arrears.money import in_major_units
from arrears.tables import FACTS, LOANS, Table

Ask = Callable[[str], list[tuple]]
Doubt = list[str]
"""English and Chinese."""

UNKNOWN = "?"
"""The currency of an amount whose loan is in no table."""
RATES = tuple(column.name for column in LOANS.columns if column.unit == "parts per million a year")
HIGH_PPM, LOW_PPM = 1_000_000, 1_000
_MEDIAN_LEAST, _MEDIAN_MOST = 100, 10**10
_NEAR = ((50, 200), (5_000, 20_000))
_UNITS_EN, _UNITS_ZH = "yuan, fen, 万元", "元、分、万元"


@dataclass
class Figures:
    """What the signs are read from; money by currency."""

    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    sums: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    median_principal: dict[str, int] = field(default_factory=dict)
    rates: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Of each rate: how many are not 0, how many of these are above HIGH_PPM, how many below LOW_PPM."""


def with_figures(load: dict, ask: Ask, mappings: list[Mapping]) -> dict:
    """The load with the sums of each table it brings rows to, and the doubts about units, in the words of the lender's columns.

    `ask` answers queries over set_rules' views fresh_T, the rows that the load brings, and after_T, what the book then says.
    """
    figures = Figures()
    for name in (name for name, about in load["tables"].items() if about["rows"]):
        figures.rows[name], figures.sums[name] = _sums(ask, FACTS[name])
    if "loans" in figures.rows:
        figures.median_principal = {currency: int(median) for currency, median in ask(
            "SELECT currency, median(principal_minor) FROM fresh_loans WHERE principal_minor > 0 GROUP BY 1")}
        figures.rates = {name: ask(f'SELECT count(*), count(*) FILTER ("{name}" > {HIGH_PPM}), count(*) FILTER ("{name}" < {LOW_PPM}) '
                                   f'FROM fresh_loans WHERE "{name}" > 0')[0] for name in RATES}
    tables = {name: {**about, "sums": figures.sums.get(name, {})} for name, about in load["tables"].items()}
    return {**load, "tables": tables, "doubts": doubts(figures, _names_in(mappings))}


def figures_of_loans(loans: pl.LazyFrame) -> tuple[dict, dict]:
    """The median principal by currency, and the counts of the rates, as Figures has them."""
    medians = loans.filter(pl.col("principal_minor") > 0).group_by(pl.col("currency").cast(pl.String)).agg(pl.col("principal_minor").median())
    said = {currency: int(median) for currency, median in medians.collect(engine="streaming").iter_rows()}
    kept = [name for name in RATES if name in loans.collect_schema().names()]
    counts = [(pl.col(name).is_between(*ends, closed="none")).sum().alias(f"{name} {place}")
              for name in kept for place, ends in enumerate(((0, 2**62), (HIGH_PPM, 2**62), (0, LOW_PPM)))]
    row = loans.select(counts).collect(engine="streaming").row(0, named=True) if kept else {}
    return said, {name: tuple(row[f"{name} {place}"] for place in range(3)) for name in kept}


def doubts(figures: Figures, named: Callable[[str, str], str]) -> list[Doubt]:
    """What to check, in English and Chinese; `named` says what people call a table's column."""
    found = [*_of_principal(figures, named), *_of_rates(figures, named), *_of_interest(figures, named)]
    for currency in figures.rows.get("instalments", {}):
        found += _of_instalments(figures, currency, named)
        found += _of_payments(figures, currency, named)
    return found


def _sums(ask: Ask, table: Table) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """The rows of a table by currency, and the exact sums of its amounts; of payments those received and those taken back."""
    sums = {column.name: f'sum("{column.name}")' for column in table.columns if column.unit == "minor units"}
    if table.name == "payments":
        sums = {"amount_minor": "sum(amount_minor) FILTER (reverses IS NULL)", "taken_back_minor": "sum(amount_minor) FILTER (reverses IS NOT NULL)"}
    if not sums:
        return {}, {}
    source, currency = f"fresh_{table.name}", "NULL"
    if "currency" in table.names():
        currency = "currency"
    elif "loan_id" in table.names():
        known = ask("SELECT DISTINCT currency FROM after_loans")
        if len(known) == 1:  # which spares a join of many rows; every row has its loan, or it would wait
            currency = f"'{known[0][0]}'"
        else:
            source += " LEFT JOIN (SELECT loan_id, any_value(currency) AS currency FROM after_loans GROUP BY 1) USING (loan_id)"
            currency = "currency"
    answer = ask(f"SELECT {currency}, count(*), {', '.join(sums.values())} FROM {source} GROUP BY 1 ORDER BY 1")
    rows = {row[0] or UNKNOWN: row[1] for row in answer}
    told = {name: {row[0] or UNKNOWN: int(row[2 + place]) for row in answer if row[2 + place] is not None} for place, name in enumerate(sums)}
    return rows, {name: by for name, by in told.items() if by}


def _names_in(mappings: list[Mapping]) -> Callable[[str, str], str]:
    taken = pl.concat(map(source_columns, mappings))

    def named(table: str, column: str) -> str:
        names = taken.filter((pl.col("table") == table) & (pl.col("column") == column))["taken"].unique(maintain_order=True)
        return ", ".join(names) or f"{table}.{column}"

    return named


def _of_principal(figures: Figures, named) -> list[Doubt]:
    column = named("loans", "principal_minor")
    return [
        [f"check the unit ({_UNITS_EN}) of {column}: the median loan is of {currency} {in_major_units(median, currency)}",
         f"请检查 {column} 的单位（{_UNITS_ZH}）：贷款金额的中位数为 {currency} {in_major_units(median, currency)}"]
        for currency, median in sorted(figures.median_principal.items()) if not _MEDIAN_LEAST <= median <= _MEDIAN_MOST
    ]


def _of_rates(figures: Figures, named) -> list[Doubt]:
    found = []
    for name, (known, above, below) in figures.rates.items():
        column, units_en, units_zh = named("loans", name), "percent or fraction; a year, a month or a day", "百分数或小数；年、月或日"
        for count, en, zh in ((above, "above 100 %", "高于 100 %"), (below, "below 0.1 %", "低于 0.1 %")):
            if 2 * count > known:
                found.append([f"check the unit ({units_en}) of {column}: {count:,} of {known:,} rates are {en} a year",
                              f"请检查 {column} 的单位（{units_zh}）：{known:,} 个利率中有 {count:,} 个{zh}（年）"])
    return found


def _of_interest(figures: Figures, named) -> list[Doubt]:
    bearing = figures.rates.get("annual_rate_ppm", (0, 0, 0))[0]
    sums = figures.sums.get("instalments", {}).get("interest_minor", {})
    if not bearing or not sums or any(sums.values()):
        return []
    column = named("loans", "annual_rate_ppm")
    return [[f"{bearing:,} of the loans bear {column}, but no instalment any interest: what is owed may be too little, since nobody works it out "
             "from the rate; give the instalments a column of interest",
             f"有 {bearing:,} 笔贷款有利率（{column}），分期却没有一期有利息：系统不会按利率推算利息，应还金额可能偏少；请为分期提供利息列"]]


def _of_instalments(figures: Figures, currency: str, named) -> list[Doubt]:
    sums, found = figures.sums["instalments"], []
    principal = sums.get("principal_minor", {}).get(currency, 0)
    for name, zh in (("interest_minor", "利息"), ("fee_minor", "费用")):
        part = sums.get(name, {}).get(currency, 0)
        if 0 < 5 * principal < part:
            column = named("instalments", name)
            found.append([f"check the unit ({_UNITS_EN}) of {column}: its sum in {currency} is {part // principal:,} times the principal",
                          f"请检查 {column} 的单位（{_UNITS_ZH}）：{currency} {zh}合计为本金的 {part // principal:,} 倍"])
    return found


def _of_payments(figures: Figures, currency: str, named) -> list[Doubt]:
    """A payment beside an instalment, on average. One that settles a loan is many instalments, but hardly more than the loan."""
    paid = _mean(figures, "payments", currency, ("amount_minor",))
    due = _mean(figures, "instalments", currency, ("principal_minor", "interest_minor", "fee_minor"))
    lent = _mean(figures, "loans", currency, ("principal_minor",))
    if not paid or not due or not lent:
        return []
    column = named("payments", "amount_minor")
    said = f"{currency} {in_major_units(int(paid), currency)}", f"{currency} {in_major_units(int(due), currency)}"
    if (paid >= 30 * due and 2 * paid > 3 * lent) or any(least * paid <= due <= most * paid for least, most in _NEAR):
        return [[f"check the unit ({_UNITS_EN}) of {column}: a payment is of {said[0]} on average, an instalment of {said[1]}",
                 f"请检查 {column} 的单位（{_UNITS_ZH}）：还款平均每笔 {said[0]}，而分期平均每期 {said[1]}"]]
    return []


def _mean(figures: Figures, table: str, currency: str, names: Iterable[str]) -> float:
    rows = figures.rows.get(table, {}).get(currency, 0)
    return sum(figures.sums[table].get(name, {}).get(currency, 0) for name in names) / rows if rows else 0.0
