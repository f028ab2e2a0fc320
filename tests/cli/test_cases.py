"""The commands of the cases: sharing out anew from the preview to the next night, freezes, the roster in words, and every bad input with its sentence and exit status 2."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from arrears import store
from arrears.locks import locked
from cases_book import ANY, LI_LEFT, NEXT, NIGHT, ROSTER, cases_book, changed, copied
from plain_books import Ran, arrears, files_of


@pytest.fixture
def book(tmp_path) -> Path:
    return copied(tmp_path)


def cases(command: str, *words: object, lang: str = "en") -> Ran:
    return arrears("cases", command, *words, "--lang", lang)


def write_roster(book: Path, text: str) -> None:
    (book / "roster.yaml").write_text(text, encoding="utf-8")


def share(book: Path, *words: object, lang: str = "en") -> Ran:
    return cases("share", "--book", book, "--as-of", NIGHT, "--by", "Wang Fang", "--why", "li has left", *words, lang=lang)


def shown(book: Path, *words: object) -> dict:
    ran = cases("show", "--book", book, "--as-of", NIGHT, "--json", *words)
    assert ran.status == 0, ran
    return json.loads(ran.out)


def held_in(path: Path) -> dict[str, str | None]:
    return dict(pl.read_parquet(path).select("borrower_id", "held_by").iter_rows())


def of_night(book: Path, night=NIGHT) -> Path:
    return book / "nights" / str(night) / "assigned.parquet"


def test_sharing_out_anew_from_the_preview_to_the_night_that_starts_from_it(book):
    before = held_in(of_night(book))
    of_li = sorted(borrower for borrower, who in before.items() if who == "li")
    assert of_li and {one["borrower_id"] for one in shown(book, "--of", "li")["cases"]} == set(of_li)
    assert {one["name"]: one["cases"] for one in shown(book)["workload"]} == {who: list(before.values()).count(who) for who in ("zhang", "li", "zhou", "chen", "wu", "river")}
    write_roster(book, LI_LEFT)
    was = files_of(book)
    ran = cases("preview", "--book", book, "--as-of", NIGHT)
    assert ran.status == 0 and "This is a preview; nothing was written" in ran.out and files_of(book) == was
    for borrower in of_li:
        assert f"{borrower}  li → " in ran.out
    assert ran.out.count("li has left; now with") == len(of_li)
    told = json.loads(cases("preview", "--book", book, "--as-of", NIGHT, "--json").out)
    ran = share(book)
    assert ran.status == 0 and f"{len(of_li)} cases move" in ran.out and "0001.parquet" in ran.out
    now = held_in(book / "allocation" / str(NIGHT) / "0001.parquet")
    assert {one["borrower_id"]: one["held_by"] for one in told["moves"]} == {borrower: now[borrower] for borrower in of_li}, "the preview said what was done"
    assert {borrower: who for borrower, who in now.items() if borrower not in of_li} == {borrower: who for borrower, who in before.items() if borrower not in of_li}
    assert not [name for name, content in files_of(book).items() if was.get(name, content) != content], "what was there is as it was"
    record = json.loads((book / "allocation" / str(NIGHT) / "0001.json").read_text("utf-8"))
    assert (record["by"], record["why"], record["roster"], record["moved"]) == ("Wang Fang", "li has left", LI_LEFT, len(of_li))
    assert shown(book)["sharing"] == 1 and shown(book, "--of", "li")["cases"] == [] and len(shown(book, "--of", "li")["gave_up"]) == len(of_li)
    refused(("sharing out anew would change nothing", "不会产生任何变化"), "share", "--book", book, "--as-of", NIGHT, "--by", "a", "--why", "b")
    ran = arrears("night", "--book", book, "--as-of", NEXT)
    assert ran.status == 0, ran.error
    started_from = pl.read_parquet(of_night(book, NEXT)).filter(pl.col("before").is_not_null())
    assert len(started_from) > 3 and dict(started_from.select("borrower_id", "before").iter_rows()).items() <= now.items()
    held = json.loads((book / "nights" / str(NEXT) / "run.json").read_text("utf-8"))["held"]
    assert held == {"night": str(NIGHT), "sharing": "1", "digest": record["digest"]}
    refused((f"the night of {NEXT} has run on how the cases stood", f"{NEXT} 夜批已按"), "share", "--book", book, "--as-of", NIGHT, "--by", "a", "--why", "b")
    ran = cases("why", of_li[0], "--book", book, "--as-of", NEXT)
    assert ran.status == 0 and [line.split(":")[0] for line in ran.out.splitlines()[2:4]] == [f"  night of {NIGHT}", f"  shared out anew after the night of {NIGHT} (number 1, by Wang Fang)"]
    assert f"li → {now[of_li[0]]}: li has left" in ran.out and f"Remembered: it left li on {NIGHT}" in ran.out
    kept = next(borrower for borrower, who in started_from.filter(pl.col("why") == "kept").select("borrower_id", "held_by").iter_rows() if borrower not in of_li)
    assert f"{kept}：由 {now[kept]} 负责，自 {NIGHT} 起。继续由 {now[kept]} 负责。" in cases("why", kept, "--book", book, "--as-of", NEXT, lang="zh").out
    assert f"The night of {NEXT} has run since" in cases("preview", "--book", book, "--as-of", NIGHT).out
    last = of_night(book, NEXT)
    pl.read_parquet(last).filter(pl.col("borrower_id") != kept).write_parquet(last)
    assert cases("why", kept, "--book", book, "--as-of", NEXT).out.startswith(f"{kept}: no case since the night of {NEXT}")


def refused(said: tuple[str, str], command: str, *words: object) -> None:
    """Exit status 2, and the first line of standard error in the language asked for; nothing else is printed."""
    for lang, first in zip(("en", "zh"), said, strict=True):
        ran = cases(command, *words, lang=lang)
        assert ran.status == 2 and first in ran.error.splitlines()[0], ran
        assert not ran.out


def test_one_team_is_shared_out_among_its_own_and_everybody_else_s_cases_stay(book):
    write_roster(book, changed("wu", 'cases_most: "30"', 'cases_most: "0"', LI_LEFT))
    before = held_in(of_night(book))
    assert share(book, "--team", "early").status == 0
    now = held_in(book / "allocation" / str(NIGHT) / "0001.parquet")
    assert now.keys() == before.keys() and {borrower for borrower in now if now[borrower] != before[borrower]} == {borrower for borrower, who in before.items() if who == "li"}
    assert "wu" in before.values() and "wu" in now.values(), "wu, of another team, can have none by the roster, but was not shared out"
    told = shown(book, "--team", "field")
    assert [one["name"] for one in told["workload"]] == ["chen", "wu"] and told["held"] == sum(who in ("chen", "wu") for who in now.values())
    ran = share(book)
    assert ran.status == 0 and json.loads((book / "allocation" / str(NIGHT) / "0002.json").read_text("utf-8"))["rests_on"]["sharing"] == 1
    assert "wu has as many cases as they can" in ran.out and "Need somebody and have nobody" in ran.out and "wu" not in held_in(book / "allocation" / str(NIGHT) / "0002.parquet").values()
    history = cases("why", next(borrower for borrower, who in before.items() if who == "wu"), "--book", book, "--as-of", NIGHT).out.splitlines()
    assert history[0].endswith("nobody has it now.") and len(history) == 6, history


def test_by_minutes_nobody_gets_more_than_they_work_and_few_cases_move(book):
    cases_of_night = pl.read_parquet(book / "nights" / str(NIGHT) / "cases.parquet")
    minutes = dict(cases_of_night.select("borrower_id", "minutes").iter_rows())
    before = held_in(of_night(book))
    spent = sum(minutes[borrower] for borrower, who in before.items() if who == "li")
    least = min(minutes[borrower] for borrower, who in before.items() if who == "li")
    write_roster(book, changed("li", 'minutes: "420"', f'minutes: "{spent - 1}"'))
    ran = share(book, "--team", "early", "--by-minutes")
    assert ran.status == 0 and "shared out by minutes; li gives it up; now with" in ran.out and " 1 case moves" in ran.out, ran
    now = held_in(book / "allocation" / str(NIGHT) / "0001.parquet")
    assert spent - least >= sum(minutes[borrower] for borrower, who in now.items() if who == "li") and sum(now[one] != before[one] for one in now) == 1
    assert "按工时重新分配" in cases("show", "--book", book, "--as-of", NIGHT, lang="zh").out
    longest = max(minutes[borrower] for borrower, who in before.items() if who in ("zhang", "li", "zhou"))
    assert sum(minutes[borrower] for borrower, who in before.items() if who in ("zhang", "li", "zhou")) > 3 * longest
    write_roster(book, ROSTER.replace('minutes: "420"', f'minutes: "{longest}"'))
    refused(("team early, tonight's cases and the minutes in roster.yaml: the minutes do not suffice", "小组 early，今晚的案件与 roster.yaml 中的 minutes：分钟数不够"),
            "preview", "--book", book, "--as-of", NIGHT, "--team", "early", "--by-minutes")
    write_roster(book, ROSTER.replace('minutes: "420"', f'minutes: "{longest - 1}"'))
    refused(("and whoever of the team may have it has", "小组中可办的人最多只剩"), "preview", "--book", book, "--as-of", NIGHT, "--team", "early", "--by-minutes")
    write_roster(book, changed("li", 'cases_most: "60"', 'cases_most: "0"', changed("zhou", 'minutes: "420"', 'minutes: "0"')))
    refused(("li: by minutes they would have", "li：按工时将有"), "preview", "--book", book, "--as-of", NIGHT, "--team", "early", "--by-minutes")


@pytest.mark.parametrize("point", [0, 1, 2, 3])
def test_a_sharing_out_that_is_killed_is_there_whole_or_not_at_all(book, tmp_path, point):
    write_roster(book, LI_LEFT)
    peace = Path(tmp_path / "peace")
    subprocess.run(["cp", "-r", str(book), str(peace)], check=True)
    assert share(peace).status == 0
    words = ["cases", "share", "--book", str(book), "--as-of", str(NIGHT), "--by", "Wang Fang", "--why", "li has left", "--lang", "en"]
    ran = subprocess.run([sys.executable, "-c", KILLED, str(point), *words], capture_output=True, text=True)
    assert ran.returncode == -signal.SIGKILL, ran
    there = store.sharings(store.book_at(book), NIGHT)
    assert len(there) == (point == 3)
    whole = (peace / "allocation" / str(NIGHT) / "0001.parquet").read_bytes()
    if there:
        assert there[0].read_bytes() == whole and shown(book) == {**shown(peace), "shared_at": shown(book)["shared_at"]}
        return
    assert shown(book)["sharing"] == 0 and held_in(of_night(book)) == held_in(of_night(peace))
    assert share(book).status == 0
    assert (book / "allocation" / str(NIGHT) / "0001.parquet").read_bytes() == whole and shown(book)["sharing"] == 1
    assert sorted(os.listdir(book / "allocation" / str(NIGHT))) == ["0001.json", "0001.parquet"]


KILLED = """
import os, signal, sys
import arrears.cli
real, left = os.replace, [int(sys.argv.pop(1))]
def replace(source, target):
    # 0, 2: just before a file takes its name; 1, 3: just after
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)
    if left[0] == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 2
