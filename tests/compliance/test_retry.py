"""When to ask again, where the hour stands in what frees a rule."""

import json

from arrears.compliance.may import answers
from arrears.compliance.screen import prepare
from arrears.law.packs import shipped_pack, with_policy
from arrears.strict_yaml import parse

OFFICE_HOURS = """
id: l1.office_hours
title: {zh: 办公时间, en: office hours}
message: {zh: 只在办公时间, en: in office hours only}
applies_to: {channel: [letter]}
when: {}
unless: {local_time_in: {from: "09:30", to: "17:00"}}
grounds: [{id: l1.office_hours, source: operator_policy, article: null, evidence: own, modality: should_not, from: "2026-01-01"}]
"""


def test_a_rule_that_an_hour_frees_is_asked_again_at_that_hour():
    gate = prepare(with_policy(shipped_pack("cn"), {"rules/hours.yaml": OFFICE_HOURS}))
    facts = json.loads(parse(shipped_pack("cn").texts["pack.yaml"], "pack.yaml")["example"])
    facts["action"]["channel"], facts["text"] = "letter", "您的贷款已逾期，请尽快还款。"
    for at, again in (("2026-03-02T17:00:00+08:00", "2026-03-03T09:30:00+08:00"), ("2026-03-02T09:29:59+08:00", "2026-03-02T09:30:00+08:00")):
        (given,) = answers([json.dumps({**facts, "at": at})], {"cn": gate}.get)
        assert (given["verdict"], given["retry_at"]) == ("deny", again)
