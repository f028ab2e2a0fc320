"""The guide to the law is true: its files are written, its commands run in an empty folder, and what it quotes is what came out."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from arrears.compliance.examples import failed_examples
from arrears.compliance.mutate import mutations
from arrears.compliance.screen import prepare
from arrears.law.caps import failures
from arrears.law.packs import pack_from, texts_of

TOP = Path(__file__).parents[2]
GUIDE = (TOP / "docs/guides/law.md").read_text(encoding="utf-8")
REFERENCE = (TOP / "docs/reference/facts.md").read_text(encoding="utf-8")
SHIPPED = TOP / "src/arrears/law/cn"
ARREARS = [sys.executable, "-c", "from arrears.cli import main; main()"]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def arrears(folder: Path, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([*ARREARS, *arguments], cwd=folder, text=True, capture_output=True, input=given)


def files_of_the_guide() -> dict[str, str]:
    """Each YAML block that names its file, by the first line."""
    blocks = [body for kind, body in _FENCE.findall(GUIDE) if kind == "yaml"]
    return {re.match(r"# (\S+?)[.:]?(?: |$)", body.splitlines()[0])[1]: body for body in blocks if body.startswith("# ")}


def lines_of(kind: str, page: str) -> list[str]:
    """The lines of all blocks of a kind, without the marks of what was cut."""
    return [line for name, body in _FENCE.findall(page) if name == kind for line in body.splitlines() if line != "…"]


def block_with(line: str) -> list[str]:
    """The lines of the first block of text in the guide in which this line stands."""
    return next(body.splitlines() for kind, body in _FENCE.findall(GUIDE) if kind == "text" and line in body.splitlines())


def with_the_hypothetical_changes(folder: Path) -> Path:
    """The copy of the pack, changed as the guide says, but for the rule of its last section."""
    pack, blocks = folder / "hypothetical", files_of_the_guide()
    shutil.copytree(SHIPPED, pack)
    about = (pack / "pack.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in about if not line.startswith(("version:", "title:"))]
    (pack / "pack.yaml").write_text("".join(kept) + blocks["hypothetical/pack.yaml"], encoding="utf-8")
    sources = (pack / "sources.yaml").read_text(encoding="utf-8")
    (pack / "sources.yaml").write_text(sources + blocks["hypothetical/sources.yaml"], encoding="utf-8")
    caps = (pack / "caps.yaml").read_text(encoding="utf-8")
    before, _, rest = caps.partition("- id: cn.cap.microloan\n")
    after = rest[rest.index("- id: "):]
    (pack / "caps.yaml").write_text(before + blocks["hypothetical/caps.yaml"] + after, encoding="utf-8")
    return pack


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What the guide makes: facts, a book with its lender, the lender's own rules, and the changed copy of the pack."""
    place = tmp_path_factory.mktemp("law_guide")
    shutil.copy(TOP / "docs/reference/facts.jsonl", place)
    arrears(place, "generate", "--loans", "3000", "--seed", "7", "--as-of", "2026-10-31", "--out", "book").check_returncode()
    for name, body in files_of_the_guide().items():
        if name.startswith(("policy/", "book/")):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(body, encoding="utf-8")
    with_the_hypothetical_changes(place)
    return place


def test_the_rule_that_is_walked_through_reads_as_it_does_in_the_pack():
    (head,) = [body for kind, body in _FENCE.findall(GUIDE) if kind == "yaml" and body.startswith("id: ")]
    assert head in (SHIPPED / "rules/dials_per_number.yaml").read_text(encoding="utf-8")


def test_lists_shows_and_to_dos_say_what_the_guide_quotes(folder):
    shown = arrears(folder, "law", "show", "cn.quiet_hours", "--on", "2026-03-01", "--lang", "en").stdout.splitlines()
    to_do = arrears(folder, "law", "lint", "--on", "2026-11-30", "--lang", "en").stdout.splitlines()
    quoted = lines_of("text", GUIDE)
    first, last = quoted.index(shown[0]), next(place for place, line in enumerate(quoted) if line.startswith("[ ] "))
    assert last - first >= 10
    assert all(line in shown for line in quoted[first:last])
    said = [line for line in quoted if line.startswith("[ ] ")]
    assert len(said) >= 4 and all(line in to_do for line in said)


