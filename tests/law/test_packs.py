"""Packs are read strictly, every mistake is told with file and line, and a lender's folder can tighten, never loosen."""

import re

import pytest

from arrears.compliance.screen import prepare
from arrears.law.packs import pack_from, read_pack, shipped_pack, shipped_texts, texts_of, with_policy
from arrears.law.rules import VERDICTS
from arrears.strict_yaml import BadYaml

RULE = """id: l1.short_day
title: {zh: 短, en: short}
message: {zh: 短, en: short}
applies_to:
  channel: [call]
when:
  local_time_in: {from: "18:00", to: "09:00"}
grounds:
  - id: l1.short_day
    source: operator_policy
    article: null
    evidence: own
    modality: should_not
    from: "2026-01-01"
    until: null
"""


def refusal(change, file: str = "rules/quiet_hours.yaml", pack: str = "cn") -> str:
    """What is said of a shipped pack of which one file was changed."""
    texts = shipped_texts(pack)
    changed = change(texts[file])
    assert changed != texts[file], "the change changes nothing"
    with pytest.raises(BadYaml) as found:
        prepare(pack_from({**texts, file: changed}, pack))
    return str(found.value)


@pytest.mark.parametrize("pack", ["cn", "us"])
def test_every_ground_cites_a_text_with_a_date_and_says_how_sure_it_is(pack):
    for ground in shipped_pack(pack).grounds:
        assert ground.is_policy == (ground.evidence == "own")
        assert ground.is_policy or ground.source in shipped_pack(pack).sources
        assert ground.evidence in ("T1", "T2", "K", "own") and ground.from_on < ground.until_on


@pytest.mark.parametrize("pack", ["cn", "us"])
def test_an_example_travels_with_every_rule_and_ground(pack):
    for rule in shipped_pack(pack).rules:
        speaking = {name for example in rule.examples for name in example["speaks"]}
        assert {ground.id for ground in rule.grounds} <= speaking, f"{rule.file}: no example in which each ground speaks"
        assert any(not example["speaks"] for example in rule.examples), f"{rule.file}: no example in which it is silent"


@pytest.mark.parametrize(("old", "new", "said"), [
    ("id: cn.quiet_hours\n", "id: cn.quiet_hours\nid: cn.other\n", r"quiet_hours\.yaml: line \d+: the key 'id' stands twice"),
    ("source: gbt-45251-2025", "source: gbt-45251", r"quiet_hours\.yaml.*line \d+.*the source 'gbt-45251' is not in sources\.yaml"),
    ("modality: prohibited", "modality: forbidden", r"quiet_hours\.yaml.*line \d+.*modality 'forbidden' is not known"),
    ("evidence: T2", "evidence: U", r"line \d+.*evidence 'U'.*never in force.*open\.yaml"),
    ("    source: gbt-45251-2025\n", "", r"quiet_hours\.yaml.*line \d+.*missing source"),
    ("    from: \"2025-02-28\"", "    from: \"2025-2-28\"", r"line \d+.*'2025-2-28' is not a date"),
    ("    until: \"2025-02-28\"", "    until: \"2024-05-15\"", r"until 2024-05-15 is not after from 2024-05-15"),
    ("from: \"22:00\"", "from: 22.00", r"line \d+.*'22\.00' is no time of day"),
    ("from: \"22:00\"", "from: \"24:00\"", r"line \d+.*'24:00' is no time of day"),
    ("local_time_in:", "hours_in:", r"line \d+.*unknown kind of condition; known are local_time_in"),
    ("consent_open: night_contact", "consent_open: nights", r"line \d+.*'nights' is not known"),
    ("  purpose: [collect, locate, notify]", "  purpose: [collect, chase]", r"line \d+.*'chase' is not known"),
    ("  purpose: [collect, locate, notify]", "  aim: [collect]", r"line \d+.*unknown 'aim'"),
    ("  purpose: [collect, locate, notify]", "  purpose: collect", r"line \d+.*must be a list"),
    ("grounds:\n", "grounds: []\nother:\n", r"unknown key other"),
    ("    until: \"2025-02-28\"\n", "    until: null\n    note: x\n    wide: \"1\"\n", r"line \d+: unknown key wide"),
], ids=range(16))
def test_a_mistake_in_a_rule_is_told_with_its_file_and_line(old, new, said):
    assert re.search(said, refusal(lambda text: text.replace(old, new, 1)), re.DOTALL)


def test_yaml_s_own_ideas_of_values_are_not_shared():
    texts = shipped_texts("cn")
    rule = texts["rules/quiet_hours.yaml"].replace('from: "22:00"', "from: 22:00")  # the number 1320 to a YAML 1.1 reader
    assert pack_from({**texts, "rules/quiet_hours.yaml": rule}, "cn").rules == shipped_pack("cn").rules
    with pytest.raises(BadYaml, match="must be a list"):
        pack_from({**texts, "rules/quiet_hours.yaml": rule.replace("purpose: [collect, locate, notify]", "purpose: no")}, "cn")


def test_grounds_that_rest_on_one_text_may_not_overlap():
    said = refusal(lambda text: text.replace('until: "2025-02-28"', "until: null", 1).replace("source: gbt-45251-2025", "source: nifa-2024-collection"))
    assert "overlap" in said and "cn.quiet_hours.2024" in said


