"""`arrears law` as a compliance officer types it."""

import json
from pathlib import Path

import pytest

from arrears.law.packs import shipped_pack, shipped_texts
from plain_books import arrears


def copied(folder: Path, pack: str, **changes: tuple[str, str]) -> Path:
    for name, text in shipped_texts(pack).items():
        for old, new in [changes[key] for key in changes if name == key.replace("__", "/") + ".yaml"]:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("pack", ["cn", "us"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_names_every_ground_once_with_its_text_and_date(pack, lang):
    ran = arrears("law", "list", "--pack", pack, "--lang", lang)
    lines = ran.out.splitlines()
    assert ran.status == 0 and len(lines) == len(shipped_pack(pack).grounds)
    for ground, line in zip(shipped_pack(pack).grounds, lines, strict=True):
        assert ground.id in line and ground.rule.title[lang] in line
    columns = {len(line[:line.index(pack + ".")].encode("gbk")) for line in lines}  # in GBK a Chinese character takes two bytes, as it takes two columns
    assert len(columns) == 1, "the ids stand in one column"


def test_the_list_of_a_day_leaves_out_what_is_not_in_force_then():
    def ids(*words):
        return {entry["id"] for entry in json.loads(arrears("law", "list", "--json", *words).out)}

    assert ids() - ids("--on", "2026-03-01") == {ground.id for ground in shipped_pack("cn").grounds if ground.id.endswith(".2024")}
    assert "cn.quiet_hours.bank" in ids("--on", "2026-01-30") - ids("--on", "2026-01-29")
    assert ids("--on", "2024-05-14") == set()


def test_a_rule_is_shown_with_its_numbers_grounds_and_sources_as_of_a_day():
    ran = arrears("law", "show", "cn.quiet_hours", "--on", "2025-02-27", "--lang", "en")
    assert ran.status == 0
    for said in ("from: 22:00", "to: 08:00", "consent_open: night_contact", "互联网金融贷后催收业务指引", "GB/T 45251", "read in a secondary text",
                 "the lender's own policy", "quiet_hours.yaml"):
        assert said in ran.out
    lines = [line for line in ran.out.splitlines() if "2025-02-27:" in line]
    assert [line.rsplit(": ", 1)[1] for line in lines] == ["in force that day", "not in force that day", "not in force that day", "in force that day"]
    assert arrears("law", "show", "cn.quiet_hours.bank", "--lang", "zh").out.startswith("cn.quiet_hours  夜间不联系")


def test_an_inserted_article_is_cited_in_chinese_as_lawyers_do_and_a_range_as_a_range(tmp_path):
    folder = copied(tmp_path / "pack", "cn", rules__text_threat=('article: "1032, 1033"', 'article: "293-1"'))
    assert "中华人民共和国民法典 第 293 条之一 ·" in arrears("law", "list", "--pack", folder, "--lang", "zh").out
    assert "art. 293-1" in arrears("law", "list", "--pack", folder, "--lang", "en").out
    assert "第 1034-1039 条" in arrears("law", "list", "--lang", "zh").out


def test_numbers_and_sources_are_shown_by_their_ids_too():
    assert "30000" in arrears("law", "show", "cn.lpr_1y").out
    assert "中国银行业协会" in arrears("law", "show", "cba-2026-collection").out
    ran = arrears("law", "show", "cn.nonsense")
    assert ran.status == 2 and "arrears law list" in ran.error


def test_the_to_do_list_has_every_open_question_and_tells_what_grows_stale():
    points = json.loads(arrears("law", "lint", "--on", "2026-11-30", "--json").out)
    assert {point["kind"] for point in points} == {"stale", "uncertain", "verify"}
    assert {"cn.open.microloan_trigger", "cn.open.effective_call"} <= {point["about"] for point in points}
    (soon,) = [point for point in points if point["kind"] == "stale"]
    assert soon["about"] == "cn.lpr_1y" and "by 2026-12-19" in soon["en"] and "次日起视为未知" in soon["zh"]
    verify = {point["about"]: point["zh"] for point in points if point["kind"] == "verify"}
    assert "2 条规则依据一般知识（K）" in verify["shenzhen-bankruptcy-2021"] and not verify["shenzhen-bankruptcy-2021"].endswith("等")
    assert "依据二手文本（T2）" in verify["cba-2026-collection"] and verify["cba-2026-collection"].endswith(" 等")
    late = json.loads(arrears("law", "lint", "--on", "2026-12-20", "--json").out)
    assert "from 2026-12-20 on it is unknown" in next(point for point in late if point["kind"] == "stale")["en"]
    assert not [point for point in json.loads(arrears("law", "lint", "--on", "2026-10-01", "--json").out) if point["kind"] == "stale"]
    for lang in ("zh", "en"):
        assert arrears("law", "lint", "--pack", "us", "--lang", lang).out.startswith("[ ] ")


def test_a_rule_without_examples_is_on_the_to_do_list(tmp_path):
    text = shipped_texts("cn")["rules/policy_sms_per_day.yaml"]
    folder = copied(tmp_path / "pack", "cn", rules__policy_sms_per_day=(text[text.index("examples:"):], ""))
    assert "untested: cn.policy.sms_per_day" in arrears("law", "lint", "--pack", folder, "--lang", "en").out


def test_two_versions_are_compared_entry_by_entry(tmp_path):
    folder = copied(tmp_path / "pack", "cn", rules__calls_per_day=('at_least: "3"', 'at_least: "2"'), lpr=('"2025-05-20": "30000"', '"2025-05-20": "29000"'))
    (folder / "rules" / "minor.yaml").unlink()
    found = arrears("law", "diff", "cn", folder, "--lang", "en").out.splitlines()
    assert "rules/calls_per_day.yaml: cn.calls_per_day, when.contacts_already.at_least: 3 -> 2" in found
    assert any(line.startswith("lpr.yaml: cn.lpr_1y, ") and line.endswith("30000 -> 29000") for line in found)
    assert any(line.startswith("rules/minor.yaml: cn.minor: gone: ") for line in found) and len(found) == 3
    assert any(": new: " in line for line in arrears("law", "diff", folder, "cn", "--lang", "en").out.splitlines())
    assert arrears("law", "diff", "us", "us", "--lang", "en").out == "The two versions say the same.\n"
    assert json.loads(arrears("law", "diff", "cn", folder, "--json").out)[-1]["field"] == ""


@pytest.mark.parametrize("pack", ["cn", "us"])
def test_all_examples_of_a_shipped_pack_hold(pack):
    ran = arrears("law", "test", "--pack", pack, "--lang", "en")
    assert ran.status == 0 and ran.out.endswith("all hold\n"), ran.out


@pytest.mark.parametrize("pack", ["cn", "us"])
def test_an_example_notices_every_number_of_a_shipped_pack_that_is_changed_by_one(pack):
    ran = arrears("law", "mutate", "--pack", pack, "--lang", "en")
    assert ran.status == 0 and ran.out.endswith("(100.0 %)\n"), ran.out


def test_an_example_that_fails_is_told_with_its_file_and_name_and_nothing_is_mutated(tmp_path):
    folder = copied(tmp_path / "pack", "cn", rules__calls_per_day=('at_least: "3"', 'at_least: "4"'))
    ran = arrears("law", "test", "--pack", folder, "--lang", "en")
    assert ran.status == 1 and "calls_per_day.yaml: the fourth of the day: - speaks, expected cn.calls_per_day" in ran.out
    ran = arrears("law", "mutate", "--pack", folder, "--lang", "en")
    assert ran.status == 1 and "not all examples hold" in ran.out


def test_a_number_that_no_example_holds_is_told_with_its_line(tmp_path):
    text = shipped_texts("us")["rules/calls_in_seven_days.yaml"]
    example = text[text.index("  - name: the window holds seven days"):text.index("  - name: and no eighth")]
    folder = copied(tmp_path / "pack", "us", rules__calls_in_seven_days=(example, ""))
    ran = arrears("law", "mutate", "--pack", folder, "--lang", "en")
    assert ran.status == 1 and "rules/calls_in_seven_days.yaml, line 7: 7 became 6 and no example noticed" in ran.out


@pytest.mark.parametrize("words", [("list", "--pack", "fr"), ("list", "--on", "yesterday"), ("show", "x", "--policy", "nowhere"), ("diff", "cn", "nowhere")])
def test_what_is_not_there_is_refused_in_words(words):
    ran = arrears("law", *words)
    assert ran.status == 2 and ran.error.startswith("arrears: ") and len(ran.error.splitlines()) == 2


def test_a_text_is_screened_for_its_author(tmp_path):
    text = tmp_path / "template.txt"
    text.write_text("再不还钱就把你列入全国黑 名 单，欠款1.2万元", encoding="utf-8")
    ran = arrears("law", "wording", text, "--lang", "zh")
    assert ran.status == 1 and "虚构黑名单" in ran.out and "伪装：字间插入符号" in ran.out and "CNY 12,000.00" in ran.out
    text.write_text("【示例银行】您好，您在我行的贷款已逾期。如有异议，请致电客服提出并提供证据。", encoding="utf-8")
    ran = arrears("law", "wording", text, "--for", "message", "--lang", "en")
    assert (ran.status, ran.out) == (0, "The lexicon finds no red line crossed.\n"), ran
    found = json.loads(arrears("law", "wording", text, "--for", "letter", "--json").out)
    assert {"cn.parts.letter.rights_and_duties", "cn.parts.letter.query"} <= {part["id"] for part in found["missing"]}
    assert arrears("law", "wording", text, "--for", "poem").status == 2
    assert arrears("law", "wording", tmp_path / "none.txt").status == 2
    text.write_text(" \n", encoding="utf-8")
    assert "blank" in arrears("law", "wording", text).error


def test_the_numbers_of_a_lender_s_own_rules_are_changed_too(tmp_path):
    rules = tmp_path / "rules"
    rules.mkdir()
    rule = shipped_texts("us")["rules/calls_in_seven_days.yaml"].replace("us.calls_in_seven_days", "l1.calls_in_seven_days")
    rule = rule.replace("source: reg-f", "source: operator_policy").replace("evidence: T1", "evidence: own").replace('article: "1006.14(b)(2)"', "article: null")
    example = rule[rule.index("  - name: the window holds seven days"):rule.index("  - name: and no eighth")]
    (rules / "calls.yaml").write_text(rule.replace(example, ""), encoding="utf-8")
    ran = arrears("law", "mutate", "--pack", "us", "--policy", tmp_path, "--lang", "en")
    assert ran.status == 1 and "policy/rules/calls.yaml, line 7: 7 became 6 and no example noticed" in ran.out, ran.out


def test_a_text_that_is_not_utf_8_is_refused_and_never_found_clean(tmp_path):
    text = tmp_path / "template.txt"
    text.write_bytes("今日不还款将上门抓人。".encode("gb18030"))
    ran = arrears("law", "wording", text, "--lang", "zh")
    assert (ran.status, ran.out) == (2, "") and "template.txt：不是 UTF-8" in ran.error and "save it as UTF-8" in ran.error


@pytest.mark.parametrize(("written", "disguise"), [("黑 名 单", "字间插入符号"), ("黑\u200b名单", "零宽字符"), ("黑名單", "繁体字"), ("hei ming dan", "谐音")])
def test_every_disguise_has_a_name_in_chinese(tmp_path, written, disguise):
    text = tmp_path / "template.txt"
    text.write_text(f"再不还钱就把你列入全国{written}", encoding="utf-8")
    assert f"（伪装：{disguise}）" in arrears("law", "wording", text, "--lang", "zh").out


def test_naming_a_suit_alone_is_told_and_no_failure(tmp_path):
    text = tmp_path / "letter.txt"
    text.write_text("如不还款，我行将依法提起诉讼。", encoding="utf-8")
    ran = arrears("law", "wording", text, "--lang", "en")
    assert ran.status == 0 and ran.out.startswith("names a suit (lawful, but not after limitation): ")


def test_a_mistake_in_a_lender_s_folder_is_told_under_the_folder_s_own_name(tmp_path):
    folder = tmp_path / "rules_of_2026"
    folder.mkdir()
    (folder / "policy.yaml").write_text('id: L1\nswitched_off: [cn.quiet_hours.bank]\n', encoding="utf-8")
    ran = arrears("law", "list", "--policy", folder)
    assert ran.status == 2 and "rules_of_2026/policy.yaml, switched_off: cn.quiet_hours.bank is law" in ran.error
