"""Agreements on paper: the same bytes, PDF/A, no character that the font lacks, names in clear for a purpose alone; and the font that is shipped."""

import base64
import hashlib
import struct
from dataclasses import replace
from datetime import date

import pytest

from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden
from arrears.work.agreements.paper import FONTS, demand_glyphs, has_glyph, manifest, pdf_of
from arrears.work.agreements.words import Paper, content_of
from arrears.work.models import Attachment, Entry, Party, Plan
from arrears.work.queries.plans import agreement_sample
from work.action_scenes import World

PAPER = Paper("0a1b2c3d-0000", "instalments", "样例银行股份有限公司", "Sample Bank", "欧阳喆", "990101199001011234", "B-1-L0", "flash_loan", "CNY", date(2026, 10, 31), 45, 1_000_000, 920_000, 60_000, 0, 32_000,
              12_000, tuple((number, date(2026, 11 + number, 15) if number < 2 else date(2027, number - 1, 15), 333_000) for number in range(1, 4)), 1_000, 0, 0, 0, date(2026, 11, 2), date(2026, 11, 2), False)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["instalments", "date_shift", "waiver", "settlement"])
def test_the_same_content_gives_the_same_bytes_of_a_pdf_for_archives_in_our_own_font_alone(kind, lang):
    paper = replace(PAPER, kind=kind)
    first = pdf_of(content_of(paper, lang))
    assert first == pdf_of(content_of(paper, lang)) and first.startswith(b"%PDF-1.7") and b"pdfaid" in first and b"NotoSansSC-Regular" in first
    assert first != pdf_of(content_of(replace(paper, debtor="王小明"), lang))


def test_sums_and_consequences_stand_in_it_in_both_languages():
    zh, en = content_of(PAPER, "en")["papers"]
    assert ["应还合计", "9,990.00 CNY"] in zh["totals"] and ["减免罚息", "10.00 CNY"] in zh["totals"] and ["本协议另收费用", "0.00 CNY"] in zh["totals"] and ["不在本协议内的余额", "0.00 CNY"] in zh["totals"]
    assert zh["schedule"] == [["1", "2026-12-15", "3,330.00 CNY", "6,660.00 CNY"], ["2", "2027-01-15", "3,330.00 CNY", "3,330.00 CNY"], ["3", "2027-02-15", "3,330.00 CNY", "0.00 CNY"]]
    assert any("不进行催收" in line or "不就本笔贷款进行催收" in line for line in zh["terms"]) and any("逾期天数" in line for line in zh["terms"]) and len(zh["terms"]) == len(en["terms"])
    assert "prevails" in en["mark"] and ["Penalty waived", "10.00 CNY"] in en["totals"]
    assert "不得用于签署" in content_of(replace(PAPER, sample=True), "zh")["papers"][0]["mark"]


@pytest.mark.parametrize(("name", "sign"), [("王𠮷", "U+20BB7"), ("نور", "U+0646"), ("王\ue000", "U+E000"), ("李😀", "U+1F600")])
def test_a_character_that_the_font_lacks_is_named_and_no_paper_is_made(name, sign):
    with pytest.raises(Refused) as refused:
        pdf_of(content_of(replace(PAPER, debtor=name), "zh"))
    assert sign in refused.value.en.replace("u", "U") and sign in refused.value.zh


def test_every_name_of_the_national_standard_and_all_our_own_words_can_be_set():
    rows = (bytes([high, low]) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    assert all(has_glyph(sign) for row in rows for sign in row.decode("gb2312", "ignore")) and all(map(has_glyph, "喆堃祎翀昇頔赟珺玥镕犇Zoë"))
    demand_glyphs(content_of(PAPER, "en"))


def test_the_font_is_the_one_of_the_manifest_has_the_characters_it_says_and_comes_with_its_licence():
    (about,) = manifest()
    content = (FONTS / about["name"]).read_bytes()
    assert (len(content), hashlib.sha384(content).hexdigest(), about["licence"]) == (about["bytes"], about["sha384"], "OFL-1.1")
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / about["licence_file"]).read_text(encoding="utf-8")
    told = {code for span in about["ranges"].split() for code in range(int(span.split("-")[0], 16), int(span.split("-")[1], 16) + 1)}
    assert told == characters_of(content) and len(told) == about["characters"]


