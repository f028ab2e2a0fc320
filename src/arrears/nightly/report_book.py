"""Parts of the report about the book as it stands and as it moved: buckets, asset classes, movements, roll rates."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from shlex import quote

import polars as pl

from arrears.delinquency.buckets import SETTLED, Buckets, read_buckets
from arrears.delinquency.tallies import NEW
from arrears.money import exact_sum
from arrears.nightly.wording import Pair, named, words
from arrears.pages.amounts import NONE, count, money, rate, share, short_money
from arrears.pages.markup import NUMBER, TEXT, Cell, beside, both, empty, figure, paragraph, say, table
from arrears.pages.pictures import (
    ACCENT,
    BETTER,
    CURED,
    LATE_FILLS,
    SAME,
    WORSE,
    Strip,
    bars,
    fills_key,
    matrix,
    stacked,
)
from arrears.pages.pictures import Cell as Field

_CLASSES = ("正常", "关注", "次级", "可疑", "损失")
_CLASS_FILLS = dict(zip(_CLASSES, ("#8cb5a3", "#ecc478", "#d98442", "#a84535", "#5e1f2b"), strict=True))
_BUCKET_SUMS = ("loans", "outstanding_principal_minor", "due_total_minor", "claimable_minor", "excess_minor")


def buckets(frame: pl.DataFrame) -> str:
    """Late buckets as bars, every state and every product as tables; one block per currency."""
    return per_currency(frame, _buckets_of)


def classes(frame: pl.DataFrame) -> str:
    """Asset classes with the non-performing share; one block per currency."""
    return per_currency(frame, _classes_of)


def movements(frame: pl.DataFrame) -> str:
    """A heat matrix and a table for each earlier night and currency, latest night first."""
    return "".join(_movements_of(part, f"movements-{number}", span) for number, (span, part) in enumerate(by_span(frame)))


def rolls(frame: pl.DataFrame) -> str:
    """Where each bucket's loans went, for each earlier night and currency, latest night first."""
    return "".join(_rolls_of(part, f"rolls-{number}", span) for number, (span, part) in enumerate(by_span(frame)))


def no_earlier_night(summary: dict) -> str:
    """What to run first, as commands: the night before, the last month end, and tonight again."""
    as_of = date.fromisoformat(summary["as_of"])
    before, month_end = as_of - timedelta(days=1), as_of.replace(day=1) - timedelta(days=1)
    book = quote(summary["book"])
    nights = dict.fromkeys((month_end, before, as_of))
    return empty("movements.empty", [f"arrears night --book {book} --as-of {night}" + (" --again" if night == as_of else "") for night in nights],
                 before=str(before), month_end=str(month_end))


