"""A night's proposals before the gate: each contact that is proposed is judged as if it were made tomorrow morning.

One row is asked per person, treatment and kind of product, each as if the others were not made. The hours of the day are judged again
at the moment of contact; so are caps, statuses and limitation, which the book does not hold, and the recording and the staff of a visit,
which the night takes for given. The book holds no numbers either, so all dials to a person count as dials to one number, which is the
stricter reading. Source: spec verdicts; DESIGN, decision 5.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl

from arrears.compliance.asked import FAILED, NEVER, NO_TEXT, NOT_EXPIRING, Asked, Consents, Past, Rows, code
from arrears.compliance.screen import Prepared, Verdicts, screen
from arrears.days import number_of
from arrears.law.lender import Lender
from arrears.law.rules import ACTORS, CHANNELS, LICENCES, PRODUCTS, PURPOSES, RELATIONS, VERDICTS
from arrears.money import exact_sum
from arrears.tables.consents import CONSENT_KINDS
from arrears.tables.contacts import DIRECTIONS, OUTCOMES
from arrears.tables.holds import HOLD_KINDS, stands_on
from arrears.zones import instants_at

STAFF_OF_A_VISIT = 2
_BY = ["borrower_id", "treatment", "product_of_law"]


def screened(
    proposals: pl.DataFrame, contacts: pl.DataFrame, consents: pl.DataFrame, holds: pl.DataFrame, gate: Prepared, lender: Lender,
    ways: dict[str, tuple[str, str | None]], as_of: date,
) -> pl.DataFrame:
    """The proposals in their order, each with channel, verdict (null where it is no contact), the ids of the rules that speak, and
    whether the pack covers it.

    proposals: one row per late loan, all of a person among them. contacts and consents: of these people, as tables/facts.py says;
    holds: one row per hold with borrower_id. ways: of each treatment that is a contact its channel and its text.
    """
    of_law = pl.col("product").replace_strict(lender.products, default=lender.other_product, return_dtype=pl.String)
    channel = pl.col("treatment").replace_strict({name: way[0] for name, way in ways.items()} or {"": ""}, default=None, return_dtype=pl.String)
    proposals = proposals.with_columns(channel=channel, product_of_law=of_law)
    people = proposals.filter(pl.col("channel").is_not_null()).group_by(*_BY, "channel").agg(
        exact_sum("claimable_minor"), pl.col("loan_id")).sort(_BY)
    if people.is_empty():
        return proposals.drop("product_of_law").with_columns(
            verdict=pl.lit(None, pl.String), rules=pl.lit(None, pl.String), is_covered=pl.lit(None, pl.Boolean))
    asked = _asked(people, contacts, consents, holds.filter(stands_on(as_of)), gate, lender, ways, as_of)
    verdicts = screen(asked, gate)
    judged = people.select(_BY).with_columns(
        verdict=pl.Series([VERDICTS[level] for level in verdicts.level], dtype=pl.String), rules=_rules(verdicts, gate),
        is_covered=pl.Series(verdicts.uncovered == 0))
    return proposals.join(judged, on=_BY, how="left", maintain_order="left").drop("product_of_law")


def midnight_after(as_of: date, gate: Prepared, lender: Lender) -> int:
    """The instant (microseconds) at which the day as_of is over in every zone of the lender's people."""
    return max(instants_at(zone, number_of(as_of + timedelta(days=1)), 0)[0] for zone in _zones(gate, lender))


def _zones(gate: Prepared, lender: Lender) -> tuple[str, ...]:
    return (gate.pack.zone,) if gate.pack.zone else lender.zones


