"""Parts of the report about what to do: treatments and the worklist, what to look at first, where the numbers come from."""

from html import escape
from shlex import quote

import polars as pl

from arrears.money import exact_sum
from arrears.nightly.report_book import per_currency
from arrears.nightly.wording import Pair, named, words
from arrears.pages.amounts import count, money, share, short_money
from arrears.pages.markup import CODE, NUMBER, PROSE, TEXT, Cell, beside, empty, figure, paragraph, say, table
from arrears.pages.pictures import ACCENT, Strip, bars

ROWS_SHOWN = 50
_LABEL_CHARACTERS = 16
_SOURCES = ("as_of", "known_at", "book", "snapshot", "version", "strategy_digest", "law_digest")


def worklist(frame: pl.DataFrame, summary: dict) -> str:
    """People and money by treatment, the order of the list in words, and its first rows."""
    if frame.is_empty():
        return empty("worklist.empty")
    labels = summary["treatment_words"]
    blocks = per_currency(frame, lambda part, currency: _treatments_of(part, currency, labels))
    order = paragraph(say("worklist.order", order=(summary["order_zh"], summary["order_en"])), "plain")
    return blocks + order + _first_rows(frame, labels, _reason_words(summary))


def look_first(summary: dict) -> str:
    """Loans a person should look at before anything else, each kind with its number and what it means."""
    unknown = summary["cap_unknown"]
    checks = [_check("look.cap", sum(entry["loans"] for entry in unknown)), _check("look.overpaid", summary["overpaid_loans"]),
              _check("look.held", summary["held_loans"])]
    for currency, sums in sorted(summary["currencies"].items()):
        amount = sums["unallocated_minor"]
        key = "look.unallocated" if amount else "look.unallocated.none"
        said = say(key, money=short_money(amount, currency), currency=currency)
        checks.append(f"<li>{said}</li>")
    reasons = ""
    if unknown:
        columns = [(words("col.regime"), CODE), (words("col.loans"), NUMBER), (words("col.reason"), PROSE)]
        rows = [[entry["regime"], count(entry["loans"]), (entry["reason_zh"], entry["reason_en"])] for entry in unknown]
        reasons = table("look-cap", words("look.cap.table"), columns, rows)
    return f'<ul class="checks">{"".join(checks)}</ul>{reasons}'


def source(frame: pl.DataFrame, summary: dict) -> str:
    """Everything the numbers depend on, and the commands that explain or recompute them."""
    rows: list[list[Cell]] = [[words(f"source.{key}"), str(summary[key])] for key in _SOURCES]
    rows.append([words("source.strategy"), _strategy(summary["strategy"])])
    rows.append([words("source.earlier"), ", ".join(summary["earlier_nights"]) or "–"])
    facts = table("source-table", words("source.table"), [(words("col.key"), TEXT), (words("col.value"), f"{CODE} {PROSE}")], rows)
    book, as_of = quote(summary["book"]), quote(summary["as_of"])
    loan = "LOAN" if frame.is_empty() else quote(frame.sort("rank")["loan_id"][0])
    return (facts + _command("source.explain", f"arrears explain {loan} --book {book} --as-of {as_of}")
            + _command("source.replay", f"arrears replay --book {book} --as-of {as_of}"))


def _strategy(told: dict) -> Cell:
    """The strategy of the night, and by whom it is in force."""
    if "number" not in told:
        return f"{told['id']} {told['version']}"
    return words(f"source.{told['action']}", **told)


def _treatment(labels: dict, name: str) -> Pair:
    """A treatment's label as its strategy words it; one that has none is called by its own name."""
    return (labels[name]["zh"], labels[name]["en"]) if name in labels else (name, name)


def _with_verdict(label: Pair, verdict: str | None) -> Pair:
    """A treatment that the gate lets through only by a person says so."""
    if verdict not in ("review", "warn"):
        return label
    return tuple(f"{text}{note}" for text, note in zip(label, words(f"worklist.{verdict}"), strict=True))


