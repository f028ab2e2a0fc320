"""What the decision plane did comes into the record once a lender, and is opened by who may and nobody else."""

import json

import pytest

from arrears.record.happening import Happening
from arrears.refusal import Refused
from arrears.work.actions.recording import collect
from arrears.work.actor import system
from arrears.work.entry_leaf import field_salt
from arrears.work.models import Entry, Leaf
from arrears.work.queries.leaves import leaf_of_entry, leaf_of_source, leaves_of_payment
from arrears.work.recording import integrate
from arrears.work.tenancy import seen_by
from work.action_scenes import World, done
from work.record.opened import commitment, demand_leaf, standing
from work.record.test_integrating import merkle, placed
from work.record.test_leaves_of_payments import put

NIGHT = Happening("night/2026-11-01/ab", "night", 1_793_584_800_123_456, {"as_of": "2026-11-01", "rows": {"root": "q83v", "size": 3}, "decisions": 3})
LOAD = Happening("load/7", "load", 1_793_584_800_000_000, {"file": "还款.csv", "rows": 2**60})


def test_a_happening_is_put_down_once_however_often_it_is_collected(work):
    lender, other = work.lender(), work.lender()
    assert collect(lender, [NIGHT, LOAD, NIGHT], work.now) == {"load": 1, "night": 1}
    assert collect(lender, iter([NIGHT, LOAD]), work.now + 1) == {}
    assert collect(lender, [NIGHT, Happening("load/8", "load", LOAD.at, {})], work.now + 2) == {"load": 1}
    assert collect(other, [NIGHT], work.now) == {"night": 1}
    with seen_by(system(lender)):
        kept = {leaf.source: leaf for leaf in Leaf.objects.exclude(source=None)}
        entries = list(Entry.objects.filter(verb="record.collect").order_by("number"))
        assert [entry.result for entry in entries] == [{"load": 1, "night": 1}, {"load": 1}] and all(entry.parameters == {} for entry in entries)
        assert {kept[NIGHT.source].entry_id, kept[LOAD.source].entry_id} == {entries[0].id}
        assert kept[NIGHT.source].content == json.dumps({"kind": "night", "lender": lender, "source": NIGHT.source, "at": "2026-11-02T02:00:00.123456Z", **NIGHT.content}, sort_keys=True, separators=(",", ":"))
        assert json.loads(kept[LOAD.source].content)["rows"] == str(2**60), "a number that not every reader reads exactly stands as text"
        assert all(standing(leaf.id)[1] == commitment(bytes(leaf.salt), leaf.content) for leaf in kept.values())


@pytest.mark.parametrize("strange", [Happening("x", "hearsay", 0), Happening("x", "gap", 0), Happening("x", "entry", 0), Happening("", "night", 0), Happening("x" * 201, "night", 0), Happening("x", "night", 0, {"lender": "other"})])
def test_what_is_no_happening_is_refused_and_nothing_is_put_down(work, strange):
    lender = work.lender()
    with pytest.raises(Refused, match="nothing was put down"):
        collect(lender, [NIGHT, strange], work.now)
    assert leaf_of_source(system(lender), NIGHT.source) is None


def test_an_entry_is_opened_by_its_id_and_its_number_and_proves_itself(work, places):
    world = World(work)
    world.do("promise.take", {"loan_id": world.loan, "amount_minor": 77, "pay_by_on": "2026-11-20"})
    entry = world.seen(lambda: Entry.objects.get(verb="promise.take"))
    waits = leaf_of_entry(world.system, entry.id)
    assert waits.index is None and not waits.is_erased
    integrate(work.home, work.now)
    found = leaf_of_entry(world.system, entry.number)
    told = placed()
    assert json.loads(found.content)["parameters"]["amount_minor"] == 77
    assert told[found.index] == found.commitment == commitment(found.salt, found.content)
    assert merkle(told[:found.index] + [commitment(found.salt, found.content.replace("77", "78"))] + told[found.index + 1:]) != merkle(told)
    assert leaf_of_entry(system(work.lender()), entry.id) is None, "another lender's"


