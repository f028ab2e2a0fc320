"""Quality checks from the draw to the second look: who may fill which sheet, who may dispute, and that what was written goes with the person."""

from datetime import timedelta
from uuid import UUID

import pytest

from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden
from arrears.work.queries.samples import dispute_until, one_item, one_sample, own_items, samples, waiting
from work.action_scenes import World
from work.scenes_oversight import FRAME, all_yes, contact_of, item_of


@pytest.fixture
def world(work):
    return World(work)


def draw(world, **more) -> dict:
    return world.do("sample.draw", {"filters": FRAME, "method": "random", "size": 20, **more}, actor=world.compliance, thing=None)


def made_by_collector(world):
    """A contact of a collector who holds the case, drawn into a sample: the collector and the item."""
    from arrears.work.models import Case

    mine = world.work.actor(world.lender, "collector", world.team, holds=True)
    with world.work.writing(world.lender):
        Case.objects.filter(pk=world.case.pk).update(held_by=mine.collector)
    return mine, item_of(world, mine)


def fill(world, item, actor=None, **changed) -> dict:
    return world.do("sheet.fill", {"item": item, "answers": {**all_yes(world), **changed}, "comment": "语气平和"}, actor=actor or world.compliance)


def test_the_same_seed_draws_the_same_contacts_and_the_frame_is_kept_with_its_digest(world):
    for _ in range(12):
        contact_of(world)
    one, other, third = (draw(world, size=5, seed=seed) for seed in (7, 7, 8))
    drawn = [[item.contact.id for item in one_sample(world.compliance, UUID(sample["sample"])).items] for sample in (one, other, third)]
    assert drawn[0] == drawn[1] != drawn[2] and len(drawn[0]) == 5 and one["found"] == 12
    lines = samples(world.compliance)
    assert len({line.frame["digest"] for line in lines}) == 1 and {line.seed for line in lines} == {7, 8}


def test_without_a_seed_one_is_chosen_and_told(world):
    contact_of(world)
    told = draw(world)
    assert told["seed"] == samples(world.compliance)[0].seed


def test_strata_and_risk_are_kept_with_the_contacts(world):
    from arrears.work.models import SampleItem

    key = contact_of(world)
    world.do("complaint.raise", {"ground": "hours", "text": "夜间来电"})
    by_channel = draw(world, method="stratified", by="channel")["sample"]
    by_risk = draw(world, method="risk")["sample"]
    told = world.seen(lambda: {str(sample): (stratum, weight) for sample, stratum, weight in SampleItem.objects.filter(contact=key).values_list("sample", "stratum", "weight")})
    assert told[by_channel] == ("call", 1)
    assert told[by_risk][1] >= 1 + 4


@pytest.mark.parametrize("more, said", [({"size": 10**6}, "more than a sample"), ({"method": "stratified"}, "stratify"), ({"by": "team"}, "stratify"), ({"filters": {"from_on": "2020-01-01", "to_on": "2020-01-02"}}, "nothing to draw"),
                                        ({"filters": {"from_on": "x"}}, "no such day"), ({"size": 0}, "size"), ({"method": "lucky"}, "method"), ({"double_percent": 101}, "double_percent"), ({"seed": -1}, "seed")])
def test_a_draw_that_cannot_be_is_refused_and_leaves_no_sample(world, more, said):
    contact_of(world)
    with pytest.raises(Refused, match=said):
        draw(world, **more)
    assert samples(world.compliance) == []


def test_contacts_of_frozen_cases_are_not_drawn(world):
    from arrears.work.models import Case

    contact_of(world)
    with world.work.writing(world.lender):
        Case.objects.filter(pk=world.case.pk).update(frozen_at=world.work.at)
    with pytest.raises(Refused, match="nothing to draw"):
        draw(world)


def test_a_sheet_is_scored_by_the_form_that_was_drawn_with_even_if_the_lender_changed_theirs_since(world):
    item = item_of(world)
    own = world.work.home / "quality_form.yaml"
    own.write_text('id: other\nversion: "9"\ntitle: {zh: 别, en: other}\npass_at_percent: "50"\nitems:\n  - {id: z, title: {zh: 只, en: z}, kind: yes_no, weight: "1", red_line: "false", source: operator_policy, article: "null", evidence: own}\n', encoding="utf-8")
    try:
        with pytest.raises(Refused, match="not whole"):
            world.do("sheet.fill", {"item": item, "answers": {"z": "yes"}}, actor=world.compliance)
    finally:
        own.unlink()
    told = fill(world, item)
    found, form, _ = one_item(world.compliance, item)
    assert told["is_passed"] and found.sheets[0].form_version == form.version == "2026-11-30" and found.sheets[0].comment == "语气平和"


@pytest.mark.parametrize("text", ["请回拨 13912345678", "请回拨 139-1234-5678", "请回拨 139 1234 5678", "身份证 990101 19900101 1234", "卡号 6222 0212 3456 7890 123", "身份证 990101199001011234", "卡号 6222021234567890123", "请回拨 １３９１２３４５６７８"])
def test_a_comment_or_dispute_with_somebodys_number_is_refused(world, text):
    mine, item = made_by_collector(world)
    with pytest.raises(Refused, match="number"):
        world.do("sheet.fill", {"item": item, "answers": all_yes(world), "comment": text}, actor=world.compliance)
    fill(world, item)
    with pytest.raises(Refused, match="number"):
        world.do("sheet.dispute", {"item": item, "text": text}, actor=mine, thing=None)