def test_a_rule_without_conditions_and_reach_is_refused():
    own = re.sub(r"applies_to:.*?grounds", "when: {}\ngrounds", RULE, flags=re.DOTALL)
    with pytest.raises(BadYaml, match="would forbid every contact"):
        with_policy(shipped_pack("cn"), {"rules/own.yaml": own})


def test_a_folder_that_is_no_pack_says_so(tmp_path):
    with pytest.raises(BadYaml, match="no pack.yaml"):
        read_pack(tmp_path)
    with pytest.raises(BadYaml, match="no such folder"):
        read_pack(tmp_path / "nowhere")


def test_a_pack_read_from_a_folder_is_the_shipped_one(tmp_path):
    for name, text in shipped_texts("us").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_pack(tmp_path).digest == shipped_pack("us").digest


def test_a_lender_s_own_rule_is_added_and_the_law_s_stay():
    laid = with_policy(shipped_pack("cn"), {"rules/short_day.yaml": RULE})
    assert [ground.id for ground in laid.grounds] == [*(ground.id for ground in shipped_pack("cn").grounds), "l1.short_day"]
    prepare(laid)


def test_a_shipped_rule_that_is_policy_may_be_changed_and_one_that_is_law_may_not():
    shipped = shipped_texts("cn")["rules/policy_sms_per_day.yaml"]
    laid = with_policy(shipped_pack("cn"), {"rules/sms.yaml": shipped.replace('at_least: "3"', 'at_least: "5"')})
    (rule,) = [rule for rule in laid.rules if rule.id == "cn.policy.sms_per_day"]
    assert rule.when["contacts_already"]["at_least"] == "5" and len(laid.rules) == len(shipped_pack("cn").rules)
    law = shipped_texts("cn")["rules/calls_per_day.yaml"].replace('at_least: "3"', 'at_least: "9"')
    for looser in (law, law.replace("id: cn.calls_per_day\n", "id: own.calls\n", 1)):
        with pytest.raises(BadYaml, match="calls.yaml, .*cn.calls_per_day is law, which a lender's folder can neither change nor switch off"):
            with_policy(shipped_pack("cn"), {"rules/calls.yaml": looser})


def test_policy_may_be_switched_off_by_its_id_and_law_may_not():
    def without(*ids):
        return with_policy(shipped_pack("cn"), {"policy.yaml": f"id: l1\nversion: \"1\"\nswitched_off: [{', '.join(ids)}]\n"})

    gone = {ground.id for ground in shipped_pack("cn").grounds} - {ground.id for ground in without("cn.policy.visit_hours", "cn.quiet_hours.business").grounds}
    assert gone == {"cn.policy.visit_hours", "cn.quiet_hours.business"}
    with pytest.raises(BadYaml, match="cn.quiet_hours.bank is law"):
        without("cn.quiet_hours.bank")
    with pytest.raises(BadYaml, match="there is no 'cn.policy.sms'"):
        without("cn.policy.sms")


@pytest.mark.parametrize("file", ["caps.yaml", "sources.yaml", "pack.yaml", "rule.yaml"])
def test_a_folder_with_other_files_is_refused_since_they_would_be_overlooked(file):
    with pytest.raises(BadYaml, match=f"policy/{file}: a lender's folder holds"):
        with_policy(shipped_pack("cn"), {"rules/own.yaml": RULE, file: "id: x\n"})


def test_a_rule_of_a_lender_rests_on_its_own_policy_alone():
    with pytest.raises(BadYaml, match="the source civil-code is law; a lender's own rule rests on operator_policy"):
        with_policy(shipped_pack("cn"), {"rules/own.yaml": RULE.replace("source: operator_policy", "source: civil-code").replace("evidence: own", "evidence: T1")})
    with pytest.raises(BadYaml, match="'our-handbook' is not in sources.yaml; .*in a lender's folder write operator_policy"):
        with_policy(shipped_pack("cn"), {"rules/own.yaml": RULE.replace("source: operator_policy", "source: our-handbook")})


@pytest.mark.parametrize("name", ["short_day.yml", "short_day.YAML", "short_day.yaml.txt"])
def test_a_rule_whose_file_has_another_ending_is_not_passed_over_in_silence(tmp_path, name):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / name).write_text(RULE, encoding="utf-8")
    with pytest.raises(BadYaml, match=f"rules/{name}: would not be read"):
        texts_of(tmp_path)
    (tmp_path / "rules" / name).rename(tmp_path / "rules/short_day.yaml")
    (tmp_path / "README.txt").write_text("ours", encoding="utf-8")
    assert texts_of(tmp_path) == {"rules/short_day.yaml": RULE}


@pytest.mark.parametrize("modality", ["info", "discouraged"])
def test_however_mild_a_lender_s_rule_is_it_frees_nothing(modality):
    """A rule that is milder than the law's stands beside it; the strictest holds."""
    laid = with_policy(shipped_pack("cn"), {"rules/own.yaml": RULE.replace("should_not", modality)})
    assert max(ground.level for ground in laid.grounds) == VERDICTS.index("deny")
    assert {ground.id for ground in shipped_pack("cn").grounds} < {ground.id for ground in laid.grounds}