os.replace = replace
arrears.cli.main()
"""


def test_while_a_night_runs_nothing_is_shared_out_or_frozen(book):
    write_roster(book, LI_LEFT)
    with locked(store.book_at(book), "night", alone=True):
        refused(("a night is running on this book; nothing was changed", "该账册正被另一次运行占用"), "share", "--book", book, "--as-of", NIGHT, "--by", "a", "--why", "b")
        refused(("a night is running on this book", "该账册正被另一次运行占用"), "freeze", "--book", book, "--team", "early", "--from", NEXT, "--by", "a", "--why", "b")
    assert not (book / "allocation").exists() and (book / "roster.yaml").read_text("utf-8") == LI_LEFT


@pytest.mark.parametrize(("roster", "words", "said"), [
    (None, ("--as-of", "2026-10-28"), ("no night of 2026-10-28 is finished; the last one is 2026-10-29", "没有已完成的 2026-10-28 夜批；最近的夜批为 2026-10-29")),
    (None, ("--as-of", "soon"), ("'soon' is not a date", "不是日期")),
    ("", ("--as-of", NIGHT), ("roster.yaml: there is no roster", "roster.yaml：没有名册")),
    ("teams: [\n", ("--as-of", NIGHT), ("roster.yaml: not valid YAML", "roster.yaml: not valid YAML")),
    (ROSTER.replace("stages: any, products", "stages: [M99], products", 1), ("--as-of", NIGHT), ("roster.yaml, li: no bucket 'M99'", "li: no bucket 'M99'")),
    (None, ("--as-of", NIGHT, "--team", "late"), ("no team 'late' in the roster; known are early, field", "没有小组 'late'")),
    (None, ("--as-of", NIGHT, "--by-minutes"), ("name it with --team", "请用 --team 指明")),
    (None, ("--as-of", NIGHT), ("sharing out anew would change nothing", "不会产生任何变化")),
    (ROSTER.replace('cases_most: "60"', 'cases_most: "0"'), ("--as-of", NIGHT, "--team", "early"), ("team early: nobody can have a case on 2026-10-30 (li: cases_most is 0; zhang", "小组 early：2026-10-30 无人可承接案件")),
    (changed("chen", ' works_from: "2024-03-01"', ' works_from: "2024-03-01", left_on: "2026-10-01"', changed("wu", '"2024-03-01"', '"2026-11-01"')), ("--as-of", NIGHT, "--team", "field"),
     ("(chen: left on 2026-10-01; wu: there from 2026-11-01 on)", "chen：已于 2026-10-01 离职；wu：2026-11-01 起才到岗")),
    ("teams: []\ncollectors: []\n", ("--as-of", NIGHT), ("it lists nobody", "名册中没有人")),
])
def test_a_sharing_out_that_cannot_be_is_refused_in_a_sentence_and_changes_nothing(book, roster, words, said):
    if roster is not None:
        write_roster(book, roster)
    was = files_of(book)
    refused(said, "share", "--book", book, "--by", "Wang Fang", "--why", "li has left", *words)
    assert {name: content for name, content in files_of(book).items() if content} == {name: content for name, content in was.items() if content}


@pytest.mark.parametrize(("command", "words", "said"), [
    ("share", ("--by", " ", "--why", "x"), ("--by is empty", "--by 为空")),
    ("share", ("--by", "a", "--why", ""), ("--why is empty", "--why 为空")),
    ("show", ("--of", "nobody"), ("'nobody' is nobody of the roster of that night, and no case is with them; known are chen, li, river, wu, zhang, zhou", "当晚名册中没有 'nobody'")),
    ("show", ("--team", "late"), ("no team 'late' in the roster of that night; known are early, field", "当晚名册中没有小组 'late'")),
    ("show", ("--of", "li", "--team", "early"), ("name two views; give one", "请只给一个")),
    ("why", ("B-none",), ("B-none: nobody had or needed a case of this borrower", "B-none：截至 2026-10-29 的夜批中没有该借款人的案件")),
    ("preview", ("--roster", "nowhere.yaml"), ("nowhere.yaml: cannot be read", "nowhere.yaml：无法读取")),
])
def test_bad_words_are_refused_in_both_languages(command, words, said):
    refused(said, command, *words, "--book", cases_book(), "--as-of", NIGHT)


@pytest.mark.parametrize(("file", "content", "said"), [
    ("nights/2026-10-29/assigned.parquet", b"PAR1", ("assigned.parquet: gone, damaged, or written by another version", "assigned.parquet：已不在、已损坏")),
    ("nights/2026-10-29/cases.parquet", None, ("cases.parquet: gone, damaged", "cases.parquet：已不在")),
    ("nights/2026-10-29/run.json", b"{", ("run.json: gone, damaged", "run.json：已不在")),
    ("nights/2026-10-29/summary.json", b"[]", ("summary.json: gone, damaged", "summary.json：已不在")),
    ("nights/2026-10-29/assigned.parquet", None, ("that night gave no case to anybody, for there was no roster.yaml", "该夜批没有分配案件")),
    ("allocation/2026-10-29/0001.json", None, ("0001.json: missing or not readable", "0001.json：缺失或无法读取")),
    ("allocation/2026-10-29/0001.json", b'{"format": 1}', ("0001.json: missing or not readable", "0001.json：缺失或无法读取")),
    ("allocation/2026-10-29/0001.parquet", b"PAR1", ("0001.parquet: it is not the file that was written", "0001.parquet：与写入时不同")),
])
def test_damaged_files_are_named_with_what_to_do(shared, tmp_path, file, content, said):
    book = tmp_path / "book"
    subprocess.run(["cp", "-r", str(shared), str(book)], check=True)
    if file.endswith("assigned.parquet"):
        shutil.rmtree(book / "allocation")
    (book / file).unlink()
    if content is not None:
        (book / file).write_bytes(content)
    for command, words in (("show", ()), ("preview", ()), ("why", ("B1",)), ("share", ("--by", "a", "--why", "b"))):
        refused(said, command, *words, "--book", book, "--as-of", NIGHT)


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Path:
    """The book after one sharing out."""
    book = copied(tmp_path_factory.mktemp("shared"))
    write_roster(book, LI_LEFT)
    assert share(book).status == 0
    return book


def test_a_night_done_again_since_is_not_taken_for_the_one_that_was_shared_out(shared, tmp_path):
    book = tmp_path / "book"
    subprocess.run(["cp", "-r", str(shared), str(book)], check=True)
    run = book / "nights" / str(NIGHT) / "run.json"
    run.write_bytes(store.json_bytes({**json.loads(run.read_text("utf-8")), "roster": LI_LEFT}))
    refused(("which was then done again on other inputs", "又按其他输入重做"), "show", "--book", book, "--as-of", NIGHT)


def test_a_sharing_out_that_is_gone_is_missed_and_nothing_is_written_over(shared, tmp_path):
    book = tmp_path / "book"
    subprocess.run(["cp", "-r", str(shared), str(book)], check=True)
    write_roster(book, changed("zhou", 'works_from: "2024-03-01"', 'works_from: "2024-03-01", left_on: "2026-10-01"'))
    assert share(book).status == 0
    for name in ("0001.json", "0001.parquet"):
        (book / "allocation" / str(NIGHT) / name).unlink()
    refused(("0002.parquet: it is sharing 2 after that night, but 1 is there", "0002.parquet：它是该夜批之后第 2 次分案，但现存 1 次"), "share", "--book", book, "--as-of", NIGHT, "--by", "a", "--why", "b")


def test_a_freeze_is_an_entry_more_and_its_end_a_day(book):
    ran = cases("freeze", "--book", book, "--team", "field", "--from", NEXT, "--by", "Li Wei", "--why", "inquiry: #7")
    assert ran.status == 0 and f"team field is frozen from {NEXT}, with no end yet (Li Wei: inquiry: #7)" in ran.out and f"from the night of {NEXT} on" in ran.out
    text = (book / "roster.yaml").read_text("utf-8")
    assert text.startswith(ROSTER) and text.removeprefix(ROSTER).count("\n") == 2
    refused((f"team field is frozen already from {NEXT} without an end", f"小组 field 自 {NEXT} 起已冻结"), "freeze", "--book", book, "--team", "field", "--from", "2026-12-01", "--by", "a", "--why", "b")
    assert f"frozen: team field from {NEXT} (Li Wei: inquiry: #7)" in cases("roster", "--book", book, "--as-of", NIGHT).out
    ran = cases("unfreeze", "--book", book, "--team", "field", "--from", "2026-11-05")
    assert ran.status == 0 and "free again from 2026-11-05 on" in ran.out
    assert (book / "roster.yaml").read_text("utf-8") == text.replace(f'from: "{NEXT}"', f'from: "{NEXT}", until: "2026-11-05"')
    refused(("team field is not frozen on 2026-11-05", "小组 field 在 2026-11-05 并未冻结"), "unfreeze", "--book", book, "--team", "field", "--from", "2026-11-05")
    assert cases("freeze", "--book", book, "--team", "field", "--from", "2026-11-05", "--until", "2026-11-09", "--by", "a", "--why", "b").status == 0, "a later one beside it"


def test_what_is_frozen_does_not_move_when_cases_are_shared_out(book):
    write_roster(book, changed("wu", 'cases_most: "30"', 'cases_most: "0"'))
    assert cases("freeze", "--book", book, "--team", "field", "--from", NEXT, "--by", "a", "--why", "b").status == 0
    refused(("sharing out anew would change nothing", "不会产生任何变化"), "share", "--book", book, "--as-of", NIGHT, "--by", "a", "--why", "b")


@pytest.mark.parametrize(("words", "said"), [
    (("--from", NEXT), ("name exactly one of --team, --collector, --agency, --borrower", "须且只能给出一个")),
    (("--team", "field", "--agency", "river", "--from", NEXT), ("name exactly one of", "须且只能给出一个")),
    (("--team", " ", "--from", NEXT), ("--team is empty", "--team 为空")),
    (("--team", "late", "--from", NEXT), ("roster.yaml: no team 'late'; known are early, field", "roster.yaml：没有小组 'late'")),
    (("--collector", "river", "--from", NEXT), ("no collector 'river'; known are chen, li, wu, zhang, zhou", "没有人员 'river'")),
    (("--collector", "li", "--from", NEXT), (f"li is gone since {NEXT}", f"li 自 {NEXT} 起已离职或合同到期")),
    (("--agency", "river", "--from", "2027-01-01"), ("river is gone since 2027-01-01", "river 自 2027-01-01 起已离职或合同到期")),
    (("--borrower", "B1", "--from", NEXT, "--until", NEXT), (f"--until {NEXT} is not after --from {NEXT}", "不晚于 --from")),
    (("--borrower", "B1", "--from", "soon"), ("--from 'soon' is not a date", "不是日期")),
])
def test_a_freeze_that_cannot_be_is_refused_and_the_roster_stays(book, words, said):
    write_roster(book, LI_LEFT)
    refused(said, "freeze", "--book", book, "--by", "a", "--why", "b", *words)
    assert (book / "roster.yaml").read_text("utf-8") == LI_LEFT


def test_a_borrower_nobody_knows_may_be_frozen_but_is_told(book):
    ran = cases("freeze", "--book", book, "--borrower", "B-none", "--from", NEXT, "--by", "a", "--why", "b")
    assert ran.status == 0 and f"no case of B-none in the night of {NIGHT}; check the id" in ran.out


def test_the_roster_in_words_names_every_fault(book):
    ran = cases("roster", "--book", book, "--as-of", NIGHT)
    assert ran.status == 0 and "5 people, 1 agency, 2 teams" in ran.out and "No fault was found" in ran.out
    broken = changed("river", 'evaluated_on: "2026-03-01", inspected_on: "2026-09-01"', 'evaluated_on: "2024-03-01"', changed("zhou", 'minutes: "420"', 'minutes: "0"', changed("li", "any, stages: any", "[en], stages: [M1]", LI_LEFT)))
    broken = broken.replace(f'cases_most: "20", minutes: "420", {ANY}, regions: any', f'cases_most: "0", minutes: "420", {ANY}').replace("[early, field]", "[early, field, night]")
    broken = broken.replace("agencies:\n", f'agencies:\n  - {{name: lake, contract_from: "2025-01-01", contract_until: "2026-10-01", evaluated_on: "2026-03-01", cases_most: "50", {ANY}, regions: any}}\n')
    write_roster(book, broken)
    told = cases("roster", "--book", book, "--as-of", NIGHT).out
    for fault in (f"li: left on {NEXT}", "zhou: minutes is 0", "chen: cases_most is 0", "chen: regions is empty", "lake: the contract ended on 2026-10-01", "river: may have no case", "2024-03-01",
                  "team night: nobody works in it"):
        assert f"✗ {fault}" in told or fault in "".join(line for line in told.splitlines() if "✗ river" in line), (fault, told)
    assert "li：已于 2026-10-30 离职" in cases("roster", "--book", book, "--as-of", NIGHT, lang="zh").out
    write_roster(book, ROSTER.replace("stages: any", "stages: [M1, M2]"))
    assert "✗ stage M5: nobody may have it" in cases("roster", "--book", book, "--as-of", NIGHT).out
    refused(("is the last day of the calendar", "日历的最后一天"), "roster", "--book", book, "--as-of", "9999-12-31")


@pytest.mark.parametrize(("entry", "said"), [
    ('evaluated_on: "2024-03-01"', "river may have no cases now: "), ('evaluated_on: "2026-03-01", inspected_on: "2026-09-01", contract_until: "2026-10-30"', "the contract with river has ended")])
def test_an_agency_whose_evaluation_is_overdue_or_contract_ended_gives_its_cases_back(book, entry, said):
    path = of_night(book)
    rows = pl.read_parquet(path)
    rows.with_columns(held_by=pl.when(pl.col("held_by") == "wu").then(pl.lit("river")).otherwise("held_by")).write_parquet(path)
    text = changed("river", 'evaluated_on: "2026-03-01", inspected_on: "2026-09-01"', entry)
    write_roster(book, changed("river", 'contract_until: "2027-01-01", ', "", text) if "contract_until" in entry else text)
    ran = cases("preview", "--book", book, "--as-of", NIGHT)
    assert ran.status == 0 and said in ran.out, ran
