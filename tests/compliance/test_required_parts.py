"""A report for authors of templates: which required parts a text has no words for."""

from datetime import date

import pytest

from arrears.compliance.required_parts import missing_parts, parts_of, read_required_parts
from arrears.strict_yaml import BadYaml
from compliance.packs import LAW, SOURCES

TEXT = (LAW / "cn" / "required_parts.yaml").read_text(encoding="utf-8")
PARTS = read_required_parts(TEXT, SOURCES["cn"])
ON = date(2026, 3, 1)
# Written from the list of article 69: name and balance; reason and law; rights and duties; query, repay, object; contact.
LETTER = {
    "name": "尊敬的王某某先生：\n",
    "balance": "截至2026年3月1日，您名下信用卡欠款余额为12,345.67元。\n",
    "reason": "该款项现已逾期45天。\n",
    "law": "依照《商业银行信用卡业务监督管理办法》，特此函告。\n",
    "rights_and_duties": "您有权了解债务详情，同时应当履行清偿义务。\n",
    "query": "请登录手机银行查询账单明细。\n",
    "repay": "您可以通过柜台或手机银行还款。\n",
    "objection": "如有异议，请提供相关证据。\n",
    "contact": "客服热线：400-123-4567\n",
}


def missing(text: str, part_of: str, on: date = ON) -> set[str]:
    return {part.id.rpartition(".")[2] for part in missing_parts(text, parts_of(PARTS, part_of, on))}


def test_a_letter_with_every_part_lacks_none():
    assert missing("".join(LETTER.values()), "letter") == set()


@pytest.mark.parametrize("part", LETTER)
def test_a_letter_without_a_part_lacks_that_part_alone(part):
    assert missing("".join(words for name, words in LETTER.items() if name != part), "letter") == {part}


def test_a_message_says_who_calls_for_whom_and_how_to_object():
    assert missing("您有一笔欠款未还", "message") == {"caller", "on_behalf_of", "objection"}
    assert missing("【某某银行】您的贷款已逾期，如对金额有异议请致电95555", "message") == set()


def test_a_part_is_required_from_its_day_on():
    assert "caller" not in {part.id.rpartition(".")[2] for part in parts_of(PARTS, "message", date(2026, 1, 29))}
    assert "caller" in {part.id.rpartition(".")[2] for part in parts_of(PARTS, "message", date(2026, 1, 30))}


@pytest.mark.parametrize("old,new,says", [
    ("for: message", "for: speech", "for is 'speech'"), ("source: cbrc-2011-2", "source: hearsay", "unknown source"),
    ("evidence: T2", "evidence: U", "evidence 'U'"), ('from: "2026-01-30"', 'from: "soon"', "'soon' is not a date"), ("part: {zh: 来电或发信机构,", "part: {", "missing zh"),
    ("id: cn.parts.letter.name", "id: cn.parts.letter.balance", "stands twice")])
def test_a_fault_is_named(old, new, says):
    assert old in TEXT
    with pytest.raises(BadYaml, match=says):
        read_required_parts(TEXT.replace(old, new, 1), SOURCES["cn"])
