"""The preview of a change of law as one page, in Chinese and English."""

from html import escape

from arrears.nightly.wording import named, words
from arrears.pages.amounts import count, money
from arrears.pages.markup import CODE, NUMBER, PROSE, TEXT, Cell, empty, paragraph, say, section, table
from arrears.pages.page import page, switch


def hypotheticals(summary: dict) -> list[str]:
    """What the two packs say of themselves where they are made up; a preview of such a pack says so wherever it is read."""
    return sorted({summary[side]["hypothetical"] for side in ("before", "after")} - {None})


def sides_of(summary: dict) -> dict[str, Cell]:
    """The two packs by id and version; of two that differ under one version the second says so."""
    before, after = (f"{summary[side]['id']} {summary[side]['version']}" for side in ("before", "after"))
    is_renamed = before != after or summary["before"]["digest"] == summary["after"]["digest"]
    return {"before": before, "after": after if is_renamed else words("impact.same_version", pack=after)}


def render(summary: dict) -> str:
    """The page for one preview, from its summary. Same input, same bytes."""
    title = escape(" / ".join(words("impact.title")) + f" · {summary['as_of']} · {summary['book']}")
    sides = sides_of(summary)
    header = (f'<header><div><h1>{say("impact.title")}</h1><p>{say("page.of", as_of=summary["as_of"], book=summary["book"])}<br>'
              f'{say("impact.of", **sides)}</p></div>{switch()}</header>')
    marked = "".join(empty("impact.hypothetical", said=said) for said in hypotheticals(summary))
    body = marked + section("impact_money", _amounts(summary)) + section("impact_contacts", _contacts(summary))
    return page(title, header, body, say("impact.foot", before=summary["before"]["digest"][:16], after=summary["after"]["digest"][:16]))


def _amounts(summary: dict) -> str:
    if not summary["loans_changed"]:
        return empty("impact.no_loans")
    columns = [(words("col.regime"), CODE), (words("col.currency"), TEXT), (words("col.loans"), NUMBER), (words("col.changed"), NUMBER),
               (words("col.before"), NUMBER), (words("col.after"), NUMBER), (words("col.difference"), NUMBER), (words("col.overpaid_more"), NUMBER),
               (words("col.unknown_caps"), NUMBER)]
    rows: list[list[Cell]] = [
        [row["regime"], row["currency"], count(row["loans"]), count(row["changed_loans"]), money(row["claimable_before"], row["currency"]),
         money(row["claimable_after"], row["currency"]), money(row["claimable_after"] - row["claimable_before"], row["currency"]),
         count(row["more_overpaid_loans"]), f"{count(row['unknown_before'])} → {count(row['unknown_after'])}"]
        for row in summary["by_regime"]
    ]
    head = paragraph(say("impact.people", loans=count(summary["loans_changed"]), people=count(summary["people_changed"])), "plain")
    return head + table("impact-money", words("impact.money"), columns, rows)


def _contacts(summary: dict) -> str:
    contacts = {kind: count(number) for kind, number in summary["contacts"].items()}
    head = paragraph(say("impact.judged", treatments=count(summary["treatments_changed"]), **contacts), "plain")
    if not summary["by_rule"]:
        return head + empty("impact.no_rules")
    columns = [(words("col.gate_rule"), PROSE), (words("col.becomes"), TEXT), (words("col.loans"), NUMBER), (words("col.gate_source"), CODE),
               (words("col.rule"), CODE)]
    rows: list[list[Cell]] = [[(row["title_zh"], row["title_en"]), words(f"impact.{row['becomes']}"), count(row["loans"]), named("gate_source", row["source"]), row["rule"]]
                              for row in summary["by_rule"]]
    return head + table("impact-rules", words("impact.rules"), columns, rows)
