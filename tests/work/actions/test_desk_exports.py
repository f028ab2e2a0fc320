"""Exports from asking to the last fetch: limits, four eyes, what is in the file, who may have it and for how long."""

import csv
import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import polars as pl
import pytest

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden
from arrears.work.oversight_words import EXPORTED
from arrears.work.queries.desk_exports import exports, one_export, pieces
from work.action_scenes import World
from work.scenes_oversight import all_yes, contact_of, item_of

DAYS = {"from_on": "2026-09-01", "to_on": "2026-11-02"}
HOUR = 3_600_000_000


@pytest.fixture
def world(work):
    return World(work)


@pytest.fixture
def own(work):
    """Says what the operator's own choices are, until the test is over."""
    path = work.home / "settings.yaml"
    before = path.read_text(encoding="utf-8") if path.exists() else None
    yield lambda **said: path.write_text((before or "") + "exports:\n" + "".join(f'  {name}: "{value}"\n' for name, value in said.items()), encoding="utf-8")
    path.unlink(missing_ok=True) if before is None else path.write_text(before, encoding="utf-8")


def ask(world, what="cases", format="csv", actor=None, **more) -> dict:
    return world.do("export.ask", {"what": what, "format": format, "filters": DAYS, "language": "en", **more}, actor=actor or world.compliance, thing=None)


def make(world, export, actor=None) -> dict:
    return world.do("export.make", {"export": export}, actor=actor or world.compliance, thing=None)


def fetch(world, export, actor=None) -> bytes:
    told = world.do("export.fetch", {"export": export}, actor=actor or world.compliance, thing=None)
    whole = b"".join(pieces(actor or world.compliance, UUID(export), UUID(told["entry"]), moment_of(world.work.now)))
    assert hashlib.sha256(whole).hexdigest() == told["digest"] and len(whole) == told["size_bytes"]
    return whole


def everything(world) -> None:
    """One of each thing that can be exported, in the world's case."""
    item = item_of(world)
    world.do("sheet.fill", {"item": item, "answers": all_yes(world)}, actor=world.compliance)
    world.do("promise.take", {"loan_id": world.loan, "amount_minor": 100, "pay_by_on": "2026-11-20"})
    world.plan()
    world.do("complaint.raise", {"ground": "hours"})
    world.do("dispute.raise", {"ground": "amount"})


def table(whole: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(whole.decode("utf-8-sig"), newline="")))


def test_a_small_export_is_made_and_fetched_masked_with_its_watermark_and_digest(world):
    asked = ask(world)
    assert asked["approval"] is None and asked["rows"] == 1
    made = make(world, asked["export"])
    mark, heads, line = table(fetch(world, asked["export"]))
    assert made["rows"] == 1 and world.compliance.name in mark[0] and asked["export"] in mark[0] and "masked" in mark[0]
    told = dict(zip(heads, line, strict=True))
    assert told["borrower (pseudonym)"] == world.case.borrower_id and told["debtor (masked)"] == "王**" or "*" in told["debtor (masked)"]
    assert "王小明" not in str(line) and "19912345678" not in str(line) and told["claimable"] == "100.00"
    shown, fetched = one_export(world.compliance, UUID(asked["export"]), world.work.at)
    assert shown.state == "fetched" and shown.fetches == 1 and len(fetched) == 1 and world.compliance.name.replace("_", "-")[:30] in shown.name


@pytest.mark.parametrize("what, format", [("cases", "xlsx"), ("contacts", "parquet"), ("promises", "parquet"), ("plans", "parquet"), ("matters", "parquet"), ("samples", "parquet")])
def test_everything_that_can_be_exported_can_be_read_back(world, what, format):
    everything(world)
    asked = ask(world, what, format)
    make(world, asked["export"])
    whole = fetch(world, asked["export"])
    if format == "xlsx":
        return
    rows = pl.read_parquet(io.BytesIO(whole))
    assert len(rows) == asked["rows"] == (2 if what == "matters" else 1)
    assert rows["borrower_id"].to_list() == [world.case.borrower_id] * len(rows)
    if what == "samples":
        assert rows["score_ppm"].to_list() == [1_000_000] and rows["is_passed"].to_list() == [True]