def _asked(people, contacts, consents, holds, gate: Prepared, lender: Lender, ways, as_of: date) -> Asked:
    count, zeros = len(people), np.zeros(len(people), np.int64)
    borrowers = people["borrower_id"].unique(maintain_order=True)
    zones, tomorrow = _zones(gate, lender), number_of(as_of + timedelta(days=1))
    at = max(instants_at(zone, tomorrow, lender.contact_minute)[0] for zone in zones)  # when it is that late in every zone
    past = _past(contacts, borrowers)
    first, last = _span(past["borrower_id"], people["borrower_id"])
    by_debt, debts = _by_debt(past, people) if _counts_by_debt(gate) else (past.clear(), people.clear().explode("loan_id"))
    debts_first, debts_last = _span_of_debts(by_debt, debts)
    per_row = people["loan_id"].list.len().to_numpy().astype(np.int64) if len(debts) else zeros
    debt_last = np.cumsum(per_row)
    agreed = _consents(consents, borrowers)
    consent_first, consent_last = _span(agreed["borrower_id"], people["borrower_id"])
    texts = [_filled(ways[name][1], lender) for name in ways]
    of_text = {name: place for place, name in enumerate(ways) if texts[place] is not None}
    small = {name: _codes(people, column, values) for name, column, values in (
        ("product", "product_of_law", PRODUCTS), ("channel", "channel", CHANNELS))}
    rows = Rows(
        at=np.full(count, at), known=np.full(count, at), licence=_same(count, LICENCES, lender.licence), actor=_same(count, ACTORS, lender.actor),
        purpose=_same(count, PURPOSES, "collect"), relation=_same(count, RELATIONS, "debtor"), number=zeros,
        staff=np.full(count, STAFF_OF_A_VISIT, np.int64), recorded=np.ones(count, np.bool_), debtor_status=np.zeros(count, np.int8),
        party_status=np.zeros(count, np.int8), holds=_held(people, holds), claimable=people["claimable_minor"].to_numpy(),
        limitation_on=np.full(count, NOT_EXPIRING, np.int64), zones=zeros, past_first=first, past_last=last, debtor_first=first, debtor_last=last,
        text=people["treatment"].replace_strict(of_text or {"": NO_TEXT}, default=NO_TEXT, return_dtype=pl.Int64).to_numpy(),
        debt_first=debt_last - per_row, debt_last=debt_last, consent_first=consent_first, consent_last=consent_last,
        numbers_first=zeros, numbers_last=zeros, **small,
    )
    return Asked(rows, _columns(past), _columns(by_debt), debts_first, debts_last, _consent_columns(agreed), np.zeros(0, np.int64),
                 tuple(text or "" for text in texts), (lender.zones,))


def _filled(text: str | None, lender: Lender) -> str | None:
    """The wording with a sum of nothing in the place of the amount: it is filled in with what may be demanded, never more."""
    return None if text is None else text.replace("{lender}", lender.name).replace("{amount}", "0.00")


def _held(people: pl.DataFrame, holds: pl.DataFrame) -> np.ndarray:
    """Per row the kinds of hold on any loan of the person, a bit each."""
    bit = pl.col("kind").replace_strict(list(HOLD_KINDS), [1 << place for place in range(len(HOLD_KINDS))], return_dtype=pl.Int64)
    of_person = holds.select("borrower_id", "kind").unique().group_by("borrower_id").agg(bit.sum().alias("held"))
    joined = people.select("borrower_id").join(of_person, on="borrower_id", how="left", maintain_order="left")
    return joined["held"].fill_null(0).cast(pl.Int8).to_numpy()


def _past(contacts: pl.DataFrame, borrowers: pl.Series) -> pl.DataFrame:
    """Contacts with the debtors themselves, in the order of Past."""
    if contacts.is_empty():
        return pl.DataFrame(schema={"borrower_id": pl.String, "loan_id": pl.String, "at": pl.Int64, "channel": pl.Int8, "direction": pl.Int8, "outcome": pl.Int8})
    own = contacts.filter((pl.col("relation") == "debtor") & pl.col("borrower_id").is_in(borrowers.implode()))
    reached = ~pl.col("outcome").is_in(list(FAILED))
    return own.select("borrower_id", "loan_id", pl.col("attempted_at").to_physical().alias("at"), reached.alias("reached"), *(
        pl.col(name).replace_strict(list(values), range(len(values)), return_dtype=pl.Int8)
        for name, values in (("channel", CHANNELS), ("direction", DIRECTIONS), ("outcome", OUTCOMES))
    )).sort("borrower_id", "at", "reached").drop("reached")


def _counts_by_debt(gate: Prepared) -> bool:
    return any(getattr(settings, "same", None) == "debt" for condition in gate.conditions for _, settings in condition.when)


