"""Parts of the report about what was lent and what came back: first payment default, vintage, recovery."""

import polars as pl

from arrears.money import exact_sum
from arrears.nightly.report_book import by_span, in_order, per_currency, states
from arrears.nightly.wording import Pair, named, words
from arrears.pages.amounts import NONE, count, money, rate, share, short_money
from arrears.pages.markup import NUMBER, TEXT, beside, both, empty, figure, paragraph, say, table
from arrears.pages.pictures import ACCENT, CURED, Line, Strip, bars, fills_key, lines, lines_key, spaced

_FPD_MONTHS_DRAWN, _FPD_MONTHS_LISTED = 18, 6
_COHORTS_DRAWN, _COHORTS_LISTED, _NIGHTS_FOR_QUARTERS = 8, 24, 6
_LATE = (30, 60, 90)
_MONEY_SUMS = ("disbursed_minor", "late30_principal_minor", "late60_principal_minor", "late90_principal_minor")


def first_payment_default(frame: pl.DataFrame) -> str:
    """A line per day count by month of disbursement, a table by product; one block per currency."""
    ripe = frame.filter(pl.col("matured_loans") > 0)
    return per_currency(ripe, _first_payments_of) or empty("first_payment_default.empty")


def vintage(frame: pl.DataFrame) -> str:
    """Curves of cohorts by months on book where several nights were run, else tonight's cohorts by age."""
    lent = frame.filter(pl.col("disbursed_minor") > 0)
    return per_currency(lent, _vintage_of) or empty("vintage.empty")


def recovery(frame: pl.DataFrame) -> str:
    """What came back of what was due at each earlier night, by bucket; one block per night and currency."""
    return "".join(_recovery_of(part, f"recovery-{number}", span) for number, (span, part) in enumerate(by_span(frame)))


def _first_payments_of(frame: pl.DataFrame, currency: str) -> str:
    months = frame["disbursed_month"].unique().sort().to_list()
    drawn = months[-_FPD_MONTHS_DRAWN:]
    overs = frame["over_days"].unique().sort().to_list()
    sums = frame.group_by("disbursed_month", "over_days").agg(pl.col("matured_loans", "late_loans").sum())
    rates = {(row["disbursed_month"], row["over_days"]): row["late_loans"] / row["matured_loans"]
             for row in sums.iter_rows(named=True)}
    series = [Line((f"FPD{over}",) * 2, [(place, rates.get((month, over))) for place, month in enumerate(drawn)]) for over in overs]
    label = named("currency", currency)
    title = words("first_payment_default.picture", currency=label)
    drawing = lines(f"fpd-{currency}", title, words("first_payment_default.desc"), series, spaced(drawn, most=9),
                    words("col.month"), width=700)
    picture = figure(drawing, title, lines_key(series), scrolls=True)
    note = paragraph(say("first_payment_default.cut", months=len(drawn)), "plain") if len(drawn) < len(months) else ""
    return picture + note + _first_payments_table(frame, months[-_FPD_MONTHS_LISTED:], currency)


def _first_payments_table(frame: pl.DataFrame, months: list[str], currency: str) -> str:
    """One row per product and day count, one column per month."""
    cells = {(row["product"], row["over_days"], row["disbursed_month"]): row for row in frame.iter_rows(named=True)}
    keys = sorted({(product, over) for product, over, month in cells if month in months})
    columns = [(words("col.product"), TEXT), (words("col.over_days"), TEXT)] + [((month, month), NUMBER) for month in months]
    body = [[product, f"FPD{over}", *(_late_of_matured(cells.get((product, over, month))) for month in months)] for product, over in keys]
    caption = words("first_payment_default.table", months=len(months), currency=named("currency", currency))
    return table(f"fpd-{currency}-table", caption, columns, body)


def _late_of_matured(row: dict | None) -> str:
    if row is None:
        return NONE
    return f"{share(row['late_loans'], row['matured_loans'])} ({count(row['late_loans'])} / {count(row['matured_loans'])})"


def _vintage_of(frame: pl.DataFrame, currency: str) -> str:
    label = named("currency", currency)
    seen = frame.sort("as_of").unique(["disbursed_month", "months_on_book"], keep="last", maintain_order=True)
    if frame["as_of"].n_unique() == 1:
        title, note = words("vintage.night.picture", currency=label), say("vintage.by.night")
        series = [Line(words("vintage.line", days=days), _points(seen, days)) for days in _LATE]
        drawing = lines(f"vintage-{currency}", title, words("vintage.desc"), series, _ages(seen), words("vintage.x"))
        pictures = beside(figure(drawing, title, lines_key(series)), _vintage_table(frame, currency))
        return paragraph(note, "plain") + pictures
    cohorts, note = _cohorts(seen)
    names = cohorts["cohort"].unique().sort().to_list()[-_COHORTS_DRAWN:]
    drawn = cohorts.filter(pl.col("cohort").is_in(names))
    figures = []
    for days in _LATE:
        series = [Line((name, name), _points(drawn.filter(pl.col("cohort") == name), days)) for name in names]
        title = words("vintage.picture", days=days, currency=label)
        figures.append(figure(lines(f"vintage-{currency}-{days}", title, words("vintage.desc"), series, _ages(drawn),
                                    words("vintage.x"), width=380), title))
    key = lines_key([Line((name, name)) for name in names])
    return paragraph(note, "plain") + key + f'<div class="three-up">{"".join(figures)}</div>' + _vintage_table(frame, currency)


