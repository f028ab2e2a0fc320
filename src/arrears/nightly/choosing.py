"""The step of the night that needs everybody: what is chosen within the limits, and what the report says of it."""

from datetime import date, timedelta

import polars as pl

from arrears.allocation.roster import Roster, minutes_on
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


def chosen(entries: pl.DataFrame, options: pl.DataFrame, strategy: Strategy, roster: Roster | None, capacity: pl.DataFrame, as_of: date) -> Choice:
    """The choice of the night. capacity: rows of the table capacity for the next day."""
    return choice_of(entries, options, strategy, at_most(strategy, roster, capacity, as_of))


def at_most(strategy: Strategy, roster: Roster | None, capacity: pl.DataFrame, as_of: date) -> dict[str, int]:
    """Of each limit that is bounded by the roster the minutes of tomorrow of those who carry out what it counts, and by the table capacity its attempts; a limit
    whose source the book has not is missing.
    """
    found = {}
    for limit in strategy.limits:
        of = dict(limit.of)
        if limit.most_from == "roster" and roster is not None:
            owners = tuple(sorted({one.owner for one in strategy.treatments if counted(limit, one, {})}))
            found[limit.name] = minutes_on(roster, as_of + timedelta(days=1), owners, of.get("skill"))
        elif limit.most_from == "capacity" and len(capacity):
            rows = capacity.filter(pl.col("channel").is_in(of["channel"])) if "channel" in of else capacity
            found[limit.name] = int(rows["attempts_max"].sum())
    return found


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
    return {
        "name": bounds.names[row], "zh": limit.zh, "en": limit.en, "counts": limit.counts, "used": int(choice.used[row]),
        "most": None if bounds.most[row] == UNBOUNDED else int(bounds.most[row]), "least": int(bounds.least[row]) or None, "people": int(bounds.people[row]),
        "price_minor": half_up(price, 1000), "hour_minor": half_up(price * HOUR, 1000) if limit.counts == "minutes" else None, "currency": choice.parts[0].currency if choice.parts else None,
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
    refuses every contact, needs nobody tonight and stays with whoever has them.
    """
    named = pl.DataFrame({
        "treatment": strategy.names, "owner": [one.owner if one.owner in PEOPLE else None for one in strategy.treatments], "skill": [one.skill for one in strategy.treatments],
        "place": range(len(strategy.names)), "minutes": [one.minutes for one in strategy.treatments],
    }, schema_overrides={"owner": pl.String, "skill": pl.String, "place": pl.UInt8, "minutes": pl.Int64})
    treated = choice.entries.join(named, on="treatment", how="left", maintain_order="left").sort("borrower_id", "place", "currency")
    treated = treated.unique("borrower_id", keep="first", maintain_order=True)
    others = proposals.join(treated, on="borrower_id", how="anti").sort("borrower_id", -pl.col("days_past_due"), "loan_id").unique("borrower_id", keep="first", maintain_order=True)
    rows = pl.concat([treated, others.with_columns(owner=pl.lit(None, pl.String), skill=pl.lit(None, pl.String), minutes=pl.lit(0, pl.Int64))], how="diagonal").sort("borrower_id")
    ppm = pl.col("bucket").replace_strict(strategy.expected.recovery_ppm or {"": 0}, default=0, return_dtype=pl.Int64)
    return rows.select(
        "borrower_id", "bucket", "product", "claimable_minor", pl.coalesce("expected_minor", pl.col("claimable_minor") // PPM * ppm + pl.col("claimable_minor") % PPM * ppm // PPM).alias("expected_minor"),
        pl.coalesce(1 - pl.col("pay_probability"), 1 - ppm / PPM).alias("difficulty"), "owner", "skill", "language", "region", "last_touched_on", pl.when(pl.col("owner").is_null()).then(0).otherwise("minutes").alias("minutes"))