def _by_debt(past: pl.DataFrame, people: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Past contacts once per loan they were about (all late loans of the person, where none is named); and each row's loans."""
    debts = people.select("borrower_id", "loan_id").explode("loan_id")
    every = debts.unique()
    named = past.filter(pl.col("loan_id").is_not_null())
    unnamed = past.filter(pl.col("loan_id").is_null()).drop("loan_id").join(every, on="borrower_id").select(past.columns)
    return pl.concat([named, unnamed]).sort("loan_id", "at"), debts


def _span_of_debts(by_debt: pl.DataFrame, debts: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return _span(by_debt["loan_id"].fill_null(""), debts["loan_id"].cast(pl.String))


def _span(within: pl.Series, keys: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Per key the first and last place (excluded) at which the sorted series has it."""
    return tuple(within.search_sorted(keys, side=side).cast(pl.Int64).to_numpy() for side in ("left", "right"))


def _columns(past: pl.DataFrame) -> Past:
    return Past(*(np.ascontiguousarray(past[name].to_numpy()) for name in ("at", "channel", "direction", "outcome")), np.zeros(len(past), np.int64))


def _consents(consents: pl.DataFrame, borrowers: pl.Series) -> pl.DataFrame:
    if consents.is_empty():
        return pl.DataFrame(schema={"borrower_id": pl.String, "kind": pl.String, "channel": pl.String, "from_hour": pl.String,
                                    "to_hour": pl.String, "given_at": pl.Datetime("us", "UTC"), "revoked_at": pl.Datetime("us", "UTC")})
    return consents.filter(pl.col("borrower_id").is_in(borrowers.implode())).sort("borrower_id", "given_at")


def _consent_columns(consents: pl.DataFrame) -> Consents:
    """Hours that are missing or cannot be read open nothing."""
    def minute(name: str) -> pl.Expr:
        hour = pl.col(name).str.extract_groups(r"^([01]\d|2[0-3]):([0-5]\d)$")
        read = hour.struct["1"].cast(pl.Int64) * 60 + hour.struct["2"].cast(pl.Int64)
        return read.alias(name)

    read = consents.with_columns(minute("from_hour"), minute("to_hour"))
    unread = read["from_hour"].is_null() | read["to_hour"].is_null()
    read = read.select(
        pl.col("kind").replace_strict(list(CONSENT_KINDS), range(len(CONSENT_KINDS)), return_dtype=pl.Int64),
        pl.col("channel").replace_strict(list(CHANNELS), range(len(CHANNELS)), default=-1, return_dtype=pl.Int64),
        *(pl.when(unread).then(0).otherwise(pl.col(name)).cast(pl.Int64).alias(name) for name in ("from_hour", "to_hour")),
        pl.col("given_at").to_physical(), pl.col("revoked_at").to_physical().fill_null(NEVER),
    )
    return Consents(*(np.ascontiguousarray(read[name].to_numpy()) for name in read.columns))


def _rules(verdicts: Verdicts, gate: Prepared) -> pl.Series:
    """Per row the ids of the grounds that speak, strictest first, in one text; empty where none does."""
    spoken_of = np.flatnonzero(verdicts.speaks.any(axis=0))
    speaks = verdicts.speaks[:, spoken_of]
    packed = np.ascontiguousarray(np.packbits(speaks, axis=0).T)  # a row's grounds as few bytes, so that few different ones are told apart fast
    _, first, which = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_inverse=True)
    words = ["", *("; ".join(gate.grounds[place].id for place in np.flatnonzero(speaks[:, row])) for row in first)]
    places = np.zeros(len(verdicts.level), np.uint32)
    places[spoken_of] = which.ravel() + 1
    return pl.Series("rules", words, dtype=pl.String).gather(places)


def _codes(people: pl.DataFrame, column: str, values: tuple[str, ...]) -> np.ndarray:
    return people[column].replace_strict(list(values), range(len(values)), return_dtype=pl.Int8).to_numpy()


def _same(count: int, values: tuple[str, ...], value: str) -> np.ndarray:
    return np.full(count, code(values, value), np.int8)
