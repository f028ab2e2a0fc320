"""Parts of a model's card about where it may fail: stability, fairness, a downturn, later outcomes, a challenger."""

from arrears.modelling.card_words import words
from arrears.pages.amounts import chance, count, figure, rate, rate_with_interval, with_interval
from arrears.pages.markup import NUMBER, PROSE, TEXT, Cell, both, empty, paragraph, say, table
from arrears.pages.score_tables import fairness_table, level_words


def stability(card: dict) -> str:
    """The PSI of the estimates between fitting and test rows; the CSI of each feature stands with the features."""
    found = card.get("stability")
    if not found or found.get("psi") is None:
        return empty("card_stability.none")
    judged = level_words(found["level"]) if found.get("level") else None
    said = paragraph(say("card_stability.psi", psi=figure(found["psi"]), then=count(found.get("rows_then")), now=count(found.get("rows_now"))), "plain")
    return said + (paragraph(say("card_stability.level", level=judged), "plain") if judged else "")


def fairness(card: dict) -> str:
    """Groups of people side by side, or that nobody could look."""
    groups = card.get("fairness") or []
    return fairness_table("card-fairness", words("card_fairness.table"), groups) if groups else empty("card_fairness.none")


def stress(card: dict) -> str:
    """The rows as they are and under each downturn."""
    found = card.get("stress") or []
    if not found:
        return empty("card_stress.none")
    columns = [(words("card.scenario"), TEXT), (words("card.assumes"), PROSE)]
    columns += [(words(f"card.{key}"), NUMBER) for key in ("odds", "mean_estimate", "worst_share", "expected")] + [(words("card.moved"), PROSE)]
    rows: list[list[Cell]] = [[(one["zh"], one["en"]), (one.get("says_zh") or "–", one.get("says_en") or "–"), figure(one.get("odds"), 2), rate(one["mean_estimate"]),
                               rate(one["worst_share"]), f"{one['expected']:,.0f}", ", ".join(one.get("moved") or ()) or "–"] for one in found]
    return table("card-stress", words("card_stress.table"), columns, rows)


def later(card: dict) -> str:
    """What became of the bands since: how many are late now, and of those late a month before how many cured and how much was collected."""
    found = card.get("later") or []
    if not found:
        return empty("card_later.none")
    columns = [(words("card.night"), TEXT), (words("scores.band"), TEXT)] + [(words(f"scores.{key}"), NUMBER) for key in ("rows", "estimated")]
    columns += [(words(f"card_later.{key}"), NUMBER) for key in ("late30", "late_then", "cured", "collected")]
    rows: list[list[Cell]] = [[str(one.get("as_of") or "–"), str(one["band"]), count(one["rows"]), rate(one.get("predicted")),
                               rate_with_interval({"value": one["observed"], "low": one.get("low"), "high": one.get("high")}), count(one.get("late_then")),
                               rate(one.get("cured_share")), rate(one.get("collected_share"))] for one in found]
    return table("card-later", words("card_later.table"), columns, rows)


def challenger(card: dict) -> str:
    """The verdict on a challenger and its paired differences."""
    found = card.get("challenger")
    if not found:
        return empty("card_challenger.none")
    rows: list[list[Cell]] = [[words(f"metric.{name}"), with_interval(found[name], 4), chance(found[name].get("p"))]
                              for name in ("auc", "brier", "log_loss") if found.get(name)]
    said = paragraph(both((found["zh"], found["en"])), "plain")
    columns = [(words("card.figure"), TEXT), (words("card.difference"), NUMBER), (words("card.p"), NUMBER)]
    caption = words("card_challenger.table", challenger=found["challenger"], champion=found["champion"], rows=count(found["rows"]))
    return said + (table("card-challenger", caption, columns, rows) if rows else "")
