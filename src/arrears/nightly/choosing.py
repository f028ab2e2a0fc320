"""The step of the night that needs everybody: what is chosen within the limits, and what the report says of it."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

import polars as pl

from arrears.allocation.roster import Roster, holds_on, is_away, minutes_on
from arrears.allot import LIMITS, ROW, WAITS, Choice, choice_of, expected
from arrears.money import PPM, exact_sum, half_up
from arrears.strategy.bounds import UNBOUNDED, counted
from arrears.strategy.strategy import PEOPLE, Strategy

HOUR = 60


def gathered(parts: list[tuple[pl.DataFrame, pl.DataFrame]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The entries and options of all partitions, in the order of borrower and currency: the same whatever partitions there are."""
    entries, options, before = [], [], 0
    for of_part, may in parts:
        entries.append(of_part)
        options.append(may.with_columns(pl.col("entry") + before))
        before += len(of_part)
    together = pl.concat(entries).with_row_index("entry").sort("borrower_id", "currency")
    moved = together.select("entry", pl.int_range(pl.len(), dtype=pl.UInt32).alias("now"))
    renamed = pl.concat(options).join(moved, on="entry", how="left").select(pl.col("now").alias("entry"), "treatment", "channel", "verdict", "rules")
    return together.drop("entry"), renamed.sort("entry", "treatment")


def chosen(entries: pl.DataFrame, options: pl.DataFrame, strategy: Strategy, roster: Roster | None, capacity: pl.DataFrame | None, as_of: date,
           faults: Mapping[str, object] = MappingProxyType({})) -> Choice:
    """The choice of the night. capacity: rows of the table capacity for the next day, None where the book has no such table; faults: agencies that may have no case."""
    return choice_of(entries, options, strategy, at_most(strategy, roster, capacity, as_of, faults))


def at_most(strategy: Strategy, roster: Roster | None, capacity: pl.DataFrame | None, as_of: date, faults: Mapping[str, object] = MappingProxyType({})) -> dict[str, int]:
    """Of each limit that is bounded by the roster the minutes of tomorrow of those who carry out what it counts, or the cases they can have; by the table
    capacity its attempts of tomorrow, 0 where it says nothing of that day. A limit whose source the book has not is missing.
    """
    found, day = {}, as_of + timedelta(days=1)
    for limit in strategy.limits:
        of = dict(limit.of)
        owners = tuple(sorted({one.owner for one in strategy.treatments if counted(limit, one, {})}))
        if limit.most_from == "roster" and roster is not None:
            found[limit.name] = minutes_on(roster, day, owners, of.get("skill")) if limit.counts == "minutes" else room_on(roster, day, owners, faults)
        elif limit.most_from == "capacity" and capacity is not None:
            rows = capacity.filter(pl.col("channel").is_in(of["channel"])) if "channel" in of and len(capacity) else capacity
            found[limit.name] = int(rows["attempts_max"].sum()) if len(rows) else 0
    return found


def room_on(roster: Roster, day: date, owners: tuple[str, ...], faults: Mapping[str, object]) -> int:
    """The cases that people and agencies of these owners can have on the day, those left out who are not there or may have none."""
    return sum(one.cases_most for one in roster.people if one.owner in owners and holds_on(one.term, day) and not is_away(one, day) and one.name not in faults)


def choice_summary(choice: Choice, strategy: Strategy) -> dict:
    """What the summary keeps of a choice: each limit with what it counts and costs, what is expected by currency, the certificate, what restraint saved."""
    entries = choice.entries
    how = dict(entries["chosen_by"].value_counts().iter_rows())
    return {
        "limits": [_limit(choice, row) for row in range(len(choice.bounds.names))],
        "parts": [{"currency": part.currency, "entries": part.entries, "worth_minor": part.worth_minor, "bound_minor": part.bound_minor} for part in choice.parts],
        "expected": expected(choice, strategy), "yielded": [list(pair) for pair in choice.yielded],
        "by_row": how.get(ROW, 0), "by_limits": how.get(LIMITS, 0), "waiting": how.get(WAITS, 0), "saved": _saved(entries, strategy),
        "assumed": entries["expected_minor"].null_count() > 0, "source": strategy.expected.source,
    }