def by_currency(frame: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """The frame cut by currency, in the order of the currencies' names."""
    return [(currency, frame.filter(pl.col("currency") == currency)) for currency in frame["currency"].unique().sort()]


def per_currency(frame: pl.DataFrame, draw: Callable[[pl.DataFrame, str], str]) -> str:
    """One block per currency, under the currency's name where there is more than one."""
    parts = by_currency(frame)
    return "".join((f'<h3>{both(named("currency", currency))}</h3>' if len(parts) > 1 else "") + draw(part, currency)
                   for currency, part in parts)


def by_span(frame: pl.DataFrame) -> list[tuple[Pair, pl.DataFrame]]:
    """The frame cut by earlier night and currency, latest night first, each with its heading."""
    nights = sorted(frame["from_as_of"].unique(), reverse=True)
    parts = [(night, currency, part) for night in nights
             for currency, part in by_currency(frame.filter(pl.col("from_as_of") == night))]
    return [(words("movements.span", start=str(night), end=str(part["to_as_of"][0]), currency=named("currency", currency)), part)
            for night, currency, part in parts]


@cache
def the_buckets() -> Buckets:
    """The buckets that travel with this version; they say which states there are, and in what order."""
    return read_buckets()


def states() -> tuple[str, ...]:
    """Settled, not late, then the late buckets, from better to worse."""
    return the_buckets().states


def bands() -> Pair:
    """The ranges of days past due in words, such as M1 1–30."""
    names, last_days = the_buckets().names, the_buckets().last_days
    starts = [0] + [day + 1 for day in last_days]
    said = [f"{name} {start}–{end}" if start < end else f"{name} {start}"
            for name, start, end in zip(names[:-1], starts[:-1], last_days, strict=True)]
    said.append(f"{names[-1]} ≥ {starts[-1]}")
    return "、".join(said), ", ".join(said)


def in_order(names: list[str], order: tuple[str, ...]) -> list[str]:
    """The names in the given order; names the order does not know come last, by name."""
    return sorted(set(names), key=lambda name: (order.index(name) if name in order else len(order), name))


def _buckets_of(frame: pl.DataFrame, currency: str) -> str:
    sums = {row["state"]: row for row in frame.group_by("state").agg(map(exact_sum, _BUCKET_SUMS)).sort("state").to_dicts()}
    nothing = dict.fromkeys(_BUCKET_SUMS, 0)
    not_late = sums.get(states()[1], nothing)
    late = [state for state in in_order(list(sums), states()) if state not in states()[:2] and sums[state]["loans"]]
    late_principal = sum(sums[state]["outstanding_principal_minor"] for state in late)
    whole = sum(row["outstanding_principal_minor"] for row in sums.values())
    label = named("currency", currency)
    facts = {"currency": label, "name": states()[1], "m0": count(not_late["loans"]), "settled": count(sums.get(SETTLED, nothing)["loans"]),
             "m0_money": short_money(not_late["outstanding_principal_minor"], currency)}
    tables = _states_table(sums, currency)
    detail = _bucket_products(frame, currency)
    if not late:
        return empty("buckets.nolate", **facts) + tables + detail
    longest = max(sums[state]["outstanding_principal_minor"] for state in late) or 1
    rows = [((state, state), [Strip(sums[state]["outstanding_principal_minor"] / longest,
                                    _loans_money(sums[state], currency), _late_fill(state))]) for state in late]
    title = words("buckets.picture", currency=label)
    picture = figure(bars(f"buckets-{currency}", title, words("buckets.desc"), rows), title)
    plain = say("buckets.plain", late=count(sum(sums[state]["loans"] for state in late)),
                late_money=short_money(late_principal, currency), share=share(late_principal, whole), **facts)
    return beside(picture, paragraph(plain, "lead")) + tables + detail


def _states_table(sums: dict, currency: str) -> str:
    shown = in_order(list(sums), states())
    open_states = [state for state in shown if state != SETTLED]
    loans = sum(sums[state]["loans"] for state in open_states)
    columns = [(words("col.state"), TEXT)] + [(words(f"col.{name}"), NUMBER) for name in
                                              ("loans", "loans_share", "principal", "due", "claimable", "excess")]
    rows = [[_state_name(state), count(sums[state]["loans"]),
             NONE if state == SETTLED else share(sums[state]["loans"], loans),
             *(money(sums[state][name], currency) for name in _BUCKET_SUMS[1:])] for state in shown]
    total = [words("total"), count(sum(row["loans"] for row in sums.values())), "",
             *(money(sum(row[name] for row in sums.values()), currency) for name in _BUCKET_SUMS[1:])]
    return table(f"buckets-{currency}-states", words("buckets.table", currency=named("currency", currency)), columns, rows, total)


def _bucket_products(frame: pl.DataFrame, currency: str) -> str:
    """One row per product, and below it, folded away, one row per product and state."""
    late = (~pl.col("state").is_in(states()[:2])).cast(pl.Int64)
    products = frame.with_columns(
        ((pl.col("state") != SETTLED).cast(pl.Int64) * pl.col("loans")).alias("open"), (late * pl.col("loans")).alias("late"),
        (late * pl.col("outstanding_principal_minor")).alias("late_principal_minor"),
    ).group_by("product").agg(map(exact_sum, ("open", "late", "late_principal_minor", *_BUCKET_SUMS[1:]))).sort("product").to_dicts()
    columns = [(words("col.product"), TEXT)] + [(words(f"col.{name}"), NUMBER) for name in (
        "open", "late", "late_share", "principal", "late_principal", "due", "claimable", "excess")]
    rows = [[row["product"], count(row["open"]), count(row["late"]), share(row["late"], row["open"]),
             *(money(row[name], currency) for name in ("outstanding_principal_minor", "late_principal_minor", *_BUCKET_SUMS[2:]))]
            for row in products]
    label = named("currency", currency)
    summed = table(f"buckets-{currency}-products", words("buckets.products", currency=label), columns, rows)
    cells = {(row["product"], row["state"]): row for row in frame.to_dicts()}
    keys = [(product["product"], state) for product in products for state in in_order(frame["state"].to_list(), states())]
    detail_columns = [(words("col.product"), TEXT), (words("col.state"), TEXT)] + [
        (words(f"col.{name}"), NUMBER) for name in ("loans", "principal", "due", "claimable", "excess")]
    detail = [[product, _state_name(state), count(cells[product, state]["loans"]),
               *(money(cells[product, state][name], currency) for name in _BUCKET_SUMS[1:])]
              for product, state in keys if (product, state) in cells]
    folded = table(f"buckets-{currency}-detail", words("buckets.detail"), detail_columns, detail)
    return f'{summed}<details><summary>{say("buckets.detail")}</summary>{folded}</details>'


def _classes_of(frame: pl.DataFrame, currency: str) -> str:
    rows = {row["asset_class"]: row for row in frame.group_by("asset_class").agg(
        map(exact_sum, ("loans", "outstanding_principal_minor"))).sort("asset_class").to_dicts()}
    names = in_order([*rows, *_CLASSES], _CLASSES)
    sums = {name: rows.get(name, {"loans": 0, "outstanding_principal_minor": 0}) for name in names}
    loans = sum(row["loans"] for row in sums.values())
    principal = sum(row["outstanding_principal_minor"] for row in sums.values())
    bad = sum(sums[name]["outstanding_principal_minor"] for name in _CLASSES[2:])
    label, normal = named("currency", currency), sums["正常"]
    longest = max([sums[name]["outstanding_principal_minor"] for name in names[1:]], default=0) or 1
    strips = [(named("class", name), [Strip(sums[name]["outstanding_principal_minor"] / longest, _loans_money(sums[name], currency),
                                            _CLASS_FILLS.get(name, ACCENT))]) for name in names[1:]]
    title = words("classes.picture", currency=label)
    picture = figure(bars(f"classes-{currency}", title, words("classes.desc"), strips, label_width=134), title)
    columns = [(words("col.class"), TEXT)] + [(words(f"col.{name}"), NUMBER) for name in
                                              ("loans", "loans_share", "principal", "principal_share")]
    body = [[named("class", name), count(row["loans"]), share(row["loans"], loans),
             money(row["outstanding_principal_minor"], currency), share(row["outstanding_principal_minor"], principal)]
            for name, row in sums.items()]
    total = [words("total"), count(loans), "", money(principal, currency), ""]
    plain = say("classes.plain", n=count(normal["loans"]), money=short_money(normal["outstanding_principal_minor"], currency),
                share=share(bad, principal), bad=short_money(bad, currency))
    return paragraph(plain, "plain") + beside(
        picture, table(f"classes-{currency}-table", words("classes.table", currency=label), columns, body, total))


def _movements_of(frame: pl.DataFrame, name: str, span: Pair) -> str:
    moves = {(row["from_state"], row["to_state"]): row for row in frame.to_dicts()}
    order = (*states(), NEW)
    froms = in_order([start for start, _ in moves], order)
    tos = in_order([end for _, end in moves], order)
    rows = []
    for start in froms:
        whole = sum(moves[start, end]["loans"] for end in tos if (start, end) in moves)
        fields = [_field(moves.get((start, end)), whole, _direction(start, end)) for end in tos]
        rows.append((_state_name(start), count(whole), fields))
    key = fills_key([(words("col.worse"), WORSE), (words("col.same"), SAME), (words("col.better"), CURED)])
    title = words("movements.picture")
    drawing = matrix(name, title, words("movements.desc"), [_state_name(end) for end in tos], rows, words("movements.corner"))
    picture = figure(drawing, title, key, scrolls=True)
    return f"<h3>{both(span)}</h3>" + beside(picture, _movements_table(frame, froms, name), kind="even")


def _movements_table(frame: pl.DataFrame, froms: list[str], name: str) -> str:
    currency = frame["currency"][0]
    columns = [(words("col.state"), TEXT)] + [(words(f"col.{column}"), NUMBER) for column in (
        "loans", "worse", "same", "better", "then_principal", "now_principal")]
    body: list[list[Cell]] = []
    for start in froms:
        rows = frame.filter(pl.col("from_state") == start).to_dicts()
        turned = {turn: sum(row["loans"] for row in rows if _direction(start, row["to_state"]) == turn) for turn in (WORSE, SAME, CURED)}
        body.append([_state_name(start), count(sum(row["loans"] for row in rows)),
                     *(NONE if start == NEW else count(number) for number in turned.values()),
                     NONE if start == NEW else money(sum(row["then_principal_minor"] or 0 for row in rows), currency),
                     money(sum(row["now_principal_minor"] or 0 for row in rows), currency)])
    return table(f"{name}-table", words("movements.table"), columns, body)


def _state_name(state: str) -> Pair:
    return words(f"state.{state}") if state in (SETTLED, NEW) else (state, state)


def _late_fill(state: str) -> str:
    """A colour that darkens from the first late bucket to the last, however many there are."""
    late = states()[2:]
    if state not in late:
        return ACCENT
    return LATE_FILLS[round(late.index(state) * (len(LATE_FILLS) - 1) / max(1, len(late) - 1))]


def _direction(start: str, end: str) -> str:
    """The colour of a movement: worse, better or the same; a new loan has no direction."""
    if start == end or start not in states() or end not in states():
        return SAME
    return WORSE if states().index(end) > states().index(start) else CURED


def _field(row: dict | None, whole: int, fill: str) -> Field | None:
    if row is None or not row["loans"]:
        return None
    return Field(row["loans"] / whole, share(row["loans"], whole), count(row["loans"]), fill)


def _rolls_of(frame: pl.DataFrame, name: str, span: Pair) -> str:
    rows = {row["from_bucket"]: row for row in frame.to_dicts() if row["loans"]}
    names = in_order(list(rows), states())
    currency = frame["currency"][0]
    kinds = (("cured", CURED), ("improved", BETTER), ("held", SAME), ("worsened", WORSE))
    bodies = [((f"{bucket} · {count(rows[bucket]['loans'])}",) * 2,
               [(rows[bucket][f"{kind}_loans"] / rows[bucket]["loans"], fill) for kind, fill in kinds]) for bucket in names]
    key = fills_key([(words(f"col.{kind}"), fill) for kind, fill in kinds])
    title = words("rolls.picture")
    picture = figure(stacked(name, title, words("rolls.desc"), bodies), title, key)
    # A flow rate compares month ends: over a single night it would divide one bucket's stock by another's.
    monthly = _ends_month(frame["from_as_of"][0])
    columns = [(words("col.bucket"), TEXT)] + [(words(f"col.{column}"), NUMBER) for column in (
        "loans", "cured", "improved", "held", "worsened", "then_principal", "flow")]
    body = [[bucket, count(rows[bucket]["loans"]), *(rate(rows[bucket][f"{kind}_rate"]) for kind, _ in kinds),
             money(rows[bucket]["principal_minor"], currency), rate(rows[bucket]["flow_rate"]) if monthly else NONE] for bucket in names]
    return f"<h3>{both(span)}</h3>" + beside(picture, table(f"{name}-table", words("rolls.table"), columns, body))


def _ends_month(day: date | str) -> bool:
    return (date.fromisoformat(str(day)) + timedelta(days=1)).day == 1


def _loans_money(row: dict, currency: str) -> Pair:
    return words("loans.money", n=count(row["loans"]), money=short_money(row["outstanding_principal_minor"], currency))
