"""Offers rest on published criteria alone: two people who are equal in these are offered the same, whatever else is known or predicted of them.

Source: 个人信息保护法 Art. 24 (no unreasonable difference of price or other terms by automated decision; the result must be transparent and fair). That an offer
may rest on no more than PUBLISHED is this project's own, stricter reading; so are the bounds on its size: the statute names no number.
"""

import re

import numpy as np
import polars as pl

from arrears.money import PPM
from arrears.strategy.conditions import FIELDS, demand_segments, first_fit
from arrears.strategy.strategy import Offer, Segment, Strategy, Treatment, When
from arrears.strict_yaml import BadYaml

PUBLISHED = tuple(name for name, field in FIELDS.items() if field.rests_on == "published")
"""The criteria on which an offer may rest; whoever asks is told of them."""
SHIFT_DAYS_MOST = 365
"""Our own bound, not the law's: what is put off by more than a year is a new agreement, not a shifted date."""
_LAW = "个人信息保护法 Art. 24: a decision by machine may not differ in price or terms by who somebody is or is predicted to be"
_WHY_NOT = {
    "predicted": "is a prediction; it may choose channel and hour, never what is offered",
    "state": "is no published criterion",
    "derived": "is no published criterion",
}
_WAIVED = r"(?:减免|免除|减收|折扣|优惠|waive|waiver|discount|off\b)"
_PRICE = re.compile(rf"{_WAIVED}[^0-9，,。；;.\n]{{0,12}}[0-9]|[0-9](?:[0-9.,]*)[%％元]?[^0-9，,。；;.\n]{{0,8}}{_WAIVED}|[0-9一二三四五六七八九]折|免息|免罚", re.IGNORECASE)


def check_offers(strategy: Strategy, name: str) -> None:
    """Raises BadYaml, naming the row and the field, where what somebody is offered could rest on anything but PUBLISHED, or an offer is no possible one.

    An offer rests on a field through its own conditions, and through a segment by the conditions of that segment and of all before it, since these decide
    who is left for it. An arm of an experiment replaces treatments and never an offer, so what remains is a treatment whose text names a price: refused.
    """
    demand_segments([(_place(name, place, offer), offer.when) for place, offer in enumerate(strategy.offers, start=1)], tuple(one.name for one in strategy.segments))
    for place, offer in enumerate(strategy.offers, start=1):
        where = _place(name, place, offer)
        for field, through in rests_on(offer.when, strategy.segments).items():
            if field not in PUBLISHED:
                by = f", {through[0]}: through the segment {through[1]} it rests on {field}, which" if through else f", {field}: {field}"
                raise BadYaml(f"{where}{by} {_WHY_NOT[FIELDS[field].rests_on]}. An offer may rest on {', '.join(PUBLISHED)} alone ({_LAW}); take the field out of it")
        _demand_possible(offer, where)
    for treatment in strategy.treatments:
        _demand_no_price(treatment, name)


def rests_on(when: When, segments: tuple[Segment, ...]) -> dict[str, tuple[str, str] | None]:
    """The fields that decide whether these conditions hold; beside each None, or ("segment", name) where it decides by way of a segment."""
    found: dict[str, tuple[str, str] | None] = {}
    for field, cell in when:
        if field != "segment":
            found[field] = None
            continue
        for value in cell:
            place = next(place for place, segment in enumerate(segments) if segment.name == value)
            for segment in segments[:place + 1]:
                for below, _ in segment.when:
                    found.setdefault(below, ("segment", value))
    return found


def offers_of(offers: tuple[Offer, ...], frame: pl.DataFrame) -> np.ndarray:
    """The place of the offer that each row of the frame meets first, as uint16; the frame has the published fields that are named."""
    return first_fit(tuple(offer.when for offer in offers), frame)


def _place(name: str, place: int, offer: Offer) -> str:
    return f"{name}, offers, row {place} ({offer.name})"


def _demand_possible(offer: Offer, where: str) -> None:
    if offer.instalments_most < 0 or offer.instalments_most == 1:
        raise BadYaml(f"{where}, instalments_most: {offer.instalments_most} is no plan of instalments; write 2 or more, or leave it out")
    if not 0 <= offer.shift_days_most <= SHIFT_DAYS_MOST:
        raise BadYaml(f"{where}, shift_days_most: {offer.shift_days_most} is beyond 0 to {SHIFT_DAYS_MOST} days (this project's bound); make it an instalment plan instead")
    for key, share in (("waive_penalty", offer.waive_penalty_ppm), ("waive_interest", offer.waive_interest_ppm)):
        if not 0 <= share <= PPM:
            raise BadYaml(f"{where}, {key}: {share / 10_000:g}% is beyond 0 to 100% of what is due")


def _demand_no_price(treatment: Treatment, name: str) -> None:
    found = _PRICE.search(treatment.text or "")
    if found:
        raise BadYaml(f"{name}, treatments, {treatment.name}, text: {found[0]!r} promises a price, and who gets a treatment may rest on predictions; put what is offered "
                      f"under offers, where it is the same for everyone who meets the criteria ({_LAW})")