def test_above_the_operators_number_another_approves_exactly_this_and_it_is_used_once(world, own):
    own(rows_without_approval=0)
    asked = ask(world)
    with pytest.raises(Refused, match="waiting"):
        make(world, asked["export"])
    with pytest.raises(Refused):
        world.do("approval.decide", {"approve": True}, actor=world.compliance, thing=UUID(asked["approval"]))
    second = world.work.actor(world.lender, "compliance_officer")
    world.do("approval.decide", {"approve": True}, actor=second, thing=UUID(asked["approval"]))
    assert exports(world.compliance, world.work.at)[0].may_make
    make(world, asked["export"])
    assert asked["approval"] in table(fetch(world, asked["export"]))[0][0]
    with pytest.raises(Refused, match="made before"):
        make(world, asked["export"])


def test_many_small_exports_of_one_person_are_one_large_one(world, own):
    own(rows_without_approval=2)
    first, second, third = (ask(world) for _ in range(3))
    assert first["approval"] is None and second["approval"] is None and third["approval"] is not None
    assert ask(world, actor=world.work.actor(world.lender, "compliance_officer"))["approval"] is None
    world.work.now += 24 * HOUR
    assert ask(world)["approval"] is None


def test_a_refused_approval_makes_no_file(world, own):
    own(rows_without_approval=0)
    asked = ask(world)
    world.do("approval.decide", {"approve": False}, actor=world.work.actor(world.lender, "compliance_officer"), thing=UUID(asked["approval"]))
    with pytest.raises(Refused, match="refused"):
        make(world, asked["export"])
    assert not exports(world.compliance, world.work.at)[0].may_make


def test_more_rows_than_a_role_may_have_and_none_at_all_are_refused(world, own):
    own(rows_team_lead=1)
    world.new_case()
    with pytest.raises(Refused, match="more than the 1 rows"):
        ask(world, actor=world.lead)
    with pytest.raises(Refused, match="no row"):
        ask(world, filters={"from_on": "2020-01-01", "to_on": "2020-01-02"})


def test_rows_that_came_since_are_not_slipped_in(world, own):
    own(rows_without_approval=1)
    asked = ask(world)
    world.new_case()
    with pytest.raises(Refused, match="more than 1 rows"):
        make(world, asked["export"])


def test_a_file_that_is_too_large_is_refused(world, own):
    own(size_most_bytes=100)
    asked = ask(world)
    with pytest.raises(Refused, match="bytes"):
        make(world, asked["export"])
    assert exports(world.compliance, world.work.at)[0].state == "asked"


def test_a_lead_exports_their_own_teams_and_nobody_fetches_anothers(world):
    world.new_case("b")
    lead = world.work.actor(world.lender, "team_lead", "a")
    asked = ask(world, actor=lead)
    assert asked["rows"] == 1
    make(world, asked["export"], lead)
    for stranger in (world.compliance, world.work.actor(world.lender, "team_lead", "a")):
        for verb in ("export.make", "export.fetch"):
            with pytest.raises(Refused, match="of your own"):
                world.do(verb, {"export": asked["export"]}, actor=stranger, thing=None)
    assert [line.id for line in exports(world.work.actor(world.lender, "auditor"), world.work.at)] == [UUID(asked["export"])]
    assert exports(world.work.actor(world.lender, "team_lead", "b"), world.work.at) == [] and len(exports(lead, world.work.at)) == 1
    with pytest.raises(Forbidden):
        one_export(world.work.actor(world.lender, "team_lead", "b"), UUID(asked["export"]), world.work.at)


@pytest.mark.parametrize("role", ["collector", "agency_worker", "strategist", "administrator", "auditor", "data_officer"])
def test_other_roles_export_nothing(world, role):
    with pytest.raises(Forbidden):
        ask(world, actor=world.work.actor(world.lender, role, "a" if role in ("collector", "agency_worker") else None, holds=role == "collector"))