def test_a_crossed_red_line_fails_whatever_else_and_is_named(world):
    told = fill(world, item_of(world), no_threat="no")
    assert (told["is_passed"], told["score_ppm"], told["red_lines"]) == (False, 1_000_000, ["no_threat"])


def test_nobody_scores_twice_nor_their_own_and_an_item_that_is_done_takes_no_more(world):
    item = item_of(world)
    fill(world, item)
    with pytest.raises(Refused, match="already"):
        fill(world, item)
    with pytest.raises(Refused, match="nothing about it waits"):
        fill(world, item, world.work.actor(world.lender, "compliance_officer"))


def test_who_made_a_contact_does_not_score_it(world):
    from arrears.work.models import Contact

    item = item_of(world)
    with world.work.writing(world.lender):
        Contact.objects.filter(case=world.case.pk).update(made_by=world.compliance.account)
    with pytest.raises(Refused, match="themselves"):
        fill(world, item)


def test_two_reviewers_score_a_share_and_their_agreement_is_told(world):
    for _ in range(4):
        contact_of(world)
    sample = UUID(draw(world, double_percent=50)["sample"])
    items = one_sample(world.compliance, sample).items
    assert [item.is_double for item in items] == [True, True, False, False]
    second = world.work.actor(world.lender, "compliance_officer")
    for number, item in enumerate(items):
        fill(world, item.id)
        if item.is_double:
            fill(world, item.id, second, **({"tone": "0", "identity_checked": "no", "recorded": "no"} if number == 0 else {}))
    found = one_sample(world.compliance, sample)
    assert found.on_pass.pairs == 2 and found.on_pass.share == 0.5 and found.on_items.pairs == 2 * len(found.form.items) and 0.9 < found.on_items.share < 1
    assert all(item.state == "scored" for item in found.items)


def test_a_collector_disputes_their_own_result_once_and_a_third_settles_it(world):
    mine, item = made_by_collector(world)
    fill(world, item, no_threat="no")
    assert dispute_until(own_items(mine)[0][0]) == world.work.at + timedelta(days=15)
    world.do("sheet.dispute", {"item": item, "text": "录音中并无此言"}, actor=mine, thing=None)
    assert waiting(world.compliance) == (0, 1)
    for again in (lambda: world.do("sheet.dispute", {"item": item, "text": "再次"}, actor=mine, thing=None), lambda: fill(world, item)):
        with pytest.raises(Refused):
            again()
    told = fill(world, item, world.work.actor(world.lender, "compliance_officer"))
    found, _, _ = one_item(world.compliance, item)
    assert told["part"] == "look" and found.state == "settled" and found.result.is_passed and found.dispute == "录音中并无此言"
    assert own_items(mine)[0][0].result.part == "look" and waiting(world.compliance) == (0, 0)


def test_nobody_disputes_anothers_result_nor_one_that_is_not_there_nor_too_late(world):
    mine, item = made_by_collector(world)
    stranger = world.work.actor(world.lender, "collector", world.team, holds=True)
    with pytest.raises(Refused, match="stands"):
        world.do("sheet.dispute", {"item": item, "text": "无"}, actor=mine, thing=None)
    fill(world, item)
    with pytest.raises(Refused, match="of your own"):
        world.do("sheet.dispute", {"item": item, "text": "无"}, actor=stranger, thing=None)
    world.work.now += 16 * 86_400_000_000
    with pytest.raises(Refused, match="older than 15 days"):
        world.do("sheet.dispute", {"item": item, "text": "无"}, actor=mine, thing=None)


def test_a_collector_may_dispute_although_the_case_went_to_another_team(world):
    from arrears.work.models import Case

    mine, item = made_by_collector(world)
    fill(world, item)
    other = world.work.team(world.lender, "far")
    with world.work.writing(world.lender):
        Case.objects.filter(pk=world.case.pk).update(team=other, held_by=None)
    assert world.do("sheet.dispute", {"item": item, "text": "有误"}, actor=mine, thing=None)["item"] == str(item)
    assert own_items(mine) == []


def test_only_compliance_draws_and_fills(world):
    item = item_of(world)
    for actor in (world.lead, world.work.actor(world.lender, "auditor"), world.work.actor(world.lender, "collector", world.team, holds=True)):
        with pytest.raises(Forbidden):
            world.do("sample.draw", {"filters": FRAME, "method": "random", "size": 5}, actor=actor, thing=None)
    with pytest.raises(Forbidden):
        fill(world, item, world.lead)


def test_what_reviewers_and_collectors_wrote_is_sealed_and_goes_with_the_person(world):
    from arrears.work.erasure import clear_quality_notes
    from arrears.work.models import Entry, SampleItem, Sheet

    mine, item = made_by_collector(world)
    fill(world, item)
    world.do("sheet.dispute", {"item": item, "text": "有误"}, actor=mine, thing=None)
    kept = world.seen(lambda: (bytes(Sheet.objects.get(item=item).comment_sealed), bytes(SampleItem.objects.get(pk=item).dispute_sealed)))
    assert not any("语气".encode() in one or "有误".encode() in one for one in kept)
    told = world.seen(lambda: [str(one) for one in Entry.objects.filter(verb__startswith="sheet.").values_list("parameters", "result")])
    assert told and not any("语气" in one or "有误" in one for one in told)
    with world.work.writing(world.lender):
        assert clear_quality_notes([world.case.pk]) == 2
    assert one_item(world.compliance, item)[0].result.comment is None
