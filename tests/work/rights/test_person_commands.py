"""The commands of a person's rights, as processes: numbers and reasons come by standard input, copies are private, and what is refused says why without repeating it."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from arrears.cli import people
from arrears.days import moment_of
from work.rights.made_people import Person, account_made, case_made, lender_made, writing
from work.rights.test_erasure import LI, LONG_AGO, contacted
from work.rights.test_retention import attached
from work.rights.test_rights import rows
from work.rights.test_unmasking import ZHANG, entries

SOURCE = Path(__file__).parents[3] / "src"


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def arrears(work, *arguments, lines=(), lang="en") -> Done:
    """The command in this process, which knows the same home; standard input is no terminal."""
    app = {"person": people.person, "retention": people.retention}[arguments[0]]
    done = CliRunner().invoke(app, [*arguments[1:], "--home", str(work.home), "--lang", lang], input="".join(line + "\n" for line in lines))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def bank(work):
    lender = lender_made(work, "bank")
    return lender, account_made(work, lender, "data_officer").name


def borrower(lender, made):
    return rows(lender, "Case", id=made.case)[0].borrower_id


def test_a_copy_is_written_for_the_person_alone_and_holds_everything(work, bank, tmp_path):
    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG, address="北京市<b>朝阳</b>区某路1号"))
    contacted(work, lender, made, date(2026, 10, 1), note="说月底还 & 再谈")
    attached(work, lender, made, "call_recording", date(2026, 10, 1))
    done = arrears(work, "person", "export", "--as", officer, "--borrower", borrower(lender, made), "--identity-by", "in_person", "--out", str(tmp_path / "copy"), lines=["本人到场核验"], lang="zh")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "copy"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}
    page, told = (folder / "copy.html").read_text(), json.loads((folder / "copy.json").read_text())
    for text in (ZHANG["name"], ZHANG["phone"], ZHANG["id_number"], "说月底还 &amp; 再谈", "北京市&lt;b&gt;朝阳&lt;/b&gt;区某路1号", "1,000.00 CNY", "催收记录", "个人信息副本"):
        assert text in page, text
    assert "<b>朝阳" not in page and "<script" not in page and told["places"][0]["held"]["contact"][0]["note"] == "说月底还 & 再谈"
    assert [one.read_bytes() for one in folder.glob("*.bin")] == [b"voice"]
    assert not any(text in done.stdout + done.stderr for text in ZHANG.values())
    kept = entries(lender, verb="person.export")[0]
    assert kept.via.startswith("cli:") and kept.parameters["identity_by"] == "in_person"
    again = arrears(work, "person", "export", "--as", officer, "--borrower", borrower(lender, made), "--identity-by", "in_person", "--out", str(folder), lines=["x"])
    assert again.returncode == 2 and "is there already" in again.stderr


def test_a_person_is_found_and_erased_by_a_number_from_standard_input(work, bank):
    lender, officer = bank
    case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO)
    found = arrears(work, "person", "find", "--as", officer, "--phone", lines=["来电核实", "+86 139 1234 5678"])
    assert found.returncode == 0 and "1 found" in found.stdout, found.stderr
    done = arrears(work, "person", "erase", "--as", officer, "--id-number", "--identity-by", "in_person", lines=["本人申请", ZHANG["id_number"]])
    assert done.returncode == 0 and "Erased" in done.stdout, done.stderr
    assert rows(lender, "Party")[0].name_sealed is None
    gone = arrears(work, "person", "find", "--as", officer, "--phone", lines=["来电核实", ZHANG["phone"]], lang="zh")
    assert "找到 0 处" in gone.stdout


def test_what_is_kept_says_by_which_rule_and_source_in_both_languages(work, bank):
    from arrears.work.models import Hold

    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **LI), **LONG_AGO)
    with writing(work, lender):
        Hold.objects.create(lender=lender, case_id=made.case, kind="litigation", placed_at=moment_of(work.now))
    said = [arrears(work, "person", "erase", "--as", officer, "--case", str(made.case), "--identity-by", "in_person", lines=["本人申请"], lang=lang).stdout for lang in ("zh", "en")]
    assert "诉讼" in said[0] and "机构自行选择" in said[0] and "cn.retention.bank_and_microloan" in said[0]
    assert "a suit or a stay" in said[1] and "the operator's own choice" in said[1]
    open_debt = case_made(work, lender, Person("debtor", **ZHANG))
    refused = arrears(work, "person", "erase", "--as", officer, "--case", str(open_debt.case), "--identity-by", "in_person", lines=["本人申请"], lang="zh").stdout
    assert "未删除，未停止处理" in refused and "第十三条" in refused


@pytest.mark.parametrize("arguments, lines", [
    (["find", "--phone", "13912345678"], ["理由"]),
    (["find", "--phone", "--reason", "张伟来电"], ["理由"]),
    (["find", "--phone"], []),
    (["find", "--phone", "--id-number"], ["理由", "1"]),
    (["freeze", "--because", "ordered", "--borrower", "nobody"], ["理由"]),
    (["correct", "--field", "name", "--identity-by", "in_person", "--borrower", "own", "章伟"], ["理由", "章伟"]),
])
def test_what_does_not_belong_on_a_command_line_is_refused_and_not_repeated(work, bank, arguments, lines):
    lender, officer = bank
    case_made(work, lender, Person("debtor", **ZHANG))
    done = arrears(work, "person", *arguments, "--as", officer, lines=lines)
    assert done.returncode == 2 and not done.stdout
    assert not any(text in done.stderr for text in ("13912345678", "张伟", "章伟", "Traceback"))


def test_retention_looks_first_and_runs_when_told(work, bank):
    lender, _ = bank
    case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO)
    looked = arrears(work, "retention", "run", "--lender", lender, lang="zh")
    assert looked.returncode == 0 and "仅预览" in looked.stdout and rows(lender, "Party")[0].name_sealed, looked.stderr
    ran = arrears(work, "retention", "run", "--lender", lender, "--apply", "--json")
    assert json.loads(ran.stdout)["keys_destroyed"] == 1 and rows(lender, "Party")[0].name_sealed is None
    ahead = arrears(work, "retention", "report", "--lender", lender, "--as-of", "2090-01-01")
    assert ahead.returncode == 0 and "looked at only" in ahead.stdout


def test_retention_of_a_lender_that_there_is_none_of_says_which_there_are(work, bank):
    lender, _ = bank
    for verb in ("run", "report"):
        refused = arrears(work, "retention", verb, "--lender", "NOPE")
        assert refused.returncode == 2 and "--lender NOPE is not known here" in refused.stderr and lender in refused.stderr


def test_a_mistyped_home_is_neither_made_nor_started(tmp_path):
    there = tmp_path / "mistyped"
    for words in (["person", "find", "--phone", "--as", "x"], ["retention", "report", "--lender", "x"]):
        app = {"person": people.person, "retention": people.retention}[words[0]]
        done = CliRunner().invoke(app, [*words[1:], "--home", str(there), "--lang", "en"], input="r\n")
        assert done.exit_code == 2 and "there is no such home" in done.stderr and not there.exists()


def test_the_report_says_how_many_cases_are_open_where_nothing_is_due(work, bank):
    lender, _ = bank
    case_made(work, lender, Person("debtor", **ZHANG))
    told = arrears(work, "retention", "report", "--lender", lender, "--as-of", "2036-01-01").stdout
    assert "1 open cases" in told and "0 closed" in told and "no period runs" in told
    assert json.loads(arrears(work, "retention", "report", "--lender", lender, "--json").stdout)["cases"] == {"open": 1, "closed": 0}
    assert "未结案件 1 件" in arrears(work, "retention", "report", "--lender", lender, lang="zh").stdout


def test_processing_stops_a_value_is_corrected_and_processing_goes_on(work, bank):
    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG))
    steps = [("freeze", ["--because", "accuracy_disputed"], ["姓名有误"]), ("correct", ["--field", "name", "--identity-by", "in_person"], ["姓名有误", "章伟"]), ("unfreeze", ["--because", "asked_by_person"], ["已更正"])]
    for verb, more, lines in steps:
        done = arrears(work, "person", verb, "--as", officer, "--borrower", borrower(lender, made), *more, lines=lines)
        assert done.returncode == 0 and "章伟" not in done.stdout, done.stderr
    from arrears.work.sealing import opened

    party = rows(lender, "Party")[0]
    assert opened(lender, party.person, party, "name_sealed") == "章伟" and party.frozen_at is None


def test_an_account_that_is_closed_or_unknown_does_nothing(work, bank):
    lender, _ = bank
    from arrears.work.models import Account

    left = account_made(work, lender, "data_officer").name
    with writing(work, lender):
        Account.objects.filter(name=left).update(left_at=moment_of(work.now))
    for name in (left, "nobody"):
        done = arrears(work, "person", "find", "--as", name, "--phone", lines=["理由", "13912345678"])
        assert done.returncode == 2 and "no such account" in done.stderr


def test_broken_glass_closes_export_and_erasure_at_the_command_line_too(work, bank, tmp_path):
    from arrears.cli import terms
    from arrears.work.actions.action import perform

    lender, _ = bank
    officer = account_made(work, lender, "data_officer")
    made = case_made(work, lender, Person("debtor", **ZHANG))
    perform(officer, "access.break_glass", {}, terms.now(), reason="fire in the archive")
    for words in (("export", "--out", str(tmp_path / "copy")), ("erase",)):
        done = arrears(work, "person", *words, "--as", officer.name, "--borrower", borrower(lender, made), "--identity-by", "in_person", lines=["asked in person"])
        assert done.returncode == 2 and "no-export-behind-broken-glass" in done.stderr
    assert not (tmp_path / "copy").exists()


def process(work, *arguments, lines=()):
    """The command as a user starts it: a process that knows nothing of Django yet."""
    return subprocess.run([sys.executable, "-c", "from arrears.cli import main; main()", *arguments, "--home", str(work.home), "--lang", "en"], input="".join(line + "\n" for line in lines), text=True, capture_output=True,
                          env={**os.environ, "PYTHONPATH": str(SOURCE)}, timeout=300)


def test_every_command_is_a_process_of_its_own_that_starts_from_nothing(work, bank, tmp_path):
    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO)
    one, by = ("--as", officer, "--borrower", borrower(lender, made)), ("--identity-by", "in_person")
    steps = [
        (("find", "--as", officer, "--phone"), ["来电核实", ZHANG["phone"]], "1 found"),
        (("export", *one, *by, "--out", str(tmp_path / "copy")), ["本人到场"], "The copy is in"),
        (("freeze", *one, "--because", "accuracy_disputed"), ["姓名有误"], "Processing has stopped"),
        (("correct", *one, *by, "--field", "name"), ["姓名有误", "章伟"], "name is corrected"),
        (("unfreeze", *one, "--because", "asked_by_person"), ["已更正"], "Processing goes on"),
        (("erase", *one, *by), ["本人申请"], "Not erased; all processing but storage has stopped"),  # the correction itself is a record that must be kept
    ]
    for words, lines, said in steps:
        done = process(work, "person", *words, lines=lines)
        assert done.returncode == 0 and said in done.stdout, (words, done.stdout, done.stderr)
    assert ZHANG["name"] in (tmp_path / "copy" / "copy.html").read_text()