def _limit(choice: Choice, row: int) -> dict:
    bounds, limit = choice.bounds, choice.bounds.limits[row]
    price = int(choice.parts[0].prices[row]) if choice.parts else 0
    price = price * 1_000_000 if limit.counts == "complaints" else price  # complaints are counted in millionths
    is_shut = bounds.most[row] == 0  # of nothing at all one more has no price that means anything
    return {
        "name": bounds.names[row], "zh": limit.zh, "en": limit.en, "counts": limit.counts, "used": int(choice.used[row]),
        "most": None if bounds.most[row] == UNBOUNDED else int(bounds.most[row]), "least": int(bounds.least[row]) or None, "people": int(bounds.people[row]),
        "price_minor": None if is_shut else half_up(price, 1000), "hour_minor": half_up(price * HOUR, 1000) if limit.counts == "minutes" and not is_shut else None, "currency": choice.parts[0].currency if choice.parts else None,
        "source": limit.most_from,
    }


def _saved(entries: pl.DataFrame, strategy: Strategy) -> dict:
    """What rows of restraint kept from being done: people, and of these the contacts by treatment, with their minutes and cost."""
    restrained = entries.filter(pl.col("rule").is_in([row.name for row in strategy.rows if row.restraint]) & pl.col("experiment").is_null())
    contacts = {one.name: one for one in strategy.treatments if one.channel is not None}
    spared = restrained.filter(pl.col("saved").is_in(list(contacts)))["saved"].value_counts().sort("saved")
    by_treatment = dict(spared.iter_rows())
    return {
        "people": len(restrained), "contacts": sum(by_treatment.values()), "by_treatment": by_treatment,
        "minutes": sum(contacts[name].minutes * count for name, count in by_treatment.items()),
        "cost_minor": sum(contacts[name].cost_minor * count for name, count in by_treatment.items()),
        "claimable_minor": {row["currency"]: row["claimable_minor"] for row in restrained.group_by("currency").agg(exact_sum("claimable_minor")).sort("currency").iter_rows(named=True)},
    }


def cases_of(choice: Choice, proposals: pl.DataFrame, strategy: Strategy) -> pl.DataFrame:
    """One row per late person, as `assign` asks for them; the most pressing entry of a person with several currencies leads. Who has no entry, since the gate
    refuses every contact, needs nobody tonight and stays with whoever has them. bucket: that of the longest late loan; product: every one the person has, so that
    who has several is given only to those who may have any.
    """
    named = pl.DataFrame({
        "treatment": strategy.names, "owner": [one.owner if one.owner in PEOPLE else None for one in strategy.treatments], "skill": [one.skill for one in strategy.treatments],
        "place": range(len(strategy.names)), "minutes": [one.minutes for one in strategy.treatments],
    }, schema_overrides={"owner": pl.String, "skill": pl.String, "place": pl.UInt8, "minutes": pl.Int64})
    treated = choice.entries.join(named, on="treatment", how="left", maintain_order="left").sort("borrower_id", "place", "currency")
    treated = treated.unique("borrower_id", keep="first", maintain_order=True)
    others = proposals.join(treated, on="borrower_id", how="anti").sort("borrower_id", -pl.col("days_past_due"), "loan_id").unique("borrower_id", keep="first", maintain_order=True)
    whole = proposals.sort("borrower_id", -pl.col("days_past_due"), "loan_id").group_by("borrower_id", maintain_order=True).agg(
        pl.col("bucket").first().alias("longest"), pl.col("product").unique().sort().str.join("; ").alias("products"))
    rows = pl.concat([treated, others.with_columns(owner=pl.lit(None, pl.String), skill=pl.lit(None, pl.String), minutes=pl.lit(0, pl.Int64))], how="diagonal").sort("borrower_id").join(
        whole, on="borrower_id", how="left", maintain_order="left").with_columns(bucket=pl.col("longest"), product=pl.col("products"))
    ppm = pl.col("bucket").replace_strict(strategy.expected.recovery_ppm or {"": 0}, default=0, return_dtype=pl.Int64)
    return rows.select(
        "borrower_id", "bucket", "product", "currency", "claimable_minor", pl.coalesce("expected_minor", pl.col("claimable_minor") // PPM * ppm + pl.col("claimable_minor") % PPM * ppm // PPM).alias("expected_minor"),
        pl.coalesce(1 - pl.col("pay_probability"), 1 - ppm / PPM).alias("difficulty"), "owner", "skill", "language", "region", "last_touched_on", pl.when(pl.col("owner").is_null()).then(0).otherwise("minutes").alias("minutes"))
