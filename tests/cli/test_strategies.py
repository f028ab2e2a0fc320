"""The commands of the strategy: their way from a file to a strategy in force and back, and every bad input with its sentence and exit status 2."""

import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from arrears import store, strategy_register
from arrears.strategy.reading import default_strategy_text
from plain_books import Ran, arrears

LATER = (date(2030, 1, 1), date(2030, 2, 1), date(2030, 3, 1))


def strategy(command: str, *words: object, lang: str = "en") -> Ran:
    return arrears("strategy", command, *words, "--lang", lang)


def refused_in_both(said: tuple[str, str], command: str, *words: object) -> None:
    """Exit status 2, and the first line of standard error in the language asked for; nothing else is printed."""
    for lang, first in zip(("en", "zh"), said, strict=True):
        ran = strategy(command, *words, lang=lang)
        assert ran.status == 2 and first in ran.error.splitlines()[0], ran
        assert not ran.out


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(changed(2000), encoding="utf-8")
    return path


@pytest.fixture
def book(tmp_path) -> Path:
    (tmp_path / "book").mkdir()
    return tmp_path / "book"


def changed(trifle: int) -> str:
    """The shipped strategy with another sum below which nobody is bothered."""
    return default_strategy_text().replace('claimable: "<1000"', f'claimable: "<{trifle}"')


def submit(book: Path, file: Path, by: str = "Li Wei") -> Ran:
    return strategy("submit", file, "--book", book, "--by", by, "--why", "fewer trifles")


def approve(book: Path, version: int, from_on: date, by: str = "Wang Fang") -> Ran:
    return strategy("approve", version, "--book", book, "--by", by, "--from", from_on, "--why", "agreed")


def test_the_way_of_a_strategy_from_the_file_to_the_rollback(book, file):
    ran = strategy("list", "--book", book)
    assert ran.status == 0 and "no strategy was submitted yet" in ran.out and re.search("always  the shipped default  <- tonight", ran.out)
    assert strategy("check", file, "--book", book).status == 0
    ran = submit(book, file)
    assert ran.status == 0 and "Version 1 is submitted; nothing is in force by it yet." in ran.out and "arrears strategy approve 1" in ran.out
    assert re.search(r"row trifle changed.*less than 10\.00 → .*less than 20\.00", ran.out), ran.out
    ran = strategy("show", "--book", book, "--version", 1)
    assert ran.status == 0 and ran.out.startswith("Version 1, submitted by Li Wei") and "less than 20.00" in ran.out
    ran = approve(book, 1, LATER[0])
    assert ran.status == 0 and f"Version 1 is in force from the night of {LATER[0]} on (approved by Wang Fang" in ran.out and "row trifle changed" in ran.out
    file.write_text(changed(3000), encoding="utf-8")
    assert submit(book, file, "Zhao Min").status == 0 and approve(book, 2, LATER[1]).status == 0
    ran = strategy("rollback", "--book", book, "--by", "Zhao Min", "--from", LATER[2], "--why", "complaints")
    assert ran.status == 0 and f"Version 1 is in force from the night of {LATER[2]} on (rolled back by Zhao Min" in ran.out
    told = strategy("list", "--book", book).out.splitlines()
    assert [line.split("  ")[0] for line in told] == ["version 1", "version 2", f"before {LATER[0]}", f"{LATER[0]} – {LATER[1] - timedelta(days=1)}",
                                                      f"{LATER[1]} – {LATER[2] - timedelta(days=1)}", f"from {LATER[2]} on"]
    assert [line.split("  ")[1] for line in told[2:]] == ["the shipped default", "version 1", "version 2", "version 1"] and told[2].endswith("<- tonight")
    for day, words in ((LATER[0] - timedelta(days=1), "the shipped default is in force"), (LATER[0], "version 1 is in force (approved by Wang Fang"), (LATER[2], "version 1 is in force (rolled back by Zhao Min")):
        assert words in strategy("show", "--book", book, "--as-of", day).out.splitlines()[0]
    assert "版本 2" in strategy("list", "--book", book, lang="zh").out and "撤回前一版本" in strategy("list", "--book", book, lang="zh").out