def _treatments_of(frame: pl.DataFrame, currency: str, labels: dict) -> str:
    rows = frame.group_by("treatment").agg(pl.len().alias("people"), *map(exact_sum, ("late_loans", "claimable_minor"))).sort(
        ["people", "treatment"], descending=[True, False]).to_dicts()
    longest, people = rows[0]["people"], frame.height
    strips = [(_clipped(_treatment(labels, row["treatment"])),
               [Strip(row["people"] / longest, words("people.money", n=count(row["people"]),
                                                     money=short_money(row["claimable_minor"], currency)), ACCENT)]) for row in rows]
    label = named("currency", currency)
    title = words("worklist.picture", currency=label)
    picture = figure(bars(f"treatments-{currency}", title, words("worklist.desc"), strips, label_width=134), title)
    columns = [(words("col.treatment"), TEXT)] + [(words(f"col.{name}"), NUMBER) for name in ("people", "share", "late_loans", "claimable")]
    body = [[_treatment(labels, row["treatment"]), count(row["people"]), share(row["people"], people), count(row["late_loans"]),
             money(row["claimable_minor"], currency)] for row in rows]
    total = [words("total"), count(people), "", count(sum(row["late_loans"] for row in rows)),
             money(sum(row["claimable_minor"] for row in rows), currency)]
    return beside(picture, table(f"treatments-{currency}-table", words("worklist.table", currency=label), columns, body, total))


def _reason_words(summary: dict) -> dict[str, Pair]:
    """The features of the night's models in words, by name."""
    models = (summary.get("scores") or {}).get("models") or []
    return {name: (text["zh"], text["en"]) for model in models for name, text in model.get("reason_words", {}).items()}


def _first_rows(frame: pl.DataFrame, labels: dict, reasons: dict[str, Pair]) -> str:
    shown = frame.sort("rank").head(ROWS_SHOWN)
    scored = [name for name in _SCORED if shown[name].null_count() < len(shown)]
    columns = [(words("col.rank"), NUMBER), (words("col.borrower"), CODE), (words("col.loan"), CODE), (words("col.late_loans"), NUMBER),
               (words("col.bucket.now"), TEXT), (words("col.dpd"), NUMBER), (words("col.product"), TEXT), (words("col.currency"), TEXT),
               (words("col.claimable"), NUMBER), *((words(f"col.{name}"), _SCORED[name]) for name in scored), (words("col.treatment"), TEXT), (words("col.reason"), PROSE),
               (words("col.rule"), CODE)]
    rows = [[count(row["rank"]), row["borrower_id"], row["loan_id"], count(row["late_loans"]), row["bucket"], count(row["days_past_due"]),
             row["product"], row["currency"], money(row["claimable_minor"], row["currency"]), *(_scored(row, name, reasons) for name in scored),
             _with_verdict(_treatment(labels, row["treatment"]), row["verdict"]),
             (row["reason_zh"], row["reason_en"]), row["rule"]] for row in shown.iter_rows(named=True)]
    caption = words("worklist.first", shown=count(shown.height), total=count(frame.height))
    return table("worklist-table", caption, columns, rows)


_SCORED = {"expected_minor": NUMBER, "pay_probability": NUMBER, "score_reasons": PROSE, "reach_hour": TEXT}
"""What a released model adds to a row of the list, and how it is set."""


def _scored(row: dict, name: str, reasons: dict[str, Pair]) -> Cell:
    """One figure of a model as the list shows it; a dash where no model speaks."""
    if row[name] is None:
        return "–"
    if name == "expected_minor":
        return money(row[name], row["currency"])
    if name == "pay_probability":
        return share(row[name], 1.0)
    if name == "reach_hour":
        channel = named("channel", row["reach_channel"])
        return tuple(f"{text} {row[name]:02d}:00 ({row['reach_probability']:.0%})" for text in channel)
    said = [reasons.get(reason, (reason, reason)) for reason in row[name].split("; ") if reason]
    return "；".join(zh for zh, _ in said) or "–", "; ".join(en for _, en in said) or "–"


def _check(key: str, number: int) -> str:
    return f'<li class="open">{say(key, n=count(number))}</li>' if number else f'<li>{say(f"{key}.none")}</li>'


def _clipped(label: Pair) -> Pair:
    """A label short enough to stand beside a bar; the table has it in full."""
    return tuple(text if len(text) <= _LABEL_CHARACTERS else text[:_LABEL_CHARACTERS - 1] + "…" for text in label)


def _command(key: str, command: str) -> str:
    return f'<div class="command">{say(key)}<code>{escape(command)}</code></div>'