def test_a_payment_and_a_night_are_opened_by_the_lenders_own_ids(work):
    lender = work.lender()
    case = work.case(lender, people=False)
    put(work, lender, [(case.id, "p-1", "L1", "2026-09-01", "CNY", 100, None), (case.id, "p-2", "L1", "2026-09-01", "CNY", 1, None)])
    put(work, lender, [(case.id, "p-1", "L1", "2026-09-01", "CNY", 90, None)])
    assert [json.loads(one.content)["amount_minor"] for one in leaves_of_payment(system(lender), "p-1")] == [100, 90]
    assert leaves_of_payment(system(lender), "p-3") == []
    collect(lender, [NIGHT], work.now)
    assert json.loads(leaf_of_source(system(lender), NIGHT.source).content)["decisions"] == 3


def test_a_refusal_and_the_first_thing_done_for_a_lender_have_their_leaves_too(work):
    from arrears.law.lender import Lender as LenderFile
    from arrears.work.actions.intake import open_lender

    world = World(work)
    with pytest.raises(Refused):
        done(work, world.call("promise.take", {"loan_id": world.loan, "amount_minor": 1, "pay_by_on": "2026-11-20"}, actor=work.actor(world.lender, "auditor")))
    leaf = world.seen(lambda: demand_leaf(Entry.objects.get(is_refused=True)))
    told = json.loads(leaf.content)
    assert (told["refused"], told["verb"], told["parameters"], told["withheld"], told["case"]) == (True, "promise.take", {}, {}, str(world.case.id)) and told["policies"]
    code = f"open-{world.lender[-12:]}"
    assert open_lender(LenderFile(code, "新机构", "cn", "bank", "lender", {}, "consumer_loan", ("Asia/Shanghai",), 480), work.now)
    with seen_by(system(code)):
        assert json.loads(demand_leaf(Entry.objects.get(verb="lender.open")).content)["parameters"] == {"code": code}


def test_only_who_reads_the_whole_log_proves(work):
    world = World(work)
    collect(world.lender, [NIGHT], work.now)
    world.do("promise.take", {"loan_id": world.loan, "amount_minor": 1, "pay_by_on": "2026-11-20"})
    entry = world.seen(lambda: Entry.objects.get(verb="promise.take").id)
    may = {role: (leaf_of_entry(work.actor(world.lender, role), entry) is not None, leaf_of_source(work.actor(world.lender, role), NIGHT.source) is not None)
           for role in ("collector", "team_lead", "compliance_officer", "strategist", "data_officer", "auditor", "administrator")}
    assert may == {role: (role in ("compliance_officer", "auditor"),) * 2 for role in may}
    assert leaf_of_entry(world.system, entry) is not None


def test_a_withheld_field_is_opened_only_to_whoever_brings_what_was_written(work):
    from hashlib import sha256

    world = World(work)
    done(work, world.call("contact_point.add", {"party": world.debtor.id, "kind": "phone", "value": "19912340001"}))
    entry = world.seen(lambda: Entry.objects.get(verb="contact_point.add").id)
    for name, wrong in (("value", "19912340002"), ("reason", "another"), ("kind", "phone")):
        with pytest.raises(Refused, match="not what was written"):
            leaf_of_entry(world.system, entry, {name: wrong})
    found = leaf_of_entry(world.system, entry, {"value": "19912340001", "reason": "the debtor asked for it by phone"})
    withheld = json.loads(found.content)["withheld"]
    assert "19912340001" not in found.content and set(withheld) == {"value", "reason"}
    assert withheld["value"] == sha256(b"arrears field v1\n" + found.field_salts["value"] + b'"19912340001"').hexdigest()
    with_entry_salt = field_salt(bytes(world.seen(lambda: Entry.objects.get(id=entry).salt)), "value")
    assert withheld["value"] != sha256(b"arrears field v1\n" + with_entry_salt + b'"19912340001"').hexdigest(), "what lies in the database would let every number be tried"


@pytest.mark.parametrize("verb", ["account.sign_in", "account.change_password", "account.enrol_second_factor", "person.find", "dial.redeem", "outcome.export"])
def test_passwords_codes_paths_and_what_was_searched_by_are_committed_to_by_nothing(work, verb):
    from work.action_scenes import SCENES
    from work.more_scenes import CHANGES_NOTHING

    assert verb in CHANGES_NOTHING or verb in SCENES
    world = World(work)
    call = SCENES[verb](world)
    try:
        done(work, call)
    finally:
        import shutil

        for folder in world.folders:
            shutil.rmtree(folder)
    entry = world.seen(lambda: Entry.objects.filter(verb=verb).latest("number").id)
    assert set(json.loads(leaf_of_entry(world.system, entry).content)["withheld"]) <= {"reason"}