def test_an_approval_before_one_that_is_planned_says_until_when_it_holds(book, file):
    submit(book, file)
    approve(book, 1, LATER[2])
    file.write_text(changed(3000), encoding="utf-8")
    submit(book, file)
    assert f"until {LATER[2] - timedelta(days=1)} (then version 1)" in approve(book, 2, LATER[0]).out
    ran = strategy("rollback", "--book", book, "--by", "Zhao Min", "--from", LATER[2], "--why", "not now")
    assert "Version 2 is in force from the night of" in ran.out and "it says the same as version 2" in ran.out
    told = strategy("list", "--book", book).out.splitlines()
    assert told[-1].startswith(f"(replaced by a later entry) from {LATER[2]}  version 1"), "what was planned and taken back is not hidden"


def test_what_is_approved_is_what_a_night_will_run_on(book, file):
    submit(book, file)
    approve(book, 1, LATER[0])
    home = store.book_at(book)
    assert strategy_register.in_force(home, LATER[0])[0] == file.read_text("utf-8") and strategy_register.in_force(home, LATER[0] - timedelta(days=1))[0] == default_strategy_text()


def test_nobody_approves_their_own(book, file):
    submit(book, file)
    refused_in_both(("nobody approves their own version", "不得批准自己提交的版本"), "approve", 1, "--book", book, "--by", "li wei ", "--from", LATER[0], "--why", "sure")
    assert strategy_register.history(store.book_at(book)) == []


@pytest.mark.parametrize(("words", "said"), [
    (("approve", 7, "--by", "Wang Fang", "--from", "2030-01-01", "--why", "x"), ("there is no version 7; there are 1", "没有版本 7")),
    (("approve", 1, "--by", " ", "--from", "2030-01-01", "--why", "x"), ("--by is empty", "--by 为空")),
    (("approve", 1, "--by", "Wang Fang", "--from", "2030-01-01", "--why", ""), ("--why is empty", "--why 为空")),
    (("approve", 1, "--by", "Wang Fang", "--from", "2030-02-30", "--why", "x"), ("--from '2030-02-30' is not a date", "不是日期")),
    (("approve", 1, "--by", "Wang Fang", "--from", "2026-10-31", "--why", "x"), ("the night of 2026-10-31 has run, and what was in force on a night that has run never changes; write 2026-11-01", "已完成夜批所用的策略不得更改")),
    (("rollback", "--by", "Wang Fang", "--from", "2030-01-01", "--why", "x"), ("there is nothing to take back", "无可撤回")),
    (("rollback", "--by", "Wang Fang", "--from", "soon", "--why", "x"), ("--from 'soon' is not a date", "不是日期")),
    (("show", "--version", 9), ("there is no version 9", "没有版本 9")),
    (("show", "--version", 1, "--as-of", "2030-01-01"), ("name two strategies; give one", "请只给一个")),
    (("draw", "--out", "x.png"), ("write a name that ends in .html or .svg", "文件名须以 .html 或 .svg 结尾")),
    (("results", "--as-of", "2030-01-01"), ("no experiment began by 2030-01-01", "没有已开始的实验")),
    (("diff", "1", "4", "--as-of", "2026-10-31"), ("there is no version 4", "没有版本 4")),
    (("diff", "in-force", "nowhere.yaml", "--as-of", "2026-10-31"), ("nowhere.yaml: cannot be read", "nowhere.yaml：无法读取")),
])
def test_a_command_that_does_not_suit_the_book_is_refused_in_a_sentence_and_changes_nothing(book, file, words, said):
    submit(book, file)
    (book / "nights" / "2026-10-31").mkdir(parents=True)
    refused_in_both(said, *words, "--book", book)
    home = store.book_at(book)
    assert strategy_register.entries_of(home) == [] and strategy_register.versions_of(home) == [1]