def test_own_rules_hold_replace_and_are_switched_off(folder):
    tested = arrears(folder, "law", "test", "--policy", "policy", "--lang", "en")
    assert tested.returncode == 0
    assert all(line in lines_of("text", GUIDE) for line in tested.stdout.splitlines())
    listed = arrears(folder, "law", "list", "--policy", "policy", "--lang", "en").stdout
    assert "own.no_visits_to_traders" in listed and "At most two SMS a day" in listed
    assert "At most three SMS" not in listed and "cn.policy.visits_per_month" not in listed
    third = (folder / "facts.jsonl").read_text(encoding="utf-8").splitlines()[2]
    assert json.loads(arrears(folder, "may", "--facts", "-", given=third).stdout)["verdict"] == "allow"
    assert arrears(folder, "may", "--facts", "-", "--policy", "policy", given=third).stdout.strip() in lines_of("json", GUIDE)


@pytest.mark.parametrize(("file", "text", "status"), [
    ("policy.yaml", "id: L1\nswitched_off: [cn.quiet_hours.bank]\n", 2),
    ("rules/calls_per_day.yaml", 'id: cn.calls_per_day\ntitle: {zh: 五, en: five}\nmessage: {zh: 五, en: five}\napplies_to: {channel: [call]}\nwhen: {}\n'
     'grounds: [{id: own.calls, source: operator_policy, article: null, evidence: own, modality: should_not, from: "2024-05-15"}]\n', 2),
])
def test_loosening_law_is_refused_in_the_words_of_the_guide(tmp_path, file, text, status):
    path = tmp_path / "policy" / file
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    ran = arrears(tmp_path, "law", "list", "--policy", "policy", "--lang", "en")
    assert ran.returncode == status
    assert ran.stderr.splitlines()[0] in lines_of("text", GUIDE)
    assert arrears(tmp_path, "may", "--facts", "-", "--policy", "policy", given="").returncode == 64


def test_the_agreed_hour_of_the_guide_is_that_of_the_facts(folder):
    agreed = json.loads((folder / "facts.jsonl").read_text(encoding="utf-8").splitlines()[1])
    (quoted,) = [json.loads(line) for line in lines_of("json", GUIDE) if "night_contact" in line]
    assert agreed["consents"] == [quoted]
    at_eleven = {**agreed, "at": "2026-03-01T23:00:00+08:00"}
    ran = arrears(folder, "may", "--facts", "-", given=f"{json.dumps(agreed)}\n{json.dumps(at_eleven)}\n")
    assert [json.loads(line)["verdict"] for line in ran.stdout.splitlines()] == ["allow", "deny"]


def test_the_night_says_of_the_lender_what_the_guide_quotes(folder):
    gate = [line for line in lines_of("text", GUIDE) if line.startswith("  The gate (pack cn)") or "There is no lender.yaml" in line]
    night = ("night", "--book", "book", "--as-of", "2026-10-31", "--lang", "en")
    known = arrears(folder, *night, "--again").stdout.splitlines()
    lender = folder / "book/lender.yaml"
    text = lender.read_text(encoding="utf-8")
    lender.write_text(text.replace("licence: microloan", "licence: small_loans"), encoding="utf-8")
    assert f"`{arrears(folder, *night, '--again').stderr.splitlines()[0].removeprefix('arrears: ')}`" in GUIDE
    lender.unlink()
    unknown = arrears(folder, *night, "--again").stdout.splitlines()
    lender.write_text(text, encoding="utf-8")
    # the first of the four is the night under the lender's own rules
    assert len(gate) == 4 and gate[1] in known and all(line in unknown for line in gate[2:])


def test_a_rule_is_previewed_in_a_copy_of_the_pack(folder):
    shutil.copytree(SHIPPED, folder / "trial")
    shutil.copy(folder / "policy/rules/no_visits_to_traders.yaml", folder / "trial/rules")
    ran = arrears(folder, "law", "impact", "--book", "book", "--as-of", "2026-10-31", "--pack", "trial", "--out", "preview_visits", "--lang", "en")
    assert ran.stdout.splitlines()[-3:] == block_with("Report: preview_visits/report.html")[-3:]
    judged = pl.read_parquet(folder / "preview_visits/contacts.parquet")
    assert judged["becomes"].to_list() == ["refused"]


def test_a_night_under_the_lenders_own_rules_is_another_and_is_replayed_without_the_folder(folder):
    night = arrears(folder, "night", "--book", "book", "--as-of", "2026-10-31", "--policy", "policy", "--again", "--lang", "en")
    quoted = block_with("all hold")
    assert [line for line in quoted if line.startswith("  ")] == [line for line in night.stdout.splitlines() if "Worklist" in line or "The gate" in line]
    run = json.loads((folder / "book/nights/2026-10-31/run.json").read_text(encoding="utf-8"))
    assert "own.no_visits_to_traders" in run["law"]["policy/rules/no_visits_to_traders.yaml"]
    assert arrears(folder, "replay", "--book", "book", "--as-of", "2026-10-31").returncode == 0


