"""The legal texts of both packs: complete, dated as far as anybody saw a date, and as sure as the fact sheet says."""

from datetime import date
from pathlib import Path

import pytest

from arrears import strict_yaml
from arrears.law.packs import shipped_texts

LAW = Path(__file__).resolve().parents[2] / "src" / "arrears" / "law"
PACKS = {name: strict_yaml.read(LAW / name / "sources.yaml") for name in ("cn", "us")}
EVERY = [(pack, entry) for pack, entries in PACKS.items() for entry in entries]
KINDS = {
    "law", "admin_reg", "judicial_interp", "judicial_policy", "dept_rule", "std_rec", "self_regulation", "window_guidance",
    "publication", "operator_policy",
}
AGREED = """
gbt-45251-2025 nifa-2024-collection nifa-2018-pact cba-2026-collection cbrc-2011-2 nfra-2024-4 cbirc-2020-9 nfra-2024-26
civil-code criminal-law pipl civil-procedure-law public-security-law anti-organised-crime-law litigation-fees-481
credit-reporting-631 spc-limitation-2020-17 spc-bank-cards-2021-10 spc-2018-19 spc-2014-8 spc-2023-13 pboc-2003-251
pboc-2021-3 cbirc-complaints-2020-3 pboc-2020-5 risk-2023-1 writeoff-2017-90 cybersecurity-law network-data-790
disclosure-2026 nfra-2025-9 microloan-cost-2025 spc-2017-22 spc-2015-18 spc-2020-private-lending spc-2020-27 pboc-lpr
operator_policy
""".split()


@pytest.mark.parametrize("pack,entry", EVERY, ids=lambda value: value["id"] if isinstance(value, dict) else value)
def test_every_text_has_all_that_a_citation_needs(pack, entry):
    strict_yaml.expect_keys(
        entry,
        {"id", "title", "issuer", "doc_no", "kind", "published", "effective_from", "effective_to", "evidence", "verified_on"},
        {"note"}, f"{pack}/sources.yaml, {entry.get('id')}",
    )
    assert entry["kind"] in KINDS and entry["evidence"] in {"T1", "T2", "K"}
    dates = [None if entry[name] == "null" else date.fromisoformat(entry[name])
             for name in ("published", "effective_from", "effective_to", "verified_on")]
    published, since, until, verified = dates
    assert verified == date(2026, 11, 23)
    assert published is None or since is None or published <= since
    assert until is None or since is None or since < until


def test_no_id_stands_twice_and_all_that_were_agreed_are_there():
    for entries in PACKS.values():
        ids = [entry["id"] for entry in entries]
        assert len(ids) == len(set(ids))
    assert set(AGREED) <= {entry["id"] for entry in PACKS["cn"]}
    assert {entry["id"] for entry in PACKS["us"]} == {"reg-f", "tcpa", "fdcpa", "operator_policy"}


@pytest.mark.parametrize("source,since,until,evidence", [
    # Regulation fact sheet, 1.1, 2 and 3: the turns that rules hang on.
    ("nifa-2024-collection", "2024-05-15", "2025-02-28", "T2"), ("gbt-45251-2025", "2025-02-28", "null", "T2"),
    ("cba-2026-collection", "2026-01-30", "null", "T2"), ("disclosure-2026", "2026-08-01", "null", "T2"),
    ("litigation-fees-481", "2007-04-01", "null", "T1"), ("civil-code", "2021-01-01", "null", "T1"),
    ("microloan-cost-2025", "null", "null", "T2"), ("nfra-2024-26", "null", "null", "T2"),
])
def test_texts_are_dated_as_the_fact_sheet_says_and_no_further(source, since, until, evidence):
    (entry,) = (entry for entry in PACKS["cn"] if entry["id"] == source)
    assert (entry["effective_from"], entry["effective_to"], entry["evidence"]) == (since, until, evidence)


def test_the_pack_that_a_night_keeps_has_the_texts():
    assert "sources.yaml" in shipped_texts("cn")