def test_an_expired_file_is_refused_and_its_pieces_go_with_the_next_action(world):
    from arrears.work.models import ExportPart

    asked = ask(world)
    make(world, asked["export"])
    world.work.now += 24 * HOUR
    with pytest.raises(Refused, match="expired"):
        fetch(world, asked["export"])
    ask(world)
    assert world.seen(lambda: ExportPart.objects.filter(export=asked["export"]).count()) == 0
    assert {line.state for line in exports(world.compliance, world.work.at)} == {"gone", "asked"}


def test_what_was_to_be_fetched_once_is_fetched_once(world):
    asked = ask(world, is_once=True)
    make(world, asked["export"])
    fetch(world, asked["export"])
    with pytest.raises(Refused, match="fetched once"):
        fetch(world, asked["export"])


def test_pieces_are_for_whoever_fetched_just_now_and_nobody_else(world):
    asked = ask(world)
    make(world, asked["export"])
    told = world.do("export.fetch", {"export": asked["export"]}, actor=world.compliance, thing=None)
    key, entry = UUID(asked["export"]), UUID(told["entry"])
    for actor, which, when in ((world.lead, entry, world.work.at), (world.compliance, UUID(int=1), world.work.at), (world.compliance, entry, world.work.at + timedelta(minutes=11))):
        with pytest.raises(Refused):
            pieces(actor, key, which, when)


def test_a_file_of_several_pieces_comes_whole_and_a_changed_piece_is_noticed(world, monkeypatch):
    from arrears.vault.refused import VaultRefused
    from arrears.work.actions import desk_exports
    from arrears.work.models import ExportPart

    monkeypatch.setattr(desk_exports, "PIECE_BYTES", 100)
    asked = ask(world)
    make(world, asked["export"])
    assert len(table(fetch(world, asked["export"]))) == 3
    with world.work.writing(world.lender):
        parts = list(ExportPart.objects.filter(export=asked["export"]).order_by("ordinal"))
        assert len(parts) > 3
        ExportPart.objects.filter(pk=parts[1].pk).update(content_sealed=bytes(parts[2].content_sealed))
    with pytest.raises((VaultRefused, Refused)):
        fetch(world, asked["export"])


def test_what_lies_in_the_database_is_sealed(world):
    from arrears.work.models import ExportPart

    contact_of(world)
    asked = ask(world, "contacts")
    make(world, asked["export"])
    kept = world.seen(lambda: b"".join(bytes(part.content_sealed) for part in ExportPart.objects.filter(export=asked["export"])))
    assert kept and world.case.borrower_id.encode() not in kept and b"arrears" not in kept


@pytest.mark.parametrize("more", [{"what": "accounts"}, {"format": "pdf"}, {"filters": {"state": "asleep"}}, {"filters": {"from_on": "x"}}, {"filters": {"team": "a\x00"}}, {"language": "fr"}])
def test_what_cannot_be_exported_is_refused(world, more):
    with pytest.raises(Refused):
        ask(world, **more)


@pytest.mark.parametrize("what", EXPORTED)
def test_a_frozen_case_is_in_no_export(world, what):
    from arrears.work.models import Case

    everything(world)
    assert ask(world, what)["rows"] > 0
    with world.work.writing(world.lender):
        Case.objects.filter(pk=world.case.pk).update(frozen_at=world.work.at)
    with pytest.raises(Refused, match="no row"):
        ask(world, what)


@pytest.mark.parametrize("less", [{"teams": ("a",)}, {"roles": frozenset({"compliance_officer"})}], ids=["a team fewer", "a role fewer"])
def test_who_lost_a_team_or_a_role_since_the_file_was_made_fetches_it_no_more(world, less):
    both = replace(world.compliance, teams=("a", "b"), roles=frozenset({"compliance_officer", "team_lead"}))
    asked = ask(world, actor=both)
    make(world, asked["export"], both)
    with pytest.raises(Forbidden):
        fetch(world, asked["export"], replace(both, **less))
    assert fetch(world, asked["export"], replace(both, teams=("a", "b", "c")))
