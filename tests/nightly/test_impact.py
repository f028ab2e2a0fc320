"""The preview of a change of law: what differs is found by hand, what does not is not told, and the book stays as it was."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

import plain_books as plain
from arrears.law.packs import shipped_texts
from gate_books import MORNING, book_of, contact, people
from plain_books import AS_OF, arrears


def pack(folder: Path, **changes: tuple[str, str]) -> Path:
    """A copy of the shipped pack with one replacement in each named file (dots for the slash and the ending)."""
    for name, text in shipped_texts("cn").items():
        key = name.removesuffix(".yaml").replace("/", "__")
        if key in changes:
            old, new = changes[key]
            assert old in text, f"{name} does not say {old!r}"
            text = text.replace(old, new, 1)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def impact(book: Path, changed: Path, *more: object) -> dict:
    ran = arrears("law", "impact", "--book", book, "--pack", changed, "--as-of", AS_OF, "--json", *more)
    assert ran.status == 0, ran
    return json.loads(ran.out)


def files_of(book: Path) -> dict[str, bytes]:
    return {str(path.relative_to(book)): path.read_bytes() for path in book.rglob("*") if path.is_file() and "store" not in path.parts and "impact" not in path.parts}


def test_a_cap_that_falls_lowers_what_may_be_demanded_of_its_regime_alone(tmp_path):
    """L1 is a licensed lender's loan, L2 a small-loan company's, neither paid: under a cap of 1 % lawful charges shrink to
    1,000,000 fen for 110 nights at 1 % over 365 days = 3,013.70 fen, and the rest of what was charged may not be asked.
    """
    loans = [plain.loan("L1"), plain.loan("L2", regime="cn_microloan")]
    book = book_of(tmp_path / "book", {"loans": loans, "instalments": [row for one in loans for row in plain.schedule(one["loan_id"])], "payments": []})
    before = files_of(book)
    changed = pack(tmp_path / "pack", caps=('values: {"2021-01-01": {ppm: "240000"}}', 'values: {"2021-01-01": {ppm: "10000"}}'))
    summary = impact(book, changed)
    nights = (AS_OF - date(2026, 1, 10)).days
    assert nights == 110
    rows = {row["regime"]: row for row in summary["by_regime"]}
    assert rows["cn_licensed"]["changed_loans"] == 0 and rows["cn_licensed"]["claimable_before"] == rows["cn_licensed"]["claimable_after"]
    lawful = round(1_000_000 * nights * 10_000 / (365 * 1_000_000))
    assert rows["cn_microloan"]["claimable_after"] == 750_000 + lawful == 753_014
    (row,) = pl.read_parquet(book / "impact" / str(AS_OF) / "loans.parquet").to_dicts()
    assert (row["loan_id"], row["claimable_after"]) == ("L2", 753_014) and row["claimable_before"] > row["claimable_after"]
    assert files_of(book) == before, "nothing of the book is changed"


def test_a_stricter_rule_refuses_and_a_rule_that_is_gone_releases_each_by_its_name(tmp_path):
    book = book_of(tmp_path / "book", people())
    stricter = pack(tmp_path / "stricter", rules__calls_per_day=('at_least: "3"', 'at_least: "2"'))
    summary = impact(book, stricter)
    assert summary["contacts"] == {"refused": 1, "released": 0, "otherwise": 0}
    assert [(row["rule"], row["becomes"], row["loans"]) for row in summary["by_rule"]] == [("cn.calls_per_day", "refused", 1)]
    (row,) = pl.read_parquet(book / "impact" / str(AS_OF) / "contacts.parquet").to_dicts()
    assert (row["loan_id"], row["verdict"], row["verdict_after"]) == ("L2", "allow", "deny")
    back = impact(book, tmp_path / "stricter", "--against", tmp_path / "stricter")
    assert back["contacts"] == {"refused": 0, "released": 0, "otherwise": 0} and back["loans_changed"] == 0
    looser = pack(tmp_path / "looser", rules__calls_per_day=('at_least: "3"', 'at_least: "4"'))
    summary = impact(book, looser)
    assert {(row["rule"], row["becomes"]): row["loans"] for row in summary["by_rule"]} == {
        ("cn.calls_per_day", "released"): 1, ("cn.calls_per_day.business", "released"): 1}


def test_a_lender_s_own_rules_are_previewed_without_a_copy_of_the_pack(tmp_path):
    book, policy = book_of(tmp_path / "book", people()), tmp_path / "policy"
    (policy / "rules").mkdir(parents=True)
    (policy / "rules" / "none.yaml").write_text("""
