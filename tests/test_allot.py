"""What the whole book decides together: held against every combination looked at, for small books; nobody waits but where a limit compels."""

from itertools import product

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.allot import LIMITS, ROW, WAITS, WAITS_EN, WAITS_ZH, Choice, choice_of, expected
from arrears.nightly.choosing import gathered
from arrears.strategy.bounds import UNBOUNDED
from arrears.strategy.strategy import Expected, Giving, Limit, Row, Strategy, Treatment
from arrears.strategy.worth import worth_minor

TREATMENTS = (
    Treatment("visit", "访", "visit", "visitor", "visit", cost_minor=9, minutes=9), Treatment("call", "电", "call", "collector", "call", cost_minor=5, minutes=4),
    Treatment("sms", "短", "sms", "bot", "sms", cost_minor=1), Treatment("leave_alone", "免", "leave alone", "nobody"), Treatment("hold", "停", "hold", "nobody"),
)
NAMES, QUIET = [one.name for one in TREATMENTS], 3
ROWS = (Row("kept", (("bucket", ("M1",)),), ("call",), None, False, "因", "why", fixed=True), Row("free", (), ("call",), None, False, "因", "why"))
OF = st.sampled_from([(), (("owner", ("collector", "visitor")),), (("channel", ("sms", "call")),), (("treatment", ("visit",)),)])
COMPLAINTS = {"visit": 500_000, "call": 250_000}


@st.composite
def limits_(draw) -> tuple[Limit, ...]:
    found = []
    for place in range(draw(st.integers(0, 3))):
        counts, most = draw(st.sampled_from([("people", 2), ("contacts", 2), ("minutes", 12), ("cost", 12), ("complaints", 1)]))
        shares = [{"least_ppm": 600_000}] if counts in ("people", "contacts") else []
        bounds = draw(st.sampled_from([{"most": draw(st.integers(0, most))}, {"least": draw(st.integers(1, most))}, {"most": most, "least": 1}, *shares]))
        found.append(Limit(f"limit{place}", "限", "limit", counts, draw(OF), (), by=draw(st.sampled_from([None, None, "kind"])), **bounds))
    return tuple(found)


ENTRY = st.fixed_dictionaries({
    "currency": st.sampled_from(["CNY", "CNY", "USD"]), "claimable_minor": st.integers(0, 300), "expected_minor": st.none() | st.integers(0, 50), "bucket": st.sampled_from(["M1", "M2"]),
    "rule": st.sampled_from(["kept", "free", "free"]), "limits": st.integers(0, 7), "kind": st.sampled_from([None, "person"]), "lawful": st.sets(st.integers(0, 4), min_size=1, max_size=3),
})
BOOKS = st.tuples(limits_(), st.lists(ENTRY, max_size=5))
SCHEMA = {"borrower_id": pl.String, "currency": pl.String, "claimable_minor": pl.Int64, "expected_minor": pl.Int64, "bucket": pl.String, "rule": pl.String, "reason_zh": pl.String, "reason_en": pl.String,
          "limits": pl.UInt64, "kind": pl.String, "segment": pl.String, "product": pl.String, "frequency": pl.String}
OPTIONS = {"entry": pl.UInt32, "treatment": pl.UInt8, "channel": pl.String, "verdict": pl.String, "rules": pl.String}


def strategy_of(limits: tuple[Limit, ...]) -> Strategy:
    effects = {"visit": {"M1": 300_000, "M2": 200_000}, "call": {"M1": 150_000, "M2": 90_000}, "sms": {"M1": 30_000}}
    return Strategy("made", "1", (), TREATMENTS, (), ROWS, (), (), limits, Expected({"M1": 300_000, "M2": 100_000}, effects, COMPLAINTS), Giving(), "")


def frames_of(entries: list[dict]) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = [{**{name: entry.get(name) for name in SCHEMA}, "borrower_id": entry.get("borrower_id", f"B{place}"), "reason_zh": "因", "reason_en": "why"} for place, entry in enumerate(entries)]
    options = [(place, treatment, TREATMENTS[treatment].channel, None if TREATMENTS[treatment].channel is None else "allow", f"rule {treatment}") for place, entry in enumerate(entries) for treatment in sorted(entry["lawful"])]
    return pl.DataFrame(rows, schema=SCHEMA), pl.DataFrame(options, schema=OPTIONS, orient="row")


def chosen(book: tuple, at_most=None) -> Choice:
    limits, entries = book
    return choice_of(*frames_of(entries), strategy_of(limits), at_most or {})