def test_a_wording_across_red_lines_is_told_as_the_guide_quotes(tmp_path):
    (text,) = re.findall(r'^echo "(.+)" > text.txt$', GUIDE, re.MULTILINE)
    (tmp_path / "text.txt").write_text(text + "\n", encoding="utf-8")
    ran = arrears(tmp_path, "law", "wording", "text.txt", "--lang", "en")
    assert ran.returncode == 1
    assert ran.stdout.splitlines() == block_with(ran.stdout.splitlines()[0])


def test_a_number_changed_without_its_examples_is_noticed(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "hypothetical")
    caps = tmp_path / "hypothetical/caps.yaml"
    text = caps.read_text(encoding="utf-8")
    place = text.index("values:", text.index("- id: cn.cap.microloan"))
    caps.write_text(text[:place] + text[place:].replace("}}", '}, "2026-07-01": {times_lpr: "4", lpr_on: night}}', 1), encoding="utf-8")
    ran = arrears(tmp_path, "law", "test", "--pack", "hypothetical", "--lang", "en")
    (quoted,) = [line for line in lines_of("text", GUIDE) if line.endswith("found None")]
    assert ran.returncode == 1 and quoted.replace("cn/caps.yaml", "") in ran.stdout.replace("cn/caps.yaml", "")


def test_the_change_of_law_is_told_tested_and_previewed_as_the_guide_says(folder):
    quoted = lines_of("text", GUIDE)
    told = arrears(folder, "law", "diff", "cn", "hypothetical", "--lang", "en").stdout.splitlines()
    said = [line for line in quoted if line.startswith(("caps.yaml: ", "pack.yaml: "))]
    assert len(said) == 5 and all(line in told for line in said)
    assert {line.split(":")[0] for line in told} == {"caps.yaml", "pack.yaml", "sources.yaml"}
    tested = arrears(folder, "law", "test", "--pack", "hypothetical", "--lang", "en")
    assert tested.returncode == 0 and all(line in quoted for line in tested.stdout.splitlines())
    ran = arrears(folder, "law", "impact", "--book", "book", "--as-of", "2026-10-31", "--pack", "hypothetical", "--out", "preview", "--lang", "en")
    assert all(line in quoted for line in ran.stdout.splitlines())
    changed = pl.read_parquet(folder / "preview/loans.parquet")
    less = (changed["claimable_before"] - changed["claimable_after"]).sum()
    paid = changed.filter(pl.col("overpaid_after") > pl.col("overpaid_before"))
    assert f"{(changed['claimable_before'] != changed['claimable_after']).sum()} loans could be asked {less / 100:,.2f} less" in GUIDE
    assert f"{len(changed)} loans of {changed['borrower_id'].n_unique()} people are affected and that on {len(paid)} more" in GUIDE
    assert changed["regime"].unique().to_list() == ["cn_microloan"]


def test_a_preview_past_the_confirmed_lpr_has_unknown_caps(folder):
    ran = arrears(folder, "law", "impact", "--book", "book", "--as-of", "2027-01-31", "--pack", "hypothetical", "--out", "later", "--lang", "en")
    (quoted,) = [line for line in lines_of("text", GUIDE) if "sum of 157 changes" in line]
    assert [line for line in block_with(quoted) if line != "…" and line not in ran.stdout.splitlines()] == []
    changed = pl.read_parquet(folder / "later/loans.parquet")
    assert (changed["cap_known_before"] & ~changed["cap_known_after"]).sum() == 400


def test_the_weekly_cap_holds_its_examples_and_they_hold_each_of_its_numbers(tmp_path):
    pack = with_the_hypothetical_changes(tmp_path)
    (pack / "rules/calls_per_week.yaml").write_text(files_of_the_guide()["hypothetical/rules/calls_per_week.yaml"], encoding="utf-8")
    ran = arrears(tmp_path, "law", "test", "--pack", "hypothetical", "--lang", "en")
    assert ran.returncode == 0 and all(line in lines_of("text", GUIDE) for line in ran.stdout.splitlines())
    texts = texts_of(pack)
    ours = {name: text for name, text in texts.items() if not name.startswith("rules/") or name == "rules/calls_per_week.yaml"}
    # alone its examples hold, so what fails below fails for the changed number
    assert not failed_examples(prepare(pack_from(ours, "hypothetical"))) and not failures(texts)
    tried = [(one, changed) for one, changed in mutations(ours) if one.file == "rules/calls_per_week.yaml"]
    assert len(tried) == 6
    for one, changed in tried:
        assert failed_examples(prepare(pack_from(changed, "hypothetical"))), f"{one.was} became {one.is_now} and no example noticed"
    at_line = next(one.line for one, _ in tried if one.was == "2")
    assert f"  rules/calls_per_week.yaml, line {at_line}: 2 became 1 and no example noticed; add one at that boundary" in lines_of("text", GUIDE)