def _cohorts(seen: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """The rows under the name of their cohort, and the sentence that says what a cohort is.

    Months are joined to quarters where there are too many to tell apart and enough nights for long curves. A quarter
    has a point only where every month of it was seen at that age: a part of it would bend the curve by its mix.
    """
    if seen["disbursed_month"].n_unique() <= _COHORTS_DRAWN:
        return seen.with_columns(cohort=pl.col("disbursed_month")), say("vintage.by.months")
    if seen["as_of"].n_unique() < _NIGHTS_FOR_QUARTERS:
        return seen.with_columns(cohort=pl.col("disbursed_month")), say("vintage.by.latest", most=_COHORTS_DRAWN)
    month = pl.col("disbursed_month").str.slice(5, 2).cast(pl.Int32)
    quarters = seen.with_columns(cohort=pl.format("{}-Q{}", pl.col("disbursed_month").str.slice(0, 4), (month + 2) // 3))
    there = pl.col("disbursed_month").n_unique().over("cohort")
    at_this_age = pl.col("disbursed_month").n_unique().over("cohort", "months_on_book")
    return quarters.filter(at_this_age == there), say("vintage.by.quarters", most=_COHORTS_DRAWN)


def _points(frame: pl.DataFrame, days: int) -> list[tuple[int, float | None]]:
    """(months on book, late principal over disbursed) in order of age, cohorts of one age added."""
    sums = frame.group_by("months_on_book").agg(map(exact_sum, _MONEY_SUMS)).sort("months_on_book")
    return [(row["months_on_book"], row[f"late{days}_principal_minor"] / row["disbursed_minor"]) for row in sums.iter_rows(named=True)]


def _ages(frame: pl.DataFrame) -> list[tuple[int, str]]:
    low, high = frame["months_on_book"].min(), frame["months_on_book"].max()
    return [(low + place, name) for place, name in spaced([str(age) for age in range(low, high + 1)])]


def _vintage_table(frame: pl.DataFrame, currency: str) -> str:
    tonight = frame.filter(pl.col("as_of") == pl.col("as_of").max()).sort("disbursed_month")
    listed = tonight.tail(_COHORTS_LISTED)
    columns = [(words("col.month"), TEXT)] + [(words(f"col.{name}"), NUMBER) for name in ("mob", "loans", "disbursed")]
    columns += [(words("col.over", days=days), NUMBER) for days in _LATE]
    body = [[row["disbursed_month"], count(row["months_on_book"]), count(row["loans"]), money(row["disbursed_minor"], currency),
             *(rate(row[f"late{days}_rate"]) for days in _LATE)] for row in listed.iter_rows(named=True)]
    caption = words("vintage.table", as_of=str(tonight["as_of"][0]), currency=named("currency", currency))
    cut = paragraph(say("vintage.cut", months=_COHORTS_LISTED), "plain") if listed.height < tonight.height else ""
    return table(f"vintage-{currency}-table", caption, columns, body) + cut


def _recovery_of(frame: pl.DataFrame, name: str, span: Pair) -> str:
    rows = {row["from_bucket"]: row for row in frame.to_dicts() if row["loans"]}
    names = in_order(list(rows), states())
    currency = frame["currency"][0]
    bodies = [((bucket, bucket), [_recovery_strip(rows[bucket], currency), _cure_strip(rows[bucket])]) for bucket in names]
    key = fills_key([(words("col.recovery"), ACCENT), (words("col.cure_rate"), CURED)])
    title = words("recovery.picture")
    picture = figure(bars(name, title, words("recovery.desc"), bodies), title, key)
    columns = [(words("col.bucket"), TEXT)] + [(words(f"col.{column}"), NUMBER) for column in (
        "loans", "entered", "collected", "recovery", "cured_loans", "cure_rate")]
    body = [[bucket, count(row["loans"]), money(row["entered_minor"], currency), money(row["collected_minor"], currency),
             rate(row["recovery_rate"]), count(row["cured_loans"]), rate(row["cure_rate"])]
            for bucket, row in ((bucket, rows[bucket]) for bucket in names)]
    caption = words("recovery.table", currency=named("currency", currency))
    return f"<h3>{both(span)}</h3>" + beside(picture, table(f"{name}-table", caption, columns, body))


def _recovery_strip(row: dict, currency: str) -> Strip:
    chinese, english = short_money(row["collected_minor"], currency)
    shown = rate(row["recovery_rate"])
    return Strip(row["recovery_rate"] or 0.0, (f"{shown} · {chinese}", f"{shown} · {english}"), ACCENT)


def _cure_strip(row: dict) -> Strip:
    text = words("loans.n", n=count(row["cured_loans"]))
    shown = rate(row["cure_rate"])
    return Strip(row["cure_rate"] or 0.0, (f"{shown} · {text[0]}", f"{shown} · {text[1]}"), CURED)