id: l1.no_calls
title: {zh: 不打电话, en: no calls}
message: {zh: 不打电话, en: no calls}
applies_to: {channel: [call]}
when: {}
grounds: [{id: l1.no_calls, source: operator_policy, article: null, evidence: own, modality: should_not, from: "2026-01-01"}]
""", encoding="utf-8")
    ran = arrears("law", "impact", "--book", book, "--pack", "cn", "--new-policy", policy, "--as-of", AS_OF, "--json")
    summary = json.loads(ran.out)
    assert summary["contacts"]["refused"] == 3 and [row["rule"] for row in summary["by_rule"]] == ["l1.no_calls"]


def test_the_report_speaks_both_languages_and_the_same_asked_again_gives_the_same_bytes(tmp_path):
    book = book_of(tmp_path / "book", people())
    changed = pack(tmp_path / "pack", pack=('version: "2026-11-23"', 'version: "hypothetical"'), rules__calls_per_day=('at_least: "3"', 'at_least: "1"'))
    ran = arrears("law", "impact", "--book", book, "--pack", changed, "--as-of", AS_OF, "--lang", "zh")
    assert "新被拒 1 笔" in ran.out and "hypothetical" in ran.out
    page = (book / "impact" / str(AS_OF) / "report.html").read_text(encoding="utf-8")
    assert "法规变更预演" in page and "Preview of a change of law" in page and "有效通话每日至多三次" in page
    assert "不是法律" not in ran.out and "not law" not in page and "cn 2026-11-23 → cn hypothetical\n" in ran.out
    arrears("law", "impact", "--book", book, "--pack", changed, "--as-of", AS_OF)
    assert (book / "impact" / str(AS_OF) / "report.html").read_text(encoding="utf-8") == page


def test_a_pack_that_is_changed_or_made_up_is_called_so_on_the_terminal_and_on_the_page(tmp_path):
    book = book_of(tmp_path / "book", people())
    unnamed = pack(tmp_path / "unnamed", rules__calls_per_day=('at_least: "3"', 'at_least: "1"'))
    assert "cn 2026-11-23 → cn 2026-11-23（版本号相同，内容不同）\n" in arrears(
        "law", "impact", "--book", book, "--pack", unnamed, "--as-of", AS_OF, "--lang", "zh").out
    assert "other text" not in arrears("law", "impact", "--book", book, "--pack", unnamed, "--against", unnamed, "--as-of", AS_OF, "--lang", "en").out
    changed = pack(tmp_path / "pack", pack=('version: "2026-11-23"', 'version: "h1"\nhypothetical: "a <made-up> cap"'))
    told = {lang: arrears("law", "impact", "--book", book, "--pack", changed, "--as-of", AS_OF, "--lang", lang).out for lang in ("zh", "en")}
    assert "  假设，不是法律：a <made-up> cap\n" in told["zh"] and "  Hypothetical, not law: a <made-up> cap\n" in told["en"]
    page = (book / "impact" / str(AS_OF) / "report.html").read_text(encoding="utf-8")
    assert "假设的规则包，不是法律：a &lt;made-up&gt; cap" in page and "A hypothetical pack, not law: a &lt;made-up&gt; cap" in page


@pytest.mark.parametrize(("spoil", "said"), [
    (lambda folder: (folder / "pack.yaml").unlink(), "no pack.yaml"),
    (lambda folder: (folder / "caps.yaml").write_text("- id: x\n", encoding="utf-8"), "caps.yaml"),
    (lambda folder: shutil.rmtree(folder), "nor a folder"),
])
def test_a_pack_that_is_none_is_refused_and_nothing_is_written(tmp_path, spoil, said):
    book, changed = book_of(tmp_path / "book", people()), pack(tmp_path / "pack")
    spoil(changed)
    ran = arrears("law", "impact", "--book", book, "--pack", changed, "--as-of", AS_OF)
    assert ran.status == 2 and said in ran.error and not (book / "impact").exists()


def test_a_folder_that_holds_other_things_is_not_taken_for_the_report(tmp_path):
    book, changed = book_of(tmp_path / "book", people()), pack(tmp_path / "pack")
    ran = arrears("law", "impact", "--book", book, "--pack", changed, "--as-of", AS_OF, "--out", changed)
    assert ran.status == 2 and "holds other things" in ran.error and (changed / "pack.yaml").is_file()


def test_a_contact_that_is_no_longer_proposed_was_not_released(tmp_path):
    """Refused as a call before; under the lower cap less is claimed, and the strategy leaves the person alone."""
    book = book_of(tmp_path / "book", {
        "loans": [plain.loan("L1", borrower_id="B1", regime="cn_microloan")], "instalments": plain.schedule("L1"), "payments": [],
        "contacts": [contact(place, "B1", MORNING - timedelta(minutes=place)) for place in (1, 2, 3)]})
    strategy = tmp_path / "strategy.yaml"
    strategy.write_text("""
id: two
version: "1"
treatments: [{name: call, zh: 电话, en: call, channel: call}, {name: leave_alone, zh: 暂不打扰, en: leave alone}]
rows: [{name: large, when: {claimable: ">=760000"}, treatment: call, reason: {zh: 大, en: large}}]
otherwise: {name: else, treatment: leave_alone, reason: {zh: 小, en: small}}
""", encoding="utf-8")
    changed = pack(tmp_path / "pack", caps=('values: {"2021-01-01": {ppm: "240000"}}', 'values: {"2021-01-01": {ppm: "10000"}}'))
    summary = impact(book, changed, "--strategy", strategy)
    assert summary["contacts"] == {"refused": 0, "released": 0, "otherwise": 1} and summary["treatments_changed"] == 1
