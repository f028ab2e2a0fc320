"""The night's report: one page of HTML that needs nothing but itself, in Chinese and English."""

from html import escape

import polars as pl

from arrears.delinquency.buckets import SETTLED
from arrears.nightly import report_book, report_choice, report_cohorts, report_gate, report_scores, report_work
from arrears.nightly.wording import Pair, named, words
from arrears.pages.amounts import count, money, share, short_money
from arrears.pages.markup import Cell, both, empty, paragraph, say, section
from arrears.pages.page import page, switch

_PARTS = ("buckets", "classes", "movements", "rolls", "first_payment_default", "vintage", "recovery", "scores", "worklist", "choice", "cases", "gate", "look", "source")
_OF_EARLIER_NIGHTS = ("movements", "rolls", "recovery")


def render(summary: dict, tables: dict[str, pl.DataFrame], worklist: pl.DataFrame) -> str:
    """The page for one night, from its summary, its tables by name and its worklist. Same input, same bytes.

    The page makes no request: its own policy forbids it, and only its own style and script, named by digest, may run.
    Without script the page is in Chinese and the switch still works. A table that is absent or empty is said to be so.
    """
    title = escape(" / ".join(words("page.title")) + f" · {summary['as_of']} · {summary['book']}")
    parts = "".join(section(name, body, **_facts_of(name)) for name, body in _bodies(summary, tables, worklist).items())
    return page(title, _header(summary), f"{_headline(summary, tables.get('buckets'), worklist)}\n{parts}", say("page.foot"))


def _header(summary: dict) -> str:
    links = "".join(f'<a href="#{name}">{number}. {say(f"{name}.title")}</a>' for number, name in enumerate(_shown(summary), 1))
    return (f'<header><div><h1>{say("page.title")}</h1>'
            f'<p>{say("page.of", as_of=summary["as_of"], book=summary["book"])}<br>'
            f'{say("page.known", known_at=summary["known_at"])}</p></div>'
            f"{switch()}</header>"
            f'<nav aria-labelledby="contents"><b id="contents">{say("page.sections")}</b>{links}</nav>')


def _headline(summary: dict, buckets: pl.DataFrame | None, worklist: pl.DataFrame) -> str:
    """The figures to see first: counts for the whole book, then amounts for each currency."""
    if not summary["loans"]:
        return empty("no.loans", as_of=summary["as_of"])
    late = summary["late_loans"]
    if _has_rows(buckets):
        unsettled = int(buckets.filter(pl.col("state") != SETTLED)["loans"].sum())
        late_note = words("head.late.note", share=share(late, unsettled))
        loans_note = words("head.loans.note", open=count(unsettled), borrowers=count(summary["borrowers"]))
    else:
        late_note = words("head.late.note.all", share=share(late, summary["loans"]))
        loans_note = words("head.borrowers.note", borrowers=count(summary["borrowers"]))
    counts = (_tile("head.loans", count(summary["loans"]), loans_note) + _tile("head.late", count(late), late_note)
              + _tile("head.people", count(worklist["borrower_id"].n_unique()),
                      words("head.people.note", rows=count(summary["worklist_rows"])), "first"))
    amounts = "".join(_amounts(sums, currency) for currency, sums in sorted(summary["currencies"].items()))
    return f'<dl class="tiles three">{counts}</dl>{amounts}{paragraph(say("head.how"), "how")}'


def _amounts(sums: dict, currency: str) -> str:
    names = (("principal", "outstanding_principal_minor", ""), ("due", "due_total_minor", ""), ("claimable", "claimable_minor", "first"),
             ("withheld", "excess_minor", "warn" if sums["excess_minor"] else ""))
    label = named("currency", currency)
    tiles = "".join(_tile(f"head.{name}", short_money(sums[key], currency),
                          tuple(f"{text} {money(sums[key], currency)}" for text in label), kind) for name, key, kind in names)
    return f'<dl class="tiles">{tiles}</dl>'


def _tile(key: str, figure: Cell, note: Pair, kind: str = "") -> str:
    return f'<div class="{kind}"><dt>{say(key)}</dt><dd class="big">{both(figure)}</dd><dd class="small">{both(note)}</dd></div>'


def _bodies(summary: dict, tables: dict[str, pl.DataFrame], worklist: pl.DataFrame) -> dict[str, str]:
    """The body of each part, in the order of the page."""
    drawn = {"buckets": report_book.buckets, "classes": report_book.classes, "movements": report_book.movements,
             "rolls": report_book.rolls, "first_payment_default": report_cohorts.first_payment_default,
             "vintage": report_cohorts.vintage, "recovery": report_cohorts.recovery}
    bodies = {name: draw(tables[name]) if _has_rows(tables.get(name)) else _nothing(name, summary) for name, draw in drawn.items()}
    bodies["worklist"] = report_work.worklist(worklist, summary)
    bodies["scores"] = report_scores.scores(summary)
    bodies["choice"] = report_choice.choice(summary)
    bodies["cases"] = report_choice.cases(summary)
    bodies["gate"] = report_gate.gate(summary)
    bodies["look"] = report_work.look_first(summary)
    bodies["source"] = report_work.source(worklist, summary)
    return {name: bodies[name] for name in _shown(summary)}


def _shown(summary: dict) -> tuple[str, ...]:
    """The parts of the page in order; a book without loans has nothing to say but where that comes from. A night that knew of no scores shows none."""
    return tuple(name for name in _PARTS if name != "scores" or "scores" in summary) if summary["loans"] else ("source",)


def _facts_of(name: str) -> dict[str, Cell]:
    """What the sentence of a part needs to know beside its figures."""
    return {"bands": report_book.bands()} if name == "buckets" else {}


def _has_rows(frame: pl.DataFrame | None) -> bool:
    return frame is not None and not frame.is_empty()


def _nothing(name: str, summary: dict) -> str:
    """What a part says without rows: which night to run first where it compares nights, else that there are none."""
    if name in _OF_EARLIER_NIGHTS and not summary["earlier_nights"]:
        return report_book.no_earlier_night(summary) if name == "movements" else empty("movements.empty.short")
    return empty(f"{name}.empty" if name in ("first_payment_default", "vintage") else "none.here")
