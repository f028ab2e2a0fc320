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


@pytest.mark.parametrize("file", ["lexicon/own/look_alikes.yaml", "lexicon/own/terms.yaml", "caps.yaml", "sources.yaml", "pack.yaml", "rule/calls.yaml", "rules/own/calls.yaml"])
def test_a_file_that_would_change_the_law_s_words_or_that_nobody_would_read_is_refused_by_name(file):
    """Words of a folder within were once taken for the pack's own; a misspelled folder leaves the lender with less than it believes."""
    with pytest.raises(BadYaml, match=f"policy/{re.escape(file)}: a lender's folder holds"):
        with_policy(shipped_pack("cn"), {file: "look_alikes: {}" if "alikes" in file else RULE})


def test_two_rules_of_one_id_are_refused_since_the_second_would_replace_what_the_first_asks_for():
    calls = RULE.replace("  - id: l1.short_day", "  - id: l1.short_day.calls")
    mild = RULE.replace('local_time_in: {from: "18:00", to: "09:00"}', "hold: [cease]")
    with pytest.raises(BadYaml, match=r"policy/rules/b\.yaml, l1\.short_day: a rule of that id stands already in policy/rules/a\.yaml"):
        with_policy(shipped_pack("cn"), {"rules/a.yaml": calls, "rules/b.yaml": mild})


def test_a_folder_whose_files_would_be_left_out_is_refused(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "calls.yml").write_text(RULE, encoding="utf-8")
    with pytest.raises(BadYaml, match=r"calls\.yml: would not be read"):
        texts_of(tmp_path)
    (tmp_path / "rules" / "calls.yml").rename(tmp_path / "rules" / "calls.yaml")
    assert list(texts_of(tmp_path)) == ["rules/calls.yaml"]
    (tmp_path / "lexicon").symlink_to(tmp_path / "rules", target_is_directory=True)
    with pytest.raises(BadYaml, match="lexicon: links to folders are not followed"):
        texts_of(tmp_path)


@pytest.mark.parametrize(("old", "new", "said"), [
    ("source: operator_policy", "source: [operator_policy]", "source: must be a word"),
    ("modality: should_not", "modality: {should: not}", "modality: must be a word"),
    ("article: null", "article: [\"1\"]", "article: must be a word"),
    ("title: {zh: 短", "title: {zh: [短]", "title, line 2: must be a text in zh and one in en"),
    ("message: {zh: 短", "message: {zh: \"\"", "message, line 3: must be a text in zh and one in en"),
    ('local_time_in: {from: "18:00", to: "09:00"}', "lacks: {}", "name staff, recorded or both"),
    ('local_time_in: {from: "18:00", to: "09:00"}', 'contacts_already: {at_least: "1", in_days: "99999999999", same: party}', "below a million"),
])
def test_a_lender_s_rule_that_says_nothing_or_too_much_is_told_in_words(old, new, said):
    with pytest.raises(BadYaml, match=f"policy/rules/own\\.yaml.*{said}"):
        prepare(with_policy(shipped_pack("cn"), {"rules/own.yaml": RULE.replace(old, new, 1)}))


def test_what_is_switched_off_is_named_by_ids():
    with pytest.raises(BadYaml, match=r"policy/policy\.yaml, switched_off: .*is no id"):
        with_policy(shipped_pack("cn"), {"policy.yaml": "id: l1\nversion: \"1\"\nswitched_off: [{cn.policy.visit_hours: \"true\"}]\n"})


@pytest.mark.parametrize(("old", "new", "said"), [
    ("effective_to: null", "effective_until: null", r"sources\.yaml, line \d+: unknown key effective_until"),
    ("evidence: T2", "evidence: U", r"sources\.yaml, line \d+: evidence 'U'"),
    ("effective_from: \"2025-02-28\"", "effective_from: 2025-2-28", r"sources\.yaml, line \d+, effective_from: '2025-2-28' is not a date"),
    ("verified_on: \"2026-11-23\"", "verified_on: \"soon\"", r"sources\.yaml, line \d+, verified_on: 'soon' is not a date"),
    ("effective_from: \"2025-02-28\"", "effective_from: \"2025-03-01\"", r"rules/.*cn\..*holds on days on which gbt-45251-2025 does not"),
    ("effective_to: \"2025-02-28\"", "effective_to: \"2025-02-27\"", r"rules/.*cn\..*\.2024: holds on days on which nifa-2024-collection does not"),
])
def test_a_text_is_cited_only_for_days_on_which_it_holds(old, new, said):
    assert re.search(said, refusal(lambda text: text.replace(old, new, 1), "sources.yaml"))


def test_a_rule_of_law_is_not_replaced_by_one_of_its_id_that_has_grounds_of_its_own():
    """cn.calls_per_day has law's grounds beside the policy's for business loans; under its id nine calls a day would take their place."""
    own = RULE.replace("id: l1.short_day\ntitle", "id: cn.calls_per_day\ntitle").replace("  - id: l1.short_day", "  - id: l1.nine_calls")
    with pytest.raises(BadYaml, match="cn.calls_per_day is law"):
        with_policy(shipped_pack("cn"), {"rules/calls.yaml": own})