def test_the_weekly_cap_is_previewed_on_the_contacts_of_the_book(folder):
    shutil.copytree(folder / "hypothetical", folder / "earlier")
    rule = files_of_the_guide()["hypothetical/rules/calls_per_week.yaml"].replace('from: "2027-01-01"', 'from: "2026-10-01"')
    (folder / "earlier/rules/calls_per_week.yaml").write_text(rule, encoding="utf-8")
    ran = arrears(folder, "law", "impact", "--book", "book", "--as-of", "2026-10-31", "--pack", "earlier", "--against", "hypothetical",
                  "--out", "preview_calls", "--lang", "en")
    assert ran.stdout.splitlines()[-3:] == block_with("Report: preview_calls/report.html")[-3:]
    refused = pl.read_parquet(folder / "preview_calls/contacts.parquet").filter(pl.col("becomes") == "refused")
    since = datetime(2026, 10, 25, 16, tzinfo=UTC)  # midnight in Shanghai before the seventh day back from 1 November
    effective = pl.read_parquet(folder / "book/contacts.parquet").filter(
        (pl.col("channel") == "call") & (pl.col("direction") == "outbound") & pl.col("outcome").is_in(["answered", "refused", "unknown"])
        & (pl.col("relation") == "debtor") & (pl.col("attempted_at") >= since))
    often = effective.group_by("borrower_id").len().filter(pl.col("len") >= 2)
    assert set(refused["borrower_id"]) <= set(often["borrower_id"])
    assert f"{refused['borrower_id'].n_unique()} people were spoken to twice" in GUIDE


def test_whatever_is_hypothetical_says_so():
    for name, body in files_of_the_guide().items():
        if name.startswith("hypothetical/"):
            assert re.search("hypothetical", body, re.IGNORECASE) and "假设" in body or "HYPOTHETICAL" in body, name
    assert "hypothetical" not in "".join(path.read_text(encoding="utf-8") for path in SHIPPED.rglob("*.yaml")).lower()


def test_the_reference_quotes_the_answers_to_its_facts_and_the_errors():
    ran = arrears(TOP / "docs/reference", "may", "--facts", "facts.jsonl")
    assert ran.returncode == 0
    answers = [line for line in lines_of("json", REFERENCE) if line.startswith('{"verdict"')]
    assert answers == ran.stdout.splitlines()
    first = json.loads((TOP / "docs/reference/facts.jsonl").read_text(encoding="utf-8").splitlines()[0])
    lines = []
    for change in ({"history": ...}, {"at": "2026-03-01T22:00:00"}, {"holds": ["disput"]}, {"debts": []}):
        lines.append({key: value for key, value in {**first, **change}.items() if value is not ...})
    debt = {("limitation_expire_on" if key == "limitation_expires_on" else key): value for key, value in first["debts"][0].items()}
    lines.append({**first, "debts": [debt]})
    bad = arrears(TOP, "may", "--facts", "-", given="".join(json.dumps(line) + "\n" for line in lines) + "\n")
    assert bad.returncode == 2
    assert [line for line in lines_of("json", REFERENCE) if line.startswith('{"error"')] == bad.stdout.splitlines()
    nowhere = arrears(TOP, "may", "--facts", "nowhere.jsonl", "--lang", "en")
    assert nowhere.returncode == 64 and nowhere.stderr.splitlines()[0] in lines_of("text", REFERENCE)


@pytest.mark.parametrize(("name", "lang"), [("README.md", "en"), ("README.zh.md", "zh")])
def test_the_readme_quotes_the_two_commands_of_the_gate(name, lang):
    text = (TOP / name).read_text(encoding="utf-8")
    answers = arrears(TOP, "may", "--facts", "docs/reference/facts.jsonl").stdout.splitlines()
    assert [line for line in lines_of("json", text) if line.startswith('{"verdict"')] == answers[:2]
    shown = arrears(TOP, "law", "show", "cn.calls_per_day", "--on", "2026-03-02", "--lang", lang).stdout
    assert f"\n{shown}```" in text
