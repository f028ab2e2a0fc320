"""The part of the report about the gate: what the law and the lender's policy let through tonight, by rule."""

from datetime import date, timedelta

from arrears.nightly.wording import named, words
from arrears.pages.amounts import count, money
from arrears.pages.markup import CODE, NUMBER, PROSE, TEXT, Cell, empty, paragraph, say, table


def gate(summary: dict) -> str:
    """How many people were refused, are to be released by a person, or want a reason; then each rule that spoke."""
    found = summary["gate"]
    people = {verdict: count(found["people"][verdict]) for verdict in ("deny", "review", "warn")}
    moment = f"{date.fromisoformat(summary['as_of']) + timedelta(days=1)} {found['contact_at']}"
    head = paragraph(say("gate.people", moment=moment, pack=f"{found['pack']} {found['pack_version']}", loans=count(found["refused_loans"]), **people), "plain")
    if not found["lender_is_known"]:
        head += empty("gate.no_lender", loans=count(found["uncovered_loans"]))
    elif found["uncovered_loans"]:
        head += paragraph(say("gate.uncovered", loans=count(found["uncovered_loans"])), "plain")
    if found["by_other_product"]:
        head += paragraph(say("gate.other_product", products=", ".join(found["by_other_product"]), other=found["other_product"]), "plain")
    if not found["rules"]:
        return head + empty("gate.silent")
    columns = [(words("col.gate_rule"), PROSE), (words("col.verdict"), TEXT), (words("col.gate_source"), CODE), (words("col.people"), NUMBER),
               (words("col.late_loans"), NUMBER), (words("col.claimable"), NUMBER), (words("col.rule"), CODE)]
    rows: list[list[Cell]] = [
        [(row["title_zh"], row["title_en"]), words(f"verdict.{row['verdict']}"), named("gate_source", row["source"]), count(row["people"]), count(row["loans"]),
         _sums(row["claimable_minor"]), row["rule"]] for row in found["rules"]
    ]
    return head + table("gate-table", words("gate.table"), columns, rows) + _refused(summary)


def _refused(summary: dict) -> str:
    """The first of those who were refused, so that a team lead need not open a file to see them."""
    found, labels = summary["gate"], summary["treatment_words"]
    if not found["refused"]:
        return ""
    columns = [(words("col.borrower"), CODE), (words("col.loan_id"), CODE), (words("col.treatment"), TEXT), (words("col.currency"), TEXT),
               (words("col.claimable"), NUMBER), (words("col.rule"), CODE)]
    rows: list[list[Cell]] = [
        [row["borrower_id"], row["loan_id"], (labels[row["treatment"]]["zh"], labels[row["treatment"]]["en"]), row["currency"],
         money(row["claimable_minor"], row["currency"]), row["rules"]] for row in found["refused"]]
    return table("gate-refused", words("gate.refused", shown=count(len(rows)), total=count(found["refused_loans"])), columns, rows)


def _sums(by_currency: dict[str, int]) -> str:
    return ", ".join(money(amount, currency) if len(by_currency) == 1 else f"{currency} {money(amount, currency)}"
                     for currency, amount in by_currency.items())
