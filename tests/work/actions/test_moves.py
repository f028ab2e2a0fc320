"""Many cases moved at once: as previewed or not at all, evenly, by what people can do, one Entry, back on the same day."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden
from arrears.work.actions.moves import Changed
from arrears.work.models import Case, Change, Collector, Entry, Placement
from arrears.work.moves import _rooms
from arrears.work.queries.moves import moves_of_today, preview_of
from work.action_scenes import World, done


@pytest.fixture
def world(work) -> World:
    return World(work)


def people(world: World, count: int) -> list[Collector]:
    return [world.work.collector(world.lender, "a") for _ in range(count)]


def cases(world: World, count: int, holder=None) -> list:
    return [world.work.case(world.lender, "a", holder and holder.id, claimable_minor=1000 * (number + 1), people=False).id for number in range(count)]


def shown(world: World, keys: list, to: list[Collector], way: str = "equal", actor=None):
    return preview_of(actor or world.lead, keys, [one.id for one in to], None, way, world.work.at)


def moved(world: World, keys: list, to: list[Collector], way: str = "equal", **more) -> dict:
    parameters = {"cases": [str(key) for key in keys], "collectors": [str(one.id) for one in to], "way": way, "digest": more.pop("digest", None) or shown(world, keys, to, way).digest}
    return world.do("case.move_many", parameters, thing=None, **more)


def holders(world: World, keys: list) -> dict:
    return world.seen(lambda: dict(Case.objects.filter(pk__in=keys).values_list("id", "held_by")))


def test_each_case_is_where_the_preview_showed_it_with_its_placement_and_one_entry_names_them(world):
    keys, to = cases(world, 9), people(world, 3)
    told = shown(world, keys, to)
    entries = world.seen(Entry.objects.count)
    answer = moved(world, keys, to)
    assert holders(world, keys) == {one.case: one.to_holder for one in told.moves} and answer["count"] == 9
    assert world.seen(Entry.objects.count) == entries + 1
    entry = world.seen(lambda: Entry.objects.get(verb="case.move_many"))
    changed = world.seen(lambda: {key for ids in Change.objects.filter(entry=entry, table="work_case").values_list("ids", flat=True) for key in ids})
    assert changed == set(keys)
    standing = world.seen(lambda: list(Placement.objects.filter(case__in=keys, returned_on=None).values_list("case", "held_by", "placed_on")))
    assert sorted((case, holder) for case, holder, _ in standing) == sorted(holders(world, keys).items()) and {day for *_, day in standing} == {date(2026, 11, 2)}


@pytest.mark.parametrize(("way", "expected"), [("equal", [4, 4, 4]), ("level", [2, 5, 5])])
def test_equal_gives_everybody_as_many_and_level_lets_all_have_as_many_in_the_end(world, way, expected):
    to = people(world, 3)
    cases(world, 3, to[0])
    told = shown(world, cases(world, 12), to, way)
    assert [Counter(one.to_holder for one in told.moves)[one.id] for one in to] == expected
    assert {one.id: one.after for one in told.people} == {one.id: before + got for one, before, got in zip(to, (3, 0, 0), expected, strict=True)}


def test_number_and_money_are_even(world):
    to = people(world, 4)
    told = shown(world, cases(world, 40), to)
    money = [sum(one.claimable_minor for one in told.moves if one.to_holder == person.id) for person in to]
    assert {Counter(one.to_holder for one in told.moves)[person.id] for person in to} == {10} and max(money) < 1.25 * min(money)


def test_a_case_that_one_of_them_has_stays_where_evenness_does_not_ask(world):
    to = people(world, 2)
    keys = cases(world, 4, to[0]) + cases(world, 4, to[1])
    told = shown(world, keys, to)
    assert not told.moves and len(told.stays) == 8
    uneven = cases(world, 6, to[0])
    told = shown(world, uneven, to)
    assert 2 <= len(told.moves) <= 4 and {one.from_holder for one in told.moves} == {to[0].id}


def test_who_is_away_gets_none_and_who_has_left_cannot_be_chosen(world):
    to = people(world, 2)
    world.do("absence.put", {"kind": "sick", "from_on": "2026-11-02"}, thing=to[0].id)
    keys = cases(world, 4)
    told = shown(world, keys, to)
    assert {one.to_holder for one in told.moves} == {to[1].id} and [one.is_away for one in told.people if one.id == to[0].id] == [True]
    with world.work.writing(world.lender):
        Collector.objects.filter(pk=to[1].id).update(left_on=date(2026, 11, 2))
    with pytest.raises(Refused, match="has left"):
        shown(world, keys, to)


def test_neither_an_agency_s_people_nor_a_team_that_has_ended_are_given_cases_by_a_move(world):
    from arrears.work.models import Team

    keys, agent, over = cases(world, 1), world.work.collector(world.lender, "out"), world.work.collector(world.lender, "gone")
    with world.work.writing(world.lender):
        Team.objects.filter(pk=agent.team_id).update(kind="agency")
        Team.objects.filter(pk=over.team_id).update(ended_on=date(2026, 11, 2))
    for one in (agent, over):
        with pytest.raises(Refused, match="agency or has ended"):
            shown(world, keys, [one])
        with pytest.raises(Refused, match="agency or has ended"):
            preview_of(world.lead, keys, [], one.team.code, "equal", world.work.at)


def test_what_changed_since_the_preview_is_refused_and_nothing_is_moved(world):
    keys, to = cases(world, 4), people(world, 2)
    digest = shown(world, keys, to).digest
    world.do("case.move", {"collector": str(to[0].id)}, thing=keys[0])
    with pytest.raises(Changed):
        moved(world, keys, to, digest=digest)
    assert Counter(holders(world, keys).values()) == {to[0].id: 1, None: 3}
    digest = shown(world, keys, to).digest
    world.do("absence.put", {"kind": "leave", "from_on": "2026-11-01", "until_on": "2026-11-05"}, thing=to[1].id)
    with pytest.raises(Changed):
        moved(world, keys, to, digest=digest)


def test_a_closed_a_frozen_an_agencys_and_a_case_in_hand_stay_with_their_reason(world):
    to, keys = people(world, 1), cases(world, 5)
    with world.work.writing(world.lender):
        Case.objects.filter(pk=keys[0]).update(state="closed")
        Case.objects.filter(pk=keys[1]).update(frozen_at=world.work.at)
        Case.objects.filter(pk=keys[2]).update(reserved_by=world.lead.account, reserved_until=world.work.at + timedelta(minutes=5))
    world.do("placement.place", {"team": world.agency}, thing=keys[3])
    told = shown(world, keys, to)
    assert [one.case for one in told.moves] == [keys[4]] and {one.case for one in told.stays} == set(keys[:4])
    assert all(one.why_zh and one.why_en for one in told.stays)


def test_a_lead_moves_no_case_of_another_team_and_refusal_leaves_an_entry(world):
    narrow = replace(world.work.actor(world.lender, "team_lead", "a"))
    to, mine = people(world, 1), cases(world, 1)
    other = world.new_case("b").id
    digest = shown(world, mine, to).digest
    for keys in ([other], [*mine, other]):
        with pytest.raises(Forbidden):
            shown(world, keys, to, actor=narrow)
        with pytest.raises(Forbidden):
            moved(world, keys, to, digest=digest, actor=narrow)
    assert world.seen(lambda: Entry.objects.filter(verb="case.move_many", is_refused=True, actor=narrow.account).count()) == 2
    with pytest.raises(Refused, match="reason"):
        moved(world, mine, to, digest=digest, reason=None)
    assert moved(world, mine, to, actor=narrow)["count"] == 1


def test_a_move_is_taken_back_on_its_day_by_who_made_it_once_and_only_where_nothing_happened_since(world):
    first, second, third = people(world, 3)
    keys = cases(world, 3, first)
    moved(world, keys, [second])
    line = moves_of_today(world.lead, world.work.at)[0]
    assert line.count == 3 and not line.is_back
    world.do("case.move", {"collector": str(third.id)}, thing=keys[0])
    with pytest.raises(Refused, match="of your own"):
        world.do("case.move_back", {"entry": str(line.entry)}, thing=None, actor=world.work.actor(world.lender, "team_lead"))
    answer = world.do("case.move_back", {"entry": str(line.entry)}, thing=None)
    assert answer["returned"] == 2 and answer["stayed"] == [str(keys[0])]
    assert Counter(holders(world, keys).values()) == {first.id: 2, third.id: 1}
    assert moves_of_today(world.lead, world.work.at)[0].is_back
    with pytest.raises(Refused, match="already"):
        world.do("case.move_back", {"entry": str(line.entry)}, thing=None)


def test_a_case_that_is_on_somebodys_screen_is_not_taken_back_from_under_their_hands(world):
    first, second = people(world, 2)
    keys = cases(world, 2, first)
    moved(world, keys, [second])
    line = moves_of_today(world.lead, world.work.at)[0]
    with world.work.writing(world.lender):
        Case.objects.filter(pk=keys[0]).update(reserved_by=world.lead.account, reserved_until=world.work.at + timedelta(minutes=5))
    answer = world.do("case.move_back", {"entry": str(line.entry)}, thing=None)
    assert answer["returned"] == 1 and answer["stayed"] == [str(keys[0])] and holders(world, keys) == {keys[0]: second.id, keys[1]: first.id}


def test_a_move_of_yesterday_and_one_from_who_has_left_are_not_taken_back(world):
    first, second = people(world, 2)
    keys = cases(world, 2, first)
    moved(world, keys, [second])
    line = moves_of_today(world.lead, world.work.at)[0]
    with world.work.writing(world.lender):
        Collector.objects.filter(pk=first.id).update(left_on=date(2026, 11, 2))
    with pytest.raises(Refused, match="has left"):
        world.do("case.move_back", {"entry": str(line.entry)}, thing=None)
    later = replace(world.work, now=world.work.now + 24 * 3600 * 1_000_000)
    with pytest.raises(Refused, match="on the day"):
        done(later, world.call("case.move_back", {"entry": str(line.entry)}, thing=None))


def test_a_move_is_not_taken_back_by_who_leads_that_team_no_longer(world):
    first, second = people(world, 2)
    keys = cases(world, 2, first)
    moved(world, keys, [second])
    line = moves_of_today(world.lead, world.work.at)[0]
    with pytest.raises(Forbidden):
        world.do("case.move_back", {"entry": str(line.entry)}, thing=None, actor=replace(world.lead, teams=("b",)))
    assert set(holders(world, keys).values()) == {second.id}


def test_collectors_of_teams_that_the_lead_does_not_look_after_get_nothing_whoever_names_them(world):
    keys, stranger = cases(world, 1), world.work.collector(world.lender, "b")
    narrow = replace(world.lead, teams=("a",))
    with pytest.raises(Refused, match="no collector of your teams"):
        shown(world, keys, [stranger], actor=narrow)
    with pytest.raises(Refused, match="no collector of your teams"):
        moved(world, keys, [stranger], digest="0" * 64, actor=narrow)
    assert holders(world, keys) == {keys[0]: None}


@pytest.mark.parametrize("parameters", [{"cases": []}, {"cases": ["x"]}, {"digest": "short"}, {"way": "best"}, {"why": "spite"}, {"collectors": ["x"]}, {"team": "nowhere"}, {"collectors": []}],
                         ids=["no case", "no id", "no digest", "no way", "no reason of the list", "no person", "no team", "nobody"])
def test_bad_input_is_refused_and_moves_nothing(world, parameters):
    keys, to = cases(world, 1), people(world, 1)
    sound = {"cases": [str(keys[0])], "collectors": [str(to[0].id)], "digest": "0" * 64}
    with pytest.raises(Refused):
        world.do("case.move_many", {**sound, **parameters}, thing=None)
    assert holders(world, keys) == {keys[0]: None}


def test_to_a_team_and_nobody_by_name(world):
    world.work.team(world.lender, "b")
    keys = cases(world, 2)
    told = preview_of(world.lead, keys, [], "b", "equal", world.work.at)
    world.do("case.move_many", {"cases": [str(key) for key in keys], "team": "b", "digest": told.digest}, thing=None)
    assert world.seen(lambda: list(Case.objects.filter(pk__in=keys).values_list("team__code", "held_by"))) == [("b", None)] * 2


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 200), st.dictionaries(st.integers(0, 8), st.tuples(st.integers(0, 60), st.none() | st.integers(0, 100)), min_size=1), st.sampled_from(["equal", "level"]))
def test_rooms_hold_all_cases_where_limits_allow_and_nobody_is_filled_above_a_limit_or_above_the_level(count, told, way):
    held, most = {key: one for key, (one, _) in told.items()}, {key: limit for key, (_, limit) in told.items()}
    rooms = _rooms(count, held, most, way)
    possible = sum(count if most[key] is None else max(0, min(count, most[key] - held[key])) for key in held)
    assert sum(rooms.values()) >= min(count, possible)
    assert all(0 <= room and (most[key] is None or room <= max(0, most[key] - held[key])) for key, room in rooms.items())
    if way == "level" and possible > count:
        tops = [held[key] + room for key, room in rooms.items() if room]
        assert sum(rooms.values()) < count + len(rooms) and (not tops or max(tops) <= max([*tops, *held.values()]))