def characters_of(font: bytes) -> set[int]:
    """The characters of an OpenType font by its own table cmap, formats 4 and 12. Source: OpenType 1.9, cmap."""
    tables = {font[at:at + 4]: struct.unpack(">II", font[at + 8:at + 16]) for at in range(12, 12 + 16 * struct.unpack(">H", font[4:6])[0], 16)}
    start = tables[b"cmap"][0]
    found: set[int] = set()
    for number in range(struct.unpack(">H", font[start + 2:start + 4])[0]):
        at = start + struct.unpack(">I", font[start + 4 + 8 * number + 4:start + 12 + 8 * number])[0]
        kind = struct.unpack(">H", font[at:at + 2])[0]
        if kind == 12:
            groups = struct.unpack(">I", font[at + 12:at + 16])[0]
            found |= {code for place in range(groups) for first, last in [struct.unpack(">II", font[at + 16 + 12 * place:at + 24 + 12 * place])] for code in range(first, last + 1)}
        elif kind == 4:
            count = struct.unpack(">H", font[at + 6:at + 8])[0] // 2
            ends = struct.unpack(f">{count}H", font[at + 14:at + 14 + 2 * count])
            starts = struct.unpack(f">{count}H", font[at + 16 + 2 * count:at + 16 + 4 * count])
            found |= {code for first, last in zip(starts, ends, strict=True) for code in range(first, last + 1) if code != 0xFFFF}
    return found


@pytest.fixture
def world(work) -> World:
    return World(work)


def test_it_is_drawn_up_for_a_purpose_kept_sealed_and_opened_as_any_attachment_the_same_bytes_again(world):
    plan = world.plan()["plan"]
    for purpose in (None, "curiosity"):
        with pytest.raises(Refused):
            world.do("plan.draw_up", {"plan": plan}, purpose=purpose)
    told = world.do("plan.draw_up", {"plan": plan}, purpose="collection")
    kept = world.seen(lambda: Attachment.objects.get(pk=told["attachment"]))
    assert (kept.kind, kept.record_kind, kept.size_bytes) == ("document", "collection_record", told["size_bytes"]) and "王小明".encode() not in bytes(kept.content_sealed)
    assert str(world.seen(lambda: Plan.objects.get(pk=plan)).agreement_id) == told["attachment"]
    opened = [base64.b64decode(world.do("attachment.open", {"attachment": one}, purpose="collection")["content_base64"]) for one in (told["attachment"], world.do("plan.draw_up", {"plan": plan}, purpose="collection")["attachment"])]
    assert opened[0] == opened[1] and opened[0].startswith(b"%PDF")
    entry = world.seen(lambda: Entry.objects.filter(lender=world.lender, verb="plan.draw_up", is_refused=False).first())
    assert entry.purpose == "collection" and "王小明" not in str(entry.parameters) + str(entry.result)


def test_who_may_not_uncover_draws_nothing_up_and_the_sample_shows_masked_persons_alone(world):
    plan = world.plan()["plan"]
    agency = world.work.actor(world.lender, "agency_worker", world.agency)
    with pytest.raises(Forbidden):
        world.do("plan.draw_up", {"plan": plan}, actor=agency, purpose="collection")
    with pytest.raises(Forbidden):
        agreement_sample(agency, world.case.id, plan, world.work.now, "zh")
    assert agreement_sample(world.compliance, world.case.id, plan, world.work.now, "zh").startswith(b"%PDF")


def test_nothing_is_drawn_up_for_a_debtor_who_was_erased_or_is_frozen_nor_of_a_plan_that_is_over(world):
    plan = world.plan()["plan"]
    with world.work.writing(world.lender):
        Party.objects.filter(case=world.case).update(frozen_at=world.work.at)
    with pytest.raises(Refused, match="frozen or erased"):
        world.do("plan.draw_up", {"plan": plan}, purpose="collection")
    with world.work.writing(world.lender):
        Party.objects.filter(case=world.case).update(frozen_at=None)
    world.do("plan.end", {"plan": plan})
    with pytest.raises(Refused, match="is refused"):
        world.do("plan.draw_up", {"plan": plan}, purpose="collection")