@pytest.mark.parametrize(("words", "said"), [
    (("show", "{file}", "--version", 1), ("name a file, or a book with --version or --as-of, not both", "二者只取其一")),
    (("show", "--version", 1), ("speak of a book; name it with --book", "请用 --book 指明")),
    (("show", "nowhere.yaml"), ("nowhere.yaml: cannot be read", "无法读取")),
    (("check", "nowhere.yaml"), ("nowhere.yaml: cannot be read", "无法读取")),
    (("list", "--book", "nowhere"), ("nowhere: no such folder", "没有此文件夹")),
    (("submit", "{file}", "--book", "nowhere", "--by", "a", "--why", "b"), ("nowhere: no such folder", "没有此文件夹")),
    (("plan", "--rate", "30", "--effect", "5%"), ("--rate 30: write a share in per cent", "请写百分比")),
    (("plan", "--rate", "30%", "--effect", "0%"), ("no number of people tells an effect of 0 from none", "效果为 0")),
    (("plan", "--rate", "98%", "--effect", "5%"), ("is not within 0 and 1", "不在 0 与 1 之间")),
    (("plan", "--rate", "3%", "--effect", "-5%"), ("is not within 0 and 1", "不在 0 与 1 之间")),
    (("plan", "--rate", "30%", "--effect", "5%", "--power", "100%"), ("the power is 1", "检验功效为 1")),
    (("plan", "--rate", "30%", "--effect", "5%", "--alpha", "0%"), ("alpha is 0", "alpha为 0")),
    (("plan", "--rate", "30%", "--effect", "5%", "--shares", "50%,40%"), ("at least two shares that sum to 100%", "合计须为 100%")),
    (("plan", "--rate", "30%", "--effect", "5%", "--shares", "100%"), ("at least two shares that sum to 100%", "合计须为 100%")),
    (("plan", "--rate", "30%", "--effect", "5%", "--shares", "100%,0%"), ("share is 0", "比例为 0")),
    (("plan", "--rate", "30%", "--effect", "5%", "--people-a-day", 0), ("an arm never fills", "永远凑不满")),
    (("plan", "--rate", "30%", "--effect", "0.0001%"), ("would need more than", "需要超过")),
])
def test_bad_input_is_refused_in_both_languages(file, words, said):
    refused_in_both(said, *(str(word).format(file=file) for word in words))


@pytest.mark.parametrize(("old", "new", "said"), [
    ("treatment: hold\n", "treatment: fax\n", "fax"), ("\nrows:\n", "\nrowz:\n", "missing rows"), ("when: {bucket: M6+}", "when: {bucket: M9}", "M9"), ("otherwise:\n  name", "otherwise_:\n  name", "otherwise"),
    ('claimable: "<1000"', 'claimable: "1000..10"', "trifle"), ('when: {hardship: "yes"}', 'when: {pay_probability: "<10%"}', "pay_probability"), ("id: default\n", "id: default\nid: other\n", "twice"),
])
def test_a_file_that_is_no_strategy_is_named_with_its_place_by_every_command_that_reads_it(book, tmp_path, old, new, said):
    text = default_strategy_text()
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    for words in (("check", path), ("show", path), ("draw", path, "--out", tmp_path / "x.svg"), ("submit", path, "--book", book, "--by", "Li Wei", "--why", "x")):
        if words[0] in ("show", "draw") and said == "M9":
            continue  # it can be read and drawn; that no bucket is called so is told by check
        ran = strategy(*words)
        assert ran.status == 2 and said in ran.error and not ran.out, (words, ran)
    assert not (tmp_path / "x.svg").exists() and not (book / "strategies").exists()


def test_a_row_that_can_never_decide_is_a_fault_and_what_else_is_found_is_told(book, tmp_path):
    text = default_strategy_text()
    entry = """  - name: never
    when: {bucket: M1, claimable: "<700"}
    treatment: hold
    reason: {zh: 从不, en: never}
"""
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("  - name: pays_by_itself\n", entry + "  - name: pays_by_itself\n", 1), encoding="utf-8")
    ran = strategy("check", path)
    assert ran.status == 2 and "1 row that can never decide" in ran.error
    assert re.search(r"^fault \(rows\): never \(row 5\) can never decide: .* trifle", ran.out, re.MULTILINE) and "remark (rows)" in ran.out
    ran = strategy("check", path, lang="zh")
    assert ran.status == 2 and "错误（行）：never（第5行）永远不会命中" in ran.out
    ran = submit(book, path)
    assert ran.status == 2 and "can never decide" in ran.error and not (book / "strategies").exists()


