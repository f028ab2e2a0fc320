"""A model's card: one page that says to a risk officer what the model estimates, how well, for whom, and where not to trust it."""

from html import escape

from arrears.modelling import card_features, card_figures, card_watch
from arrears.modelling.card_figures import is_of_shares
from arrears.modelling.card_words import Pair, named, words
from arrears.pages.amounts import count, figure, rate
from arrears.pages.markup import CODE, PROSE, TEXT, Cell, both, empty, paragraph, say, section, table
from arrears.pages.page import page, switch

_DASH = "–"


def card_page(card: dict) -> str:
    """The page of a card, in Chinese and English; the same card, the same bytes. Everything from the card is escaped.

    A part the card has nothing for says so. Keys: docs/algorithms/scores_watched.md; only model, family, kind, version and event are demanded.
    """
    bodies = {"card_says": _says(card), "card_figures": card_figures.figures(card), "card_calibration": card_figures.calibration(card),
              "card_ranking": card_figures.ranking(card), "card_bands": card_figures.bands(card), "card_features": card_features.features(card),
              "card_stability": card_watch.stability(card), "card_fairness": card_watch.fairness(card), "card_stress": card_watch.stress(card),
              "card_later": card_watch.later(card), "card_challenger": card_watch.challenger(card), "card_limits": _limits(card),
              "card_source": _source(card)}
    if is_of_shares(card):
        del bodies["card_ranking"]
    selected = card.get("selected_is")
    facts = {"card_fairness": {"selected": (selected["zh"], selected["en"]) if selected else words("card_fairness.selected")}}
    title = escape(" / ".join(words("card.title")) + f" · {card['model']} · {card['version']}")
    parts = "".join(section(name, body, **facts.get(name, {})) for name, body in bodies.items())
    return page(title, _header(card, list(bodies)), _tiles(card) + parts, say("card.foot"))


def _header(card: dict, names: list[str]) -> str:
    links = "".join(f'<a href="#{name}">{number}. {say(f"{name}.title")}</a>' for number, name in enumerate(names, 1))
    return (f'<header><div><h1>{say("card.title")}</h1><p>{say("card.of", model=card["model"], version=card["version"])}<br>'
            f'{say("card.known", as_of=card.get("as_of") or _DASH, known_at=card.get("known_at") or _DASH)}</p></div>{switch()}</header>'
            f'<nav aria-labelledby="contents"><b id="contents">{say("page.sections")}</b>{links}</nav>')


def _tiles(card: dict) -> str:
    """The four figures to see first."""
    measured, found = (card.get("metrics", {}).get("test") or {}), card.get("data", {})
    keys = ("r2", "spearman", "mae") if is_of_shares(card) else ("auc", "ks", "ece")
    tiles = "".join(_tile(f"card.tile.{key}", figure((measured.get(key) or {}).get("value")), _interval(measured.get(key)), "first" if key in ("auc", "r2") else "")
                    for key in keys)
    suffix = ".share" if is_of_shares(card) else ""
    note = words(f"card.tile.rows{suffix}", rows=count(found.get("rows")), events=count(_whole(found.get("events"))))
    return f'<dl class="tiles">{tiles}{_tile(f"card.tile.rate{suffix}", rate(found.get("base_rate")), note)}</dl>'


def _tile(key: str, shown: str, note: Pair, kind: str = "") -> str:
    return f'<div class="{kind}"><dt>{say(key)}</dt><dd class="big">{both(shown)}</dd><dd class="small">{both(note)}</dd></div>'


def _interval(measured: dict | None) -> Pair:
    if not measured or measured.get("low") is None:
        return words("card.tile.none")
    return words("card.tile.interval", low=figure(measured["low"]), high=figure(measured["high"]))


def _says(card: dict) -> str:
    event, how, found = card["event"], card.get("validation") or {}, card.get("data") or {}
    said = [say("card_says.event", event=(event["zh"], event["en"]))]
    if event.get("horizon_days"):
        said.append(say("card_says.horizon", days=event["horizon_days"]))
    said.append(say("card_says.bad" if event.get("is_bad") else "card_says.good"))
    if card["kind"] == "scorecard":
        said.append(say("card_says.points"))
    suffix = ".share" if is_of_shares(card) else ""
    body = paragraph(" ".join(said), "plain")
    if how:
        key = "card_says.out_of_time" if how.get("how") == "out_of_time" else "card_says.random"
        body += paragraph(say(key + suffix, train=count(how.get("train_rows")), test=count(how.get("test_rows")), events=count(_whole(how.get("test_events"))),
                              start=str(how.get("from") or _DASH), end=str(how.get("to") or _DASH), seed=str(how.get("seed", _DASH))), "plain")
    span = " – ".join(str(found[end]) for end in ("from", "to") if found.get(end)) or _DASH
    rows: list[list[Cell]] = [
        [words("card_says.family"), named("card.family", card["family"])], [words("card_says.kind"), named("card.kind", card["kind"])],
        [words("card_says.from"), str(found.get("source") or _DASH)], [words("card_says.digest"), str(found.get("digest") or _DASH)],
        [words("card_says.rows"), count(found.get("rows"))],
        *([] if suffix else [[words("card_says.events"), count(_whole(found.get("events")))]]),
        [words(f"card_says.base_rate{suffix}"), rate(found.get("base_rate"))], [words("card_says.span"), span]]
    body += table("card-data", words("card_says.data"), [(words("card.key"), TEXT), (words("col.value"), PROSE)], rows)
    body += "".join(paragraph(both((note["zh"], note["en"])), "plain") for note in found.get("notes") or ())
    if found.get("left_out"):
        body += table("card-left-out", words("card_says.left_out"), [(words("card.column"), CODE), (words("card.why"), PROSE)],
                      [[entry["column"], (entry["zh"], entry["en"])] for entry in found["left_out"]])
    return body


def _limits(card: dict) -> str:
    if not card.get("limits"):
        return empty("card_limits.none")
    return f'<ul class="checks">{"".join(f"""<li class="open">{both((one["zh"], one["en"]))}</li>""" for one in card["limits"])}</ul>'


def _source(card: dict) -> str:
    rows: list[list[Cell]] = [[words("card_source.model"), card["model"]], [words("card_source.version"), str(card["version"])],
                              [words("card_source.digest"), str(card.get("digest") or _DASH)]]
    rows += [[str(name), str(version)] for name, version in sorted((card.get("versions") or {}).items())]
    return table("card-versions", words("card_source.table"), [(words("card.key"), TEXT), (words("col.value"), f"{CODE} {PROSE}")], rows)


def _whole(number: float | None) -> int | None:
    return None if number is None else round(number)
