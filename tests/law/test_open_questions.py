"""What is not settled is written down in both languages, with what the product does meanwhile, and is never a number in force."""

from pathlib import Path

import pytest

from arrears import strict_yaml
from arrears.law.packs import shipped_texts

LAW = Path(__file__).resolve().parents[2] / "src" / "arrears" / "law"
EVERY = [(pack, entry) for pack in ("cn", "us") for entry in strict_yaml.read(LAW / pack / "open.yaml")]


@pytest.mark.parametrize("pack,entry", EVERY, ids=lambda value: value["id"] if isinstance(value, dict) else value)
def test_every_question_says_why_it_matters_and_what_happens_until_it_is_settled(pack, entry):
    where = f"{pack}/open.yaml, {entry.get('id')}"
    strict_yaml.expect_keys(entry, {"id", "source", "question", "matters", "meanwhile"}, set(), where)
    sources = {source["id"] for source in strict_yaml.read(LAW / pack / "sources.yaml")}
    assert entry["source"] in sources and entry["id"].startswith(f"{pack}.open.")
    for part in ("question", "matters", "meanwhile"):
        strict_yaml.expect_keys(entry[part], {"zh", "en"}, set(), f"{where}, {part}")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in entry[part]["zh"]) and entry[part]["en"].isascii()
    assert entry["question"]["zh"].endswith("？") and entry["question"]["en"].endswith("?")


def test_no_question_stands_twice_and_the_list_of_the_fact_sheet_is_there():
    ids = [entry["id"] for _, entry in EVERY]
    assert len(ids) == len(set(ids))
    # Regulation fact sheet, section 10, points 1 to 9.
    assert {f"cn.open.{name}" for name in (
        "standard_retention", "effective_call", "message_caps", "message_content", "visit_caps", "vulnerable_groups",
        "complaint_time_in_standard", "association_articles", "third_party_sequence", "microloan_trigger",
        "consumer_finance_20_percent", "disclosure_form", "consumer_finance_article", "consumer_finance_guidance",
        "lpr_after_june_2026", "small_claims", "shenzhen_bankruptcy", "writeoff_thresholds", "arbitration_law",
        "public_security_article", "litigation_fee_changes", "other_jurisdictions",
    )} <= set(ids)


def test_the_dates_that_the_questions_name_are_those_of_the_data():
    """The LPR's confirmation and our own periods are written out in the questions; they follow the data."""
    said = {entry["id"]: entry["meanwhile"] for _, entry in EVERY}
    lpr = strict_yaml.parse(shipped_texts("cn")["lpr.yaml"], "lpr.yaml")
    for language in ("zh", "en"):
        assert lpr["last_confirmed"] in said["cn.open.lpr_after_june_2026"][language]
        assert lpr["max_staleness_days"] in said["cn.open.lpr_after_june_2026"][language]
