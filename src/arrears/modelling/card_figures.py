"""Parts of a model's card about how good it is: figures, calibration, ranking, bands."""

from arrears.modelling.card_words import words
from arrears.pages.amounts import chance, count, figure, rate, with_interval
from arrears.pages.markup import NUMBER, TEXT, Cell, beside, empty, paragraph, say, table
from arrears.pages.markup import figure as drawn
from arrears.pages.pictures import WORSE, fills_key
from arrears.pages.plots import OTHERS_FILL, Dot, against_diagonal, curve, two_distributions
from arrears.pages.score_tables import calibration_table

_OF_EVENTS = ("auc", "gini", "ks", "brier", "log_loss", "ece", "ece_when_perfect", "calibration_p", "spiegelhalter_p")
_OF_SHARES = ("r2", "mae", "spearman", "coverage", "mean_gap")


def is_of_shares(card: dict) -> bool:
    """The model estimates a share of an amount, not yes or no."""
    return "r2" in (card.get("metrics", {}).get("test") or {})


def figures(card: dict) -> str:
    """Each figure of the fitting rows and of the test rows, with intervals; figures nobody gave are left out."""
    train, test = (card.get("metrics", {}).get(part) or {} for part in ("train", "test"))
    names = [name for name in (*_OF_EVENTS, *_OF_SHARES) if train.get(name) is not None or test.get(name) is not None]
    if not names:
        return empty("card.undefined")
    rows: list[list[Cell]] = [[words(f"metric.{name}"), _written(name, train.get(name)), _written(name, test.get(name))] for name in names]
    return table("card-figures", words("card_figures.table"), [(words("card.figure"), TEXT), (words("card.train"), NUMBER), (words("card.test"), NUMBER)], rows)


def calibration(card: dict) -> str:
    """The bands' estimates against their outcomes, as a plot and a table, and whether they are told from perfect ones."""
    bands = card.get("calibration") or []
    if not bands:
        return empty("card.undefined")
    p = (card.get("metrics", {}).get("test") or {}).get("calibration_p")
    said = "" if p is None else paragraph(say("card_calibration.bad" if p < 0.05 else "card_calibration.good", p=chance(p)), "plain")
    title = words("card_calibration.picture")
    dots = [Dot(band["predicted"], band["observed"], band.get("low"), band.get("high")) for band in bands]
    plot = against_diagonal("card-calibration-plot", title, words("card_calibration.desc"), dots, words("card_calibration.x"), words("card_calibration.y"))
    return said + beside(drawn(plot, title), calibration_table("card-calibration", words("card_calibration.table"), bands))


def ranking(card: dict) -> str:
    """The ROC curve and the distribution of estimates among events and others."""
    blocks = []
    if card.get("roc"):
        title = words("card_ranking.roc")
        blocks.append(drawn(curve("card-roc", title, words("card_ranking.roc.desc"), card["roc"], words("card_ranking.x"), words("card_ranking.y")), title))
    spread = card.get("distribution")
    if spread:
        title = words("card_ranking.spread")
        key = fills_key([(words("card.events"), WORSE), (words("card.others"), OTHERS_FILL)])
        plot = two_distributions("card-spread", title, words("card_ranking.spread.desc"), spread["edges"], spread["events"], spread["others"],
                                 words("card_ranking.estimate"), words("card_ranking.share"))
        blocks.append(drawn(plot, title, key))
    return beside(*blocks, kind="even") if blocks else empty("card.undefined")


def bands(card: dict) -> str:
    """The bands from the worst to the best, by points where the model has them."""
    found = card.get("bands") or []
    if not found:
        return empty("card.undefined")
    has_points = any(band.get("from_points") is not None for band in found)
    keys = [*(("points",) if has_points else ()), "estimate", "rows", "share", "events", "rate", "rows_so_far", "events_so_far"]
    suffix = ".share" if is_of_shares(card) else ""
    named = {key: key + suffix if key in ("events", "rate", "events_so_far") else key for key in keys}
    columns = [(words("scores.band"), TEXT)] + [(words(f"card.{named[key]}"), NUMBER) for key in keys]
    rows: list[list[Cell]] = []
    for band in found:
        cells = {"points": _span(band.get("from_points"), band.get("to_points"), lambda value: figure(value, 0)),
                 "estimate": _span(band.get("from_estimate"), band.get("to_estimate"), rate), "rows": count(band["rows"]), "share": rate(band.get("share")),
                 "events": figure(band.get("events"), 0), "rate": rate(band.get("rate")), "rows_so_far": rate(_rounded(band.get("rows_so_far"))),
                 "events_so_far": rate(_rounded(band.get("events_so_far")))}
        rows.append([str(band["band"]), *(cells[key] for key in keys)])
    return table("card-bands", words("card_bands.table"), columns, rows)


def _written(name: str, value: dict | float | None) -> str:
    if name.endswith("_p"):
        return chance(value)
    return with_interval(value, 4) if isinstance(value, dict) or value is None else figure(value, 4)


def _span(low: float | None, high: float | None, written) -> str:
    return "–" if low is None or high is None else f"{written(low)} – {written(high)}"


def _rounded(share: float | None) -> float | None:
    """A running total whose last digits are those of the sum's order reads 100 %, not 100.0 %."""
    return None if share is None else round(share, 9)
