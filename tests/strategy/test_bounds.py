"""Limits as arrays: whom they are about, what each treatment counts, and how much of it there may or must be, held against counting one by one."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.strategy.bounds import UNBOUNDED, Bounds, bounds_of
from arrears.strategy.strategy import Expected, Giving, Limit, Strategy, Treatment

TREATMENTS = (
    Treatment("visit", "访", "visit", "visitor", "visit", cost_minor=900, minutes=90), Treatment("senior", "资", "senior", "collector", "call", cost_minor=70, minutes=12, skill="senior"),
    Treatment("call", "电", "call", "collector", "call", cost_minor=50, minutes=6), Treatment("agency", "委", "agency", "agency"),
    Treatment("sms", "短", "sms", "bot", "sms", cost_minor=4), Treatment("leave_alone", "免", "leave alone", "nobody"),
)
COMPLAINTS = {"visit": 500, "senior": 200, "call": 200, "sms": 50}
OF = st.sampled_from([(), (("owner", ("collector",)),), (("owner", ("collector", "visitor")),), (("channel", ("call",)),), (("skill", ("senior",)),), (("treatment", ("sms", "visit")),),
                      (("owner", ("collector",)), ("skill", ("senior",)))])
MOST = st.sampled_from([{}, {"most": 3}, {"most": 0}, {"most_ppm": 333_333}, {"most_ppm": 1_000_000}])
LEAST = st.sampled_from([{}, {"least": 2}, {"least_ppm": 500_000}, {"least_ppm": 1}])
BY = st.sampled_from([None, "bucket", "kind", "segment"])


@st.composite
def limits_(draw) -> tuple[Limit, ...]:
    found = []
    for place in range(draw(st.integers(0, 4))):
        counts = draw(st.sampled_from(["people", "contacts", "complaints", "minutes", "cost", "roster", "capacity"]))
        if counts in ("roster", "capacity"):
            found.append(Limit(f"limit{place}", "限", "limit", {"roster": "minutes", "capacity": "contacts"}[counts], draw(OF), (), most_from=counts))
            continue
        bounds = draw(MOST) | draw(LEAST)
        if counts in ("minutes", "cost"):
            bounds = {name: value for name, value in bounds.items() if not name.endswith("_ppm")}
        found.append(Limit(f"limit{place}", "限", "limit", counts, draw(OF), (), by=draw(BY), **bounds))
    return tuple(found)


ENTRY = st.fixed_dictionaries({"limits": st.integers(0, 15), "bucket": st.sampled_from(["M1", "M2"]), "kind": st.sampled_from([None, "person", "sole_trader"]),
                               "segment": st.sampled_from(["firms", "people"]), "product": st.just("quick"), "frequency": st.none(), "lawful": st.sets(st.integers(0, 5), min_size=1)})
SCHEMA = {"limits": pl.UInt64, "bucket": pl.String, "kind": pl.String, "segment": pl.String, "product": pl.String, "frequency": pl.String}


def strategy_of(limits: tuple[Limit, ...]) -> Strategy:
    return Strategy("made", "1", (), TREATMENTS, (), (), (), (), limits, Expected(complaints_per_million=COMPLAINTS), Giving(), "")


def bounds_for(limits, entries, at_most=None) -> Bounds:
    frame = pl.DataFrame([{name: entry[name] for name in SCHEMA} for entry in entries], schema=SCHEMA)
    lawful = np.array([[place in entry["lawful"] for place in range(len(TREATMENTS))] for entry in entries], bool).reshape(len(entries), len(TREATMENTS))
    return bounds_of(strategy_of(limits), frame, lawful, at_most or {})


def counted_slowly(limit: Limit, one: Treatment) -> int:
    own = {"owner": one.owner, "channel": one.channel, "skill": one.skill, "treatment": one.name}
    if not all(own[field] in values for field, values in limit.of):
        return 0
    return {"people": 0 if one.owner == "nobody" else 1, "contacts": 0 if one.channel is None else 1, "minutes": one.minutes, "cost": one.cost_minor,
            "complaints": COMPLAINTS.get(one.name, 0)}[limit.counts]


def split_slowly(limits, entries) -> list[tuple[Limit, str, list[bool]]]:
    """Each limit, or each value that it is split by, with its name and whether each entry is among its people."""
    found = []
    for place, limit in enumerate(limits):
        mine = [bool(entry["limits"] >> place & 1) for entry in entries]
        values = sorted({entry[limit.by] or "–" for entry in entries}) if limit.by else []
        found += [(limit, limit.name, mine)] if limit.by is None else [
            (limit, f"{limit.name} ({value})", [one and (entry[limit.by] or "–") == value for one, entry in zip(mine, entries, strict=True)]) for value in values]
    return found


@given(limits_(), st.lists(ENTRY, max_size=12), st.dictionaries(st.integers(0, 3).map("limit{}".format), st.integers(0, 50)))
@settings(max_examples=200)
def test_bounds_are_those_of_counting_one_by_one(limits, entries, at_most):
    found = bounds_for(limits, entries, at_most)
    split = split_slowly(limits, entries)
    assert found.names == tuple(name for _, name, _ in split) and found.limits == tuple(limit for limit, *_ in split)
    for row, (limit, _, among) in enumerate(split):
        counted = [counted_slowly(limit, one) for one in TREATMENTS]
        for entry, mine in enumerate(among):
            assert found.usage[row, found.kind[entry]].tolist() == (counted if mine else [0] * len(counted))
        people, unit = sum(among), 10**6 if limit.counts == "complaints" else 1
        able = sum(mine and any(counted[place] for place in entry["lawful"]) for mine, entry in zip(among, entries, strict=True))
        assert found.people[row] == people
        if limit.most_from:
            assert found.most[row] == at_most.get(limit.name, UNBOUNDED)
        elif limit.most_ppm is not None:
            assert found.most[row] == people * limit.most_ppm * unit // 10**6
        else:
            assert found.most[row] == (UNBOUNDED if limit.most is None else limit.most * unit)
        assert found.least[row] == (limit.least * unit if limit.least is not None else able * (limit.least_ppm or 0) * unit // 10**6)


def entries_of(*lawful: set[int]) -> list[dict]:
    return [{"limits": 15, "bucket": "M1", "kind": None, "segment": "people", "product": "quick", "frequency": None, "lawful": one} for one in lawful]


def test_complaints_are_counted_in_millionths_of_a_complaint():
    """0.02 % of 1,000 people are a fifth of a complaint, that is 200,000 millionths: 1,000 calls of 200 each."""
    found = bounds_for((Limit("c", "诉", "c", "complaints", (), (), most_ppm=200),), entries_of(*[{2, 5}] * 1_000))
    assert found.most.tolist() == [200_000] and found.usage[0, 0].tolist() == [500, 200, 200, 0, 50, 0]


def test_a_least_share_is_one_of_those_who_may_lawfully_be_treated_so():
    limit = Limit("served", "服务", "served", "people", (("owner", ("collector", "visitor")),), (), least_ppm=200_000)
    entries = entries_of(*[{2, 5}] * 10, *[{4, 5}] * 90)
    assert bounds_for((limit,), entries).least.tolist() == [2]
    assert bounds_for((limit,), entries_of(*[{4, 5}] * 90)).least.tolist() == [0]


def test_a_bound_whose_source_the_book_has_not_does_not_bind():
    limit = Limit("minutes", "工时", "minutes", "minutes", (), (), most_from="roster")
    assert bounds_for((limit,), entries_of({2, 5})).most.tolist() == [UNBOUNDED]
    assert bounds_for((limit,), entries_of({2, 5}), {"minutes": 0}).most.tolist() == [0]


def test_a_limit_that_is_split_has_one_bound_for_each_value_and_one_for_who_has_none():
    limit = Limit("fair", "公平", "fair", "contacts", (), (), by="kind", most_ppm=500_000)
    entries = [{**one, "kind": kind} for one, kind in zip(entries_of(*[{2, 5}] * 9), ["person"] * 4 + ["sole_trader"] * 2 + [None] * 3, strict=True)]
    found = bounds_for((limit,), entries)
    assert found.names == ("fair (person)", "fair (sole_trader)", "fair (–)")
    assert (found.most.tolist(), found.people.tolist()) == ([2, 1, 1], [4, 2, 3])