def places_of(choice: Choice) -> list[int]:
    return [NAMES.index(name) for name in choice.entries["treatment"]]


def values_of(entries: list[dict], limits=()) -> list[list[int]]:
    """What each treatment of each entry is worth; waiting is worth less than anything that may be done."""
    worth = worth_minor(frames_of(entries)[0], strategy_of(limits)).tolist()
    for entry, own in zip(entries, worth, strict=True):
        own[QUIET] = 0 if QUIET in entry["lawful"] else min(0, min(own[place] for place in entry["lawful"]) - 1)
    return worth


def bests(values, usage, kind, allowed, most, least) -> list[tuple[int, ...]]:
    """Of all combinations within the limits those of the greatest worth; none where no combination is within them."""
    best, found = None, []
    for combination in product(*allowed):
        used = [sum(int(usage[row, kind[entry], treatment]) for entry, treatment in enumerate(combination)) for row in range(len(most))]
        if all(low <= one <= high for one, low, high in zip(used, least, most, strict=True)):
            worth = sum(values[entry][treatment] for entry, treatment in enumerate(combination))
            if best is None or worth > best:
                best, found = worth, []
            if worth == best:
                found.append(combination)
    return found


def demanded(book: tuple, bounds, mine: list[int], is_first: bool) -> list[int]:
    """What these entries must count of each limit, read from the limits themselves: a share of those who may be treated so, or a number, which falls on the first part alone."""
    found = []
    for row, limit in enumerate(bounds.limits):
        if limit.least_ppm:
            able = [entry for entry in mine if any(bounds.usage[row, bounds.kind[entry], place] for place in book[1][entry]["lawful"])]
            found.append(len(able) * limit.least_ppm // 10**6)
        else:
            found.append((limit.least or 0) * (10**6 if limit.counts == "complaints" else 1) * is_first)
    return found


def set_aside(can_be, least: list[int]) -> tuple[list[int], list[int]]:
    """The least limits that are left, and the places of those set aside one by one: first that which alone cannot be, else that without which the others can, else the first."""
    gone = []
    while not can_be(least):
        places = [place for place, low in enumerate(least) if low]
        alone = [place for place in places if not can_be([low * (other == place) for other, low in enumerate(least)])]
        without = [place for place in places if can_be([low * (other != place) for other, low in enumerate(least)])]
        gone.append((alone or without or places)[0])
        least = [low * (place != gone[-1]) for place, low in enumerate(least)]
    return least, gone


def slowly(book: tuple, choice: Choice) -> tuple[list[tuple[list[int], list[tuple[int, ...]]]], int]:
    """Part by part (the fixed rows, currency by currency, then the others so) the combinations that are best after what was chosen before; and how many least limits yield."""
    entries, bounds, places = book[1], choice.bounds, places_of(choice)
    values, used, told, yielded = values_of(entries, book[0]), [0] * len(bounds.names), [], 0
    counts = {currency: sum(entry["currency"] == currency for entry in entries) for currency in {entry["currency"] for entry in entries}}
    order = sorted(counts, key=lambda currency: (-counts[currency], currency))
    for is_fixed, currency in product((True, False), order):
        mine = [place for place, entry in enumerate(entries) if (entry["rule"] == "kept") == is_fixed and entry["currency"] == currency]
        own = [[max(value, 1) if place != QUIET else int(QUIET in entries[entry]["lawful"]) for place, value in enumerate(values[entry])] if is_fixed else values[entry] for entry in mine]
        left = [UNBOUNDED if most == UNBOUNDED else int(most) - taken for most, taken in zip(bounds.most, used, strict=True)]
        least = [0] * len(used) if is_fixed else [
            max(0, low - taken * (currency == order[0])) for low, taken in zip(demanded(book, bounds, mine, currency == order[0]), used, strict=True)]
        allowed = [sorted(entries[entry]["lawful"] | {QUIET}) for entry in mine]

        def best(least: list[int], own=own, mine=mine, allowed=allowed, left=left) -> list[tuple[int, ...]]:
            return bests(own, bounds.usage, bounds.kind[mine], allowed, left, least)

        least, gone = set_aside(best, least)
        yielded += len(gone)
        told.append((mine, best(least)))
        used = [taken + sum(int(bounds.usage[row, bounds.kind[entry], places[entry]]) for entry in mine) for row, taken in enumerate(used)]
    return told, yielded


@given(BOOKS)
@settings(max_examples=150)
def test_fixed_rows_come_first_then_currency_by_currency_each_the_best_of_all_combinations(book):
    choice = chosen(book)
    told, yielded = slowly(book, choice)
    places = places_of(choice)
    for mine, best in told:
        assert tuple(places[entry] for entry in mine) in best
    assert len(choice.yielded) == yielded
    values = values_of(book[1], book[0])
    true = [0 if place == QUIET else own[place] for own, place in zip(values, places, strict=True)]
    for part, (mine, _) in zip(choice.parts, told[len(told) // 2:], strict=True):
        assert part.worth_minor == sum(true[entry] for entry in mine) == part.bound_minor and part.entries == len(mine)
    assert choice.entries["worth_minor"].to_list() == true


@given(BOOKS)
@settings(max_examples=150)
def test_upper_limits_hold_and_nobody_waits_but_where_one_compels(book):
    choice = chosen(book)
    bounds, places, entries = choice.bounds, places_of(choice), book[1]
    counted = [sum(int(bounds.usage[row, bounds.kind[entry], place]) for entry, place in enumerate(places)) for row in range(len(bounds.names))]
    assert choice.used.tolist() == counted and all(used <= most for used, most in zip(counted, bounds.most, strict=True))
    if not choice.yielded:
        assert all(used >= least for used, least in zip(counted, bounds.least, strict=True)) or not choice.parts
    used = [0] * len(bounds.names)
    for mine, _ in slowly(book, choice)[0]:
        used = [taken + sum(int(bounds.usage[row, bounds.kind[entry], places[entry]]) for entry in mine) for row, taken in enumerate(used)]
        for entry in mine:
            if places[entry] not in entries[entry]["lawful"]:
                assert places[entry] == QUIET
                for other in entries[entry]["lawful"]:
                    assert any(taken + bounds.usage[row, bounds.kind[entry], other] > bounds.most[row] for row, taken in enumerate(used)), (entry, other)


@given(BOOKS)
@settings(max_examples=80)
def test_how_a_treatment_came_about_is_told(book):
    for entry, row in zip(book[1], chosen(book).entries.iter_rows(named=True), strict=True):
        place, lawful = NAMES.index(row["treatment"]), sorted(entry["lawful"])
        waits = place not in lawful
        assert row["chosen_by"] == (WAITS if waits else LIMITS if len(lawful) > 1 else ROW)
        assert (row["reason_zh"], row["reason_en"]) == ("因" + WAITS_ZH * waits, "why" + WAITS_EN * waits)
        assert row["options"] == "; ".join(NAMES[one] for one in lawful)
        channel = None if waits else TREATMENTS[place].channel
        assert (row["channel"], row["verdict"], row["rules"]) == (channel, None if channel is None else "allow", None if waits else f"rule {place}")


@given(BOOKS, st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_the_order_of_the_entries_changes_nothing_but_which_of_equals_is_taken(book, dice):
    limits, entries = book
    order = list(range(len(entries)))
    dice.shuffle(order)
    one, other = chosen(book), chosen((limits, [entries[place] for place in order]))
    told, _ = slowly(book, one)
    if all(len(best) == 1 for _, best in told):
        places = places_of(one)
        assert places_of(other) == [places[place] for place in order]
        assert [(part.currency, part.worth_minor, part.bound_minor) for part in one.parts] == [(part.currency, part.worth_minor, part.bound_minor) for part in other.parts]
    elif one.parts and all(len(best) == 1 for _, best in told[:len(told) // 2]):
        assert one.parts[0].worth_minor == other.parts[0].worth_minor


@given(BOOKS)
@settings(max_examples=60)
def test_the_same_book_gives_the_same_rows(book):
    assert chosen(book).entries.equals(chosen(book).entries)


def entry(claimable: int, lawful: set[int], **changed) -> dict:
    return {"currency": "CNY", "claimable_minor": claimable, "expected_minor": None, "bucket": "M2", "rule": "free", "limits": 7, "kind": None, "lawful": lawful, **changed}


def test_a_fixed_row_takes_the_minutes_before_somebody_worth_more():
    minutes = Limit("minutes", "工时", "minutes", "minutes", (), (), most=4)
    choice = chosen(((minutes,), [entry(100_000, {1}), entry(1, {1}, rule="kept")]))
    assert choice.entries["treatment"].to_list() == ["leave_alone", "call"] and choice.entries["chosen_by"].to_list() == [WAITS, ROW]


def test_what_is_small_in_money_is_done_rather_than_left_to_wait():
    """The row lets us do this alone, and it costs more than it brings; only a limit may keep it from being done."""
    assert chosen(((), [entry(0, {1}), entry(0, {0, 1})])).entries["treatment"].to_list() == ["call", "call"]
    assert chosen(((), [entry(0, {1, 3})])).entries["treatment"].to_list() == ["leave_alone"]


def test_least_limits_that_cannot_be_kept_are_set_aside_with_a_sentence_in_both_languages():
    limits = (Limit("served", "服务", "served", "people", (("owner", ("collector",)),), (), least=2), Limit("calls", "电话", "calls", "contacts", (), (), most=1))
    choice = chosen((limits, [entry(9_000, {1, 3}), entry(8_000, {1, 3})]))
    ((en, zh),) = choice.yielded
    assert "served" in en and "served" in zh and choice.entries["treatment"].to_list() == ["call", "leave_alone"]


def test_one_least_limit_that_cannot_be_met_leaves_another_in_force():
    """Nobody may be visited, so that limit goes; the call it would not pay to make is made, since the other limit asks for it."""
    visits, calls = (Limit(name, "服务", name, "people", (("treatment", (treatment,)),), (), least=1) for name, treatment in (("visits", "visit"), ("calls", "call")))
    for limits in ((visits, calls), (calls, visits)):
        choice = chosen((limits, [entry(9, {1, 3})]))
        ((en, _),) = choice.yielded
        assert choice.entries["treatment"].to_list() == ["call"] and "visits" in en and "calls" not in en
    assert chosen(((visits,), [entry(9, {1, 3})])).entries["treatment"].to_list() == ["leave_alone"]


def test_two_currencies_share_a_limit_the_one_with_most_entries_first():
    calls = Limit("calls", "电话", "calls", "contacts", (), (), most=2)
    choice = chosen(((calls,), [entry(900, {1, 3}), entry(10**9, {1, 3}, currency="USD"), entry(800, {1, 3})]))
    assert choice.entries["treatment"].to_list() == ["call", "leave_alone", "call"] and [part.currency for part in choice.parts] == ["CNY", "USD"]


def test_an_empty_book_has_an_empty_choice():
    for limits in ((), (Limit("calls", "电话", "calls", "contacts", (), (), most=2),), (Limit("fair", "公平", "fair", "contacts", (), (), by="kind", most_ppm=5),)):
        choice = chosen((limits, []))
        assert (len(choice.entries), choice.parts, choice.yielded) == (0, (), ())


def test_a_bound_of_the_roster_of_no_minutes_lets_everybody_wait_who_needs_some():
    minutes = Limit("minutes", "工时", "minutes", "minutes", (("owner", ("collector", "visitor")),), (), most_from="roster")
    choice = chosen(((minutes,), [entry(900, {0, 1}), entry(900, {2}), entry(900, {1}, rule="kept")]), {"minutes": 0})
    assert choice.entries["chosen_by"].to_list() == [WAITS, ROW, WAITS] and choice.used.tolist() == [0]


@given(BOOKS)
@settings(max_examples=60)
def test_what_is_expected_is_the_sum_over_the_entries_by_currency(book):
    found = expected(chosen(book), strategy_of(book[0]))
    by = {currency: {"alone": 0, "brought": 0, "cost": 0} for currency in {one["currency"] for one in book[1]}}
    effects = strategy_of(()).expected
    for one, name in zip(book[1], chosen(book).entries["treatment"], strict=True):
        alone = one["expected_minor"] if one["expected_minor"] is not None else one["claimable_minor"] * effects.recovery_ppm[one["bucket"]] // 10**6
        sums = by[one["currency"]]
        sums["alone"] += alone
        sums["brought"] += max(one["claimable_minor"] - alone, 0) * effects.effect_ppm.get(name, {}).get(one["bucket"], 0) // 10**6
        sums["cost"] += TREATMENTS[NAMES.index(name)].cost_minor
    assert found == by


@given(st.lists(ENTRY, max_size=8), st.lists(st.integers(0, 3), min_size=8, max_size=8))
@settings(max_examples=60)
def test_entries_and_options_are_the_same_however_the_book_lies_in_partitions(entries, parts):
    people = [{**one, "borrower_id": f"B{place * 7 % 8}"} for place, one in enumerate(entries)]
    whole = gathered([frames_of(sorted(people, key=lambda one: one["borrower_id"]))])
    split = [frames_of([one for one, part in zip(people, parts, strict=False) if part == name]) for name in range(4)]
    found = gathered(split)
    assert found[0].equals(whole[0]) and found[1].equals(whole[1])
    assert np.array_equal(found[1]["entry"].unique().sort().to_numpy(), np.arange(len(people)))
