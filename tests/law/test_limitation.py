"""Limitation: by hand from the code's articles, and what holds of any log of events."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.law.day_count import after_holidays, months_after
from arrears.law.limitation import Event, limitation_of, limitation_rules
from arrears.law.packs import shipped_texts
from arrears.strict_yaml import BadYaml

RULES = limitation_rules(shipped_texts("cn"))
DAY = timedelta(days=1)
FAR = date(2045, 1, 1)
drawn = settings(deadline=None, derandomize=True, max_examples=200)


def proof_of(kind: str) -> dict:
    entry = RULES.kinds[kind]
    return dict.fromkeys((*entry.proof, *entry.proof_any[:1]), "kept")


def event(id: str, kind: str, on: date, **more) -> Event:
    return Event(id, kind, on, **{"proof": proof_of(kind), **more})


def ask(events=(), as_of=date(2026, 5, 1), due=date(2022, 4, 12), product="consumer_loan"):
    return limitation_of(RULES, [due], events, as_of, product)


@pytest.mark.parametrize("day,months,last", [
    # 民法典 202: the corresponding day, or the month's last where there is none.
    ("2020-02-29", 36, "2023-02-28"), ("2023-08-31", 6, "2024-02-29"), ("2023-08-31", -6, "2023-02-28"),
    ("2021-12-31", 2, "2022-02-28"), ("2022-01-15", 12, "2023-01-15"), ("2022-11-30", 3, "2023-02-28"),
])
def test_a_period_of_months_ends_on_the_corresponding_day_or_the_months_last(day, months, last):
    assert months_after(date.fromisoformat(day), months) == date.fromisoformat(last)


@pytest.mark.parametrize("last,moved,unknown", [
    # Spring Festival of 2026: 15 to 23 February are free; 14 and 28 February are working Saturdays.
    ("2026-02-14", "2026-02-14", False), ("2026-02-15", "2026-02-24", False), ("2026-02-23", "2026-02-24", False),
    ("2026-02-28", "2026-02-28", False), ("2020-10-01", "2020-10-09", False), ("2027-02-06", "2027-02-06", True),
    ("2003-10-01", "2003-10-01", True),
])
def test_a_last_day_within_a_holiday_moves_to_the_day_after_it(last, moved, unknown):
    assert after_holidays(date.fromisoformat(last), weekends_too=False) == (date.fromisoformat(moved), unknown)


def test_a_plain_weekend_moves_the_last_day_only_where_the_pack_says_so():
    saturday, monday = date(2025, 6, 14), date(2025, 6, 16)
    assert after_holidays(saturday, weekends_too=False) == (saturday, False)
    assert after_holidays(saturday, weekends_too=True) == (monday, False)


@pytest.mark.parametrize("kind", [name for name, kind in RULES.kinds.items() if kind.effect == "interrupts"])
def test_every_kind_interrupts_with_its_proof_and_does_nothing_without_any_one_of_it(kind):
    product = "credit_card"
    on = date(2024, 8, 15)
    with_all = ask([event("E", kind, on, ended_on=on, outcome="decided")], product=product)
    assert (with_all.status, with_all.expires_on, with_all.basis_event) == ("running", date(2027, 8, 15), "E")
    for lacking in proof_of(kind):
        without = {name: value for name, value in proof_of(kind).items() if name != lacking}
        found = ask([event("E", kind, on, ended_on=on, outcome="decided", proof=without)], product=product)
        assert (found.status, found.expires_on, found.basis_event) == ("expired", date(2025, 4, 12), "due")
        ((name, missing),) = found.missing_proof
        assert name == "E" and any(lacking in said for said in missing)


def test_every_row_of_the_fact_sheet_is_a_kind():
    rows = {
        "demand_delivered", "demand_sent", "card_demand", "deduction", "notice_in_media", "partial_claim", "suit",
        "payment_order", "insolvency_claim", "preservation", "enforcement", "set_off", "mediation", "police_report",
        "instalment_agreed", "part_payment", "security_given", "extension_asked", "repayment_plan", "assignment_notice",
        "co_debtor_interrupted", "signed_demand",
    }
    assert rows <= set(RULES.kinds)
    assert RULES.kinds["demand_delivered"].proof == ("document_hash", "delivery_proof", "signer", "signer_relation")
    assert RULES.kinds["repayment_plan"].proof_any == ("speech_evidence", "click_log", "e_signature")


def test_a_demand_before_the_last_instalment_is_due_changes_nothing():
    found = ask([event("E", "deduction", date(2022, 4, 12))], as_of=date(2025, 4, 13))
    assert (found.status, found.not_counted) == ("expired", (("E", "before_period"),))


def test_an_event_after_as_of_is_not_known_yet():
    events = [event("E", "deduction", date(2024, 8, 15))]
    assert ask(events, as_of=date(2024, 8, 14)).expires_on == date(2025, 4, 12)
    assert ask(events, as_of=date(2024, 8, 15)).expires_on == date(2027, 8, 15)


def test_a_suit_pending_past_the_old_end_keeps_the_debt_from_expiring_until_it_is_decided():
    suit = event("S", "suit", date(2025, 3, 3), ended_on=date(2026, 3, 2), outcome="decided")
    assert ask([suit], as_of=date(2026, 3, 1)).status == "suspended"
    decided = ask([suit], as_of=date(2026, 3, 2))
    assert (decided.status, decided.expires_on) == ("running", date(2029, 3, 2))
    # Withdrawn the same day: the day of filing counts, 2025-03-03 + 3 years.
    assert ask([replace(suit, outcome="withdrawn")]).expires_on == date(2028, 3, 3)
    # Filed before the last instalment fell due, as a suit for all of it: it is pending all the same.
    early = event("S", "suit", date(2022, 3, 1))
    assert ask([early]).status == "suspended"


def test_a_demand_while_a_suit_is_pending_does_not_end_the_suit():
    found = ask([event("S", "suit", date(2025, 3, 3)), event("D", "deduction", date(2025, 9, 1))])
    assert (found.status, found.basis_event) == ("suspended", "S")


def test_two_obstacles_one_after_the_other_both_count():
    obstacles = [
        event("A", "no_known_heir", date(2025, 1, 1), ended_on=date(2025, 3, 3)),
        event("B", "force_majeure", date(2025, 5, 1), ended_on=date(2025, 8, 14)),
    ]
    # The first moves the end to 2025-09-03, within whose last six months the second lies: 2026-02-14.
    found = ask(obstacles, as_of=date(2025, 8, 14))
    assert (found.status, found.expires_on, found.basis_event) == ("running", date(2026, 2, 14), "B")


def test_an_obstacle_that_has_not_reached_the_last_six_months_stops_nothing_yet():
    lasting = [event("A", "no_known_heir", date(2023, 1, 1))]
    assert ask(lasting, as_of=date(2024, 10, 12)).status == "running"
    assert ask(lasting, as_of=date(2024, 10, 13)).status == "suspended"


def test_the_long_stop_ends_even_a_suspended_period():
    # Due 2004-05-12; the deductions of the example keep it running up to 2022-05-06.
    days = [date(2006, 5, 10), date(2008, 5, 8), date(2010, 5, 7), date(2012, 5, 7), date(2014, 5, 7), date(2016, 5, 6),
            date(2019, 5, 6), date(2022, 5, 6)]
    log = [event(f"E{place}", "deduction", day) for place, day in enumerate(days)]
    stopped = [*log, event("X", "force_majeure", date(2024, 1, 1))]
    assert ask(log, as_of=date(2024, 5, 12), due=date(2004, 5, 12)).status == "running"
    assert ask(stopped, as_of=date(2024, 5, 13), due=date(2004, 5, 12)).status == "expired"


def test_an_unknown_kind_and_an_end_before_the_beginning_are_refused():
    with pytest.raises(ValueError, match="E: 'nagging'"):
        ask([Event("E", "nagging", date(2024, 8, 15))])
    with pytest.raises(ValueError, match="before it begins"):
        ask([event("E", "suit", date(2024, 8, 15), ended_on=date(2024, 8, 14))])


@pytest.mark.parametrize("old,new,said", [
    ('    until: "2017-10-01"', '    until: "2017-10-02"', "period before ends"),
    ("    evidence: K\n", "    evidence: U\n", "uncertain"),
    ("    effect: interrupts\n", "    effect: frightens\n", "frightens"),
    ("    proof: [clipping]\n", "", "needs no proof"),
    ("    kind: deduction\n", "    kind: demand_sent\n", "stands twice"),
])
def test_rules_that_cannot_be_taken_at_their_word_are_refused(old, new, said):
    texts = shipped_texts("cn")
    assert old in texts["limitation.yaml"]
    with pytest.raises(BadYaml, match=said):
        limitation_rules({**texts, "limitation.yaml": texts["limitation.yaml"].replace(old, new, 1)})


KINDS = sorted(RULES.kinds)
DAYS = st.dates(date(2018, 1, 1), date(2040, 12, 31))


@st.composite
def logs(draw):
    events = []
    for place in range(draw(st.integers(0, 6))):
        kind, on = draw(st.sampled_from(KINDS)), draw(DAYS)
        ended = draw(st.none() | st.integers(0, 900).map(lambda days, on=on: on + DAY * days))
        proof = proof_of(kind) if draw(st.integers(0, 3)) else {}
        events.append(Event(f"E{place}", kind, on, ended, draw(st.sampled_from([None, "decided", "withdrawn"])), proof))
    return draw(DAYS), events, draw(DAYS)


@given(logs(), st.randoms(use_true_random=False))
@drawn
def test_the_order_of_the_log_changes_nothing(log, dice):
    due, events, as_of = log
    shuffled = list(events)
    dice.shuffle(shuffled)
    assert ask(events, as_of, due) == ask(shuffled, as_of, due)


@given(logs())
@drawn
def test_taking_all_proof_away_never_lengthens_the_time_to_sue(log):
    due, events, as_of = log
    found, bare = ask(events, as_of, due), ask([replace(one, proof={}) for one in events], as_of, due)
    assert bare.basis_event in ("due", "long_stop")
    if found.status == "expired":
        assert bare.status == "expired"
    if found.expires_on is not None:
        assert bare.expires_on <= found.expires_on


@given(logs())
@drawn
def test_the_status_and_the_last_day_say_the_same_and_the_long_stop_is_never_passed(log):
    due, events, as_of = log
    found = ask(events, as_of, due)
    assert found.status in ("running", "suspended", "expired")
    assert (found.expires_on is None) == (found.status == "suspended")
    if found.expires_on is not None:
        assert (found.status == "expired") == (as_of > found.expires_on)
        assert months_after(due, 36) <= found.expires_on <= found.long_stop_on
    told = [name for name, _ in (*found.missing_proof, *found.not_counted)]
    assert len(told) == len(set(told)) and set(told) <= {one.id for one in events if one.on <= as_of}


@given(DAYS, st.lists(DAYS, max_size=8), DAYS)
@drawn
def test_demands_alone_give_the_end_that_a_walk_over_the_days_gives(due, demands, as_of):
    """A slower reading: live day by day, and begin anew on each demanded day on which the debt is not expired."""
    last = due
    end = after_holidays(months_after(due, 36), False)[0]
    stop = after_holidays(months_after(due, 240), False)[0]
    day = due + DAY
    while day <= min(as_of, end, stop):
        if day in demands:
            last, end = day, after_holidays(months_after(day, 36), False)[0]
        day += DAY
    found = ask([event(f"E{place:02d}", "deduction", on) for place, on in enumerate(demands)], as_of, due)
    assert (found.runs_since, found.expires_on) == (last, min(end, stop))