def test_the_shipped_strategy_is_sound_shown_and_drawn(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(default_strategy_text(), encoding="utf-8")
    ran = strategy("check", path)
    assert ran.status == 0 and "is sound" in ran.out.splitlines()[-1] and "fault (" not in ran.out
    assert strategy("show").out == strategy("show", path).out and "Strategy default" in strategy("show").out
    assert "策略 default" in strategy("show", lang="zh").out
    assert strategy("draw", "--out", tmp_path / "a.svg").status == 0 and strategy("draw", path, "--out", tmp_path / "b.svg").status == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    drawn = (tmp_path / "a.svg").read_text("utf-8")
    ElementTree.fromstring(drawn)
    assert all(row in drawn for row in ("pays_by_itself", "middle_firm", "otherwise"))


def test_a_check_against_a_book_tells_which_experiment_would_be_changed(book, file):
    part = """experiments:
  - name: sms_or_call
    zh: 短信或电话
    en: SMS or call
    from: "2030-01-01"
    until: "2030-06-01"
    when: {bucket: M2}
    outcome: paid_30
    arms: [{name: champion, share: SHARE}, {name: challenger, share: 20%, treatment: call}]
"""
    file.write_text(changed(2000) + part.replace("SHARE", "80%"), encoding="utf-8")
    submit(book, file)
    approve(book, 1, LATER[0])
    file.write_text(changed(2000), encoding="utf-8")
    assert strategy("check", file, "--book", book).status == 0, "before it begins it may be dropped"
    (book / "nights" / "2030-01-15").mkdir(parents=True)
    ran = strategy("check", file, "--book", book)
    assert ran.status == 2 and "the experiment sms_or_call is missing in it" in ran.error
    submit(book, file)
    refused_in_both(("the experiment sms_or_call is missing in it", "sms_or_call"), "approve", 2, "--book", book, "--by", "Wang Fang", "--from", "2030-01-16", "--why", "x")


def test_a_damaged_version_is_told_by_the_list_and_refused_where_it_is_needed(book, file):
    submit(book, file)
    approve(book, 1, LATER[0])
    path = book / "strategies" / "0001" / "strategy.yaml"
    path.write_text(path.read_text("utf-8") + "# a note\n", encoding="utf-8")
    told = strategy("list", "--book", book)
    assert told.status == 0 and "it is not the file of version 1 that was submitted" in told.out.splitlines()[0]
    for words in (("show", "--version", 1), ("show", "--as-of", LATER[0]), ("draw", "--version", 1, "--out", book / "x.svg"), ("diff", "1", "default", "--as-of", "2026-10-31")):
        refused_in_both(("it is not the file of version 1 that was submitted", "与提交的版本 1 不同"), *words, "--book", book)
    file.write_text(changed(3000), encoding="utf-8")
    assert submit(book, file).status == 0 and approve(book, 2, LATER[0]).status == 0, "another may take its place"
    path.parent.joinpath("submitted.json").write_text("{")
    (book / "strategies" / "approvals.json").write_text("{")
    refused_in_both(("approvals.json: not readable as the list of approvals", "请从账册备份恢复"), "list", "--book", book)


def test_a_plan_says_how_many_people_each_arm_needs_and_how_long_that_takes():
    ran = strategy("plan", "--rate", "30%", "--effect", "5%", "--people-a-day", 100)
    head, _, daily, once = ran.out.splitlines()
    counts = [int(re.search(r": ([\d,]+) people", line)[1].replace(",", "")) for line in (daily, once)]
    days = [int(re.search(r"([\d,]+) days", line)[1]) for line in (daily, once)]
    assert ran.status == 0 and "+5 points" in head and counts[0] > counts[1]
    assert days == [-(-count // 100) + 30 for count in counts], "half of the people of each day fall to each arm"
    # by hand: z = 1.959964 and 0.841621, p = 0.30, q = 0.35, m = 0.325
    by_hand = ((1.959964 * (2 * 0.325 * 0.675) ** 0.5 + 0.841621 * (0.3 * 0.7 + 0.35 * 0.65) ** 0.5) / 0.05) ** 2
    assert counts[1] == 2 * (int(by_hand) + 1)
    ran = strategy("plan", "--rate", "30%", "--effect", "-5%", "--shares", "80%,10%,10%", lang="zh")
    assert ran.status == 0 and len(ran.out.splitlines()) == 7 and "2 个比较，各 2.500%" in ran.out


def test_a_strategy_changed_in_a_spreadsheet_is_taken_back_and_what_changed_is_told(file, tmp_path):
    for name in ("x.xlsx", "x.csv"):
        table = tmp_path / name
        ran = strategy("sheet", file, "--out", table)
        assert ran.status == 0 and ran.out == f"{table}\n"
        ran = strategy("take-sheet", table, "--into", file, "--out", tmp_path / f"{name}.yaml")
        assert ran.status == 0 and f"it says the same as {file}" in ran.out
        assert (tmp_path / f"{name}.yaml").read_bytes() == file.read_bytes()
    table.write_text(table.read_text("utf-8-sig").replace("<2000,", "<4000,").replace("<2000\n", "<4000\n"), encoding="utf-8")
    ran = strategy("take-sheet", table, "--into", file, "--out", tmp_path / "new.yaml")
    assert ran.status == 0 and "row trifle changed, Who: claimable less than 20.00 → claimable less than 40.00" in ran.out, ran
    assert (tmp_path / "new.yaml").read_text("utf-8") == changed(4000) and file.read_text("utf-8") == changed(2000)
    assert strategy("check", tmp_path / "new.yaml").status == 0


@pytest.mark.parametrize(("words", "said"), [
    (("sheet", "{file}", "--out", "{folder}/x.txt"), ("must end in .xlsx or .csv", "须以 .xlsx 或 .csv 结尾")),
    (("sheet", "{file}", "--out", "{folder}/mine.csv", "--table", "treatments"), ("has no treatments", "没有 treatments")),
    (("sheet", "{file}", "--out", "{folder}/is/not/x.csv"), ("there is no such folder", "文件夹不存在")),
    (("take-sheet", "{folder}/none.xlsx", "--into", "{file}", "--out", "{folder}/new.yaml"), ("none.xlsx: no such file", "没有此文件")),
    (("take-sheet", "{folder}/good.csv", "--into", "{folder}/none.yaml", "--out", "{folder}/new.yaml"), ("none.yaml: cannot be read", "none.yaml：无法读取")),
    (("take-sheet", "{folder}/good.csv", "--into", "{file}", "--out", "{file}"), ("mine.yaml: stands already", "mine.yaml：文件已存在")),
    (("take-sheet", "{file}", "--into", "{file}", "--out", "{folder}/new.yaml"), ("mine.yaml", "mine.yaml")),
])
def test_a_spreadsheet_that_cannot_be_written_or_read_is_refused_and_nothing_is_left(file, tmp_path, words, said):
    assert strategy("sheet", file, "--out", tmp_path / "good.csv").status == 0
    before = sorted(path.name for path in tmp_path.iterdir())
    refused_in_both(said, *(str(word).format(file=file, folder=tmp_path) for word in words))
    assert sorted(path.name for path in tmp_path.iterdir()) == before and file.read_text("utf-8") == changed(2000)


def test_a_page_of_a_strategy_is_in_both_languages(tmp_path):
    for lang in ("en", "zh"):
        assert strategy("draw", "--out", tmp_path / f"{lang}.html", lang=lang).status == 0
    page = (tmp_path / "en.html").read_bytes()
    assert page == (tmp_path / "zh.html").read_bytes() and "暂不打扰".encode() in page and b"leave alone" in page and b"<svg" in page


def test_an_experiment_of_a_file_is_planned_by_its_own_shares(file, tmp_path):
    file.write_text(changed(2000) + EXPERIMENT, encoding="utf-8")
    ran = strategy("plan", file, "--rate", "30%", "--people-a-day", 100)
    once = re.search(r"\(([\d,]+) and ([\d,]+) for one look", ran.out)
    assert ran.status == 0 and once[1] == once[2] == "1,377" and "To tell challenger from champion by 5 points" in ran.out
    assert strategy("plan", file, "--experiment", "sms_or_call", "--rate", "30%", "--people-a-day", 100, lang="zh").out.startswith("要区分 challenger 与 champion")
    for said, words in ((("there are sms_or_call", "其中有：sms_or_call"), ("--experiment", "other", "--people-a-day", 100)), (("give --people-a-day", "请给 --people-a-day"), ()),
                        (("leave --shares", "勿给 --shares"), ("--people-a-day", 100, "--shares", "50%,50%"))):
        refused_in_both(said, "plan", file, "--rate", "30%", *words)


EXPERIMENT = """experiments:
  - name: sms_or_call
    zh: 短信或电话
    en: SMS or call
    from: "2026-09-01"
    until: "2026-12-31"
    when: {bucket: [M1, M2, M3]}
    outcome: paid_30
    arms: [{name: champion, share: 50%}, {name: challenger, share: 50%, treatment: call}]
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """A generated book whose night of 2026-09-30 was done under an approved strategy with an experiment; to be read, not changed."""
    folder = tmp_path_factory.mktemp("done")
    book, path = folder / "book", folder / "mine.yaml"
    assert arrears("generate", "--loans", 600, "--as-of", "2026-10-31", "--out", book).status == 0
    path.write_text(changed(20000) + EXPERIMENT, encoding="utf-8")
    assert submit(book, path).status == 0 and approve(book, 1, date(2026, 9, 15)).status == 0
    ran = arrears("night", "--book", book, "--as-of", "2026-09-30", "--lang", "en")
    assert ran.status == 0, ran.error
    return book


def decisions_of(book: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((book / "nights" / "2026-09-30" / "decisions").iterdir())])


def test_a_night_runs_on_what_was_approved_and_the_results_count_who_came_in(done):
    decisions = decisions_of(done)
    people = decisions.filter(pl.col("experiment") == "sms_or_call").unique("borrower_id").group_by("arm").len()
    entered = dict(people.iter_rows())
    assert entered and set(entered) <= {"champion", "challenger"}
    (told,) = json.loads(strategy("results", "--book", done, "--as-of", "2026-10-31", "--json").out)
    assert {arm["name"]: arm["entered"] for arm in told["arms"] if arm["entered"]} == entered and told["experiment"] == "sms_or_call"
    ran = strategy("results", "--book", done, "--as-of", "2026-10-31", "--experiment", "sms_or_call")
    assert ran.status == 0 and f"Experiment sms_or_call: {sum(entered.values()):,} people came in" in ran.out
    assert f"实验 sms_or_call：2026-09-30 至 2026-09-30 的夜批共有 {sum(entered.values()):,} 人进入" in strategy("results", "--book", done, "--as-of", "2026-10-31", lang="zh").out
    same = strategy("results", "--book", done, "--as-of", "2026-10-31", "--strategy", done / "strategies" / "0001" / "strategy.yaml")
    assert same.out == ran.out


@pytest.mark.parametrize(("words", "said"), [
    (("--as-of", "2026-10-31", "--experiment", "other"), ("there is no experiment other in the strategies of this book up to 2026-10-31; there are sms_or_call", "没有实验 other")),
    (("--as-of", "2026-09-14"), ("no experiment began by 2026-09-14", "没有已开始的实验")),
    (("--as-of", "2026-09-20"), ("no night from 2026-09-01 to 2026-09-20 has taken anybody into the experiment sms_or_call", "没有任何夜批让人进入实验 sms_or_call")),
    (("--as-of", "2026-10-31", "--effect", "5"), ("--effect 5: write a share in per cent", "请写百分比")),
])
def test_results_that_there_are_not_are_refused_with_those_that_there_are(done, words, said):
    refused_in_both(said, "results", "--book", done, *words)


def test_a_diff_counts_the_loans_that_change_and_writes_them_down(done, tmp_path):
    ran = strategy("diff", "default", "1", "--book", done, "--as-of", "2026-10-31", "--out", tmp_path / "out")
    assert ran.status == 0, ran.error
    loans = pl.read_parquet(tmp_path / "out" / "changed_loans.parquet")
    assert re.search(rf"of \d+ late loans {len(loans)} have another", ran.out.splitlines()[0]) and len(loans) > 0
    assert strategy("diff", "default", "in-force", "--book", done, "--as-of", "2026-10-31").out == "\n".join(ran.out.splitlines()[:-1]) + "\n"
    path = done / "strategies" / "0001" / "strategy.yaml"
    ran = strategy("diff", path, "1", "--book", done, "--as-of", "2026-10-31", lang="zh")
    assert ran.status == 0 and re.search("中 0 笔的处置", ran.out) and all(line.split("  ")[-1].split(" → ")[0] in line.split(" → ")[1] for line in ran.out.splitlines()[1:5])


def test_why_a_loan_gets_its_treatment_names_the_row_that_decided(done):
    row = decisions_of(done).drop_nulls("treatment").row(0, named=True)
    ran = strategy("why", row["loan_id"], "--book", done, "--as-of", "2026-09-30")
    assert ran.status == 0 and row["loan_id"] in ran.out.splitlines()[0] and f"✓ {row['rule']}" in ran.out and "Result: " in ran.out
    refused_in_both(("no late loan of that night", "该夜没有这笔逾期贷款"), "why", "nobody", "--book", done, "--as-of", "2026-09-30")
    assert strategy("why", row["loan_id"], "--book", done, "--as-of", "2026-09-29").status == 2


def test_a_picture_of_a_night_carries_its_counts_and_those_of_no_other_strategy(done, tmp_path):
    decisions, out = decisions_of(done), tmp_path / "x.svg"
    ran = strategy("draw", "--book", done, "--as-of", "2026-09-30", "--out", out)
    assert ran.status == 0 and "with the counts of the night of 2026-09-30" in ran.out
    drawn = out.read_text("utf-8")
    assert f"{len(decisions):,} " in drawn and strategy("draw", "--book", done, "--version", 1, "--out", tmp_path / "y.svg").status == 0
    assert drawn != (tmp_path / "y.svg").read_text("utf-8")
    ran = strategy("draw", "--book", done, "--as-of", "2026-10-31", "--out", tmp_path / "z.svg")
    assert ran.status == 0 and "without counts: the night of 2026-10-31 is not finished" in ran.out
    assert (tmp_path / "z.svg").read_bytes() == (tmp_path / "y.svg").read_bytes()
    mine = tmp_path / "mine.yaml"
    mine.write_text(default_strategy_text(), encoding="utf-8")
    out.unlink()
    refused_in_both(("was done on another strategy", "使用的是另一套策略"), "draw", mine, "--book", done, "--as-of", "2026-09-30", "--out", out)
    assert not out.exists()
    shutil.copytree(done, tmp_path / "book")
    shutil.rmtree(tmp_path / "book" / "nights" / "2026-09-30" / "decisions")
    refused_in_both(("nobody can say what this night decided", "无从得知该夜批"), "draw", "--book", tmp_path / "book", "--as-of", "2026-09-30", "--out", out)


def test_what_held_on_a_night_that_has_run_cannot_be_taken_back(done):
    refused_in_both(("the night of 2026-09-30 has run", "2026-09-30 的夜批已完成"), "rollback", "--book", done, "--by", "Zhao Min", "--from", "2026-09-30", "--why", "x")
