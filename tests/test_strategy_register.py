"""The strategies of a book: what held on a night that has run never changes, nobody approves their own, and neither damage nor a kill goes unnoticed."""

import json
import os
import signal
import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears import store, strategy_register
from arrears.locks import locked
from arrears.refusal import Refused
from arrears.strategy.reading import default_strategy_text
from arrears.strategy_register import (
    approve,
    entries_of,
    history,
    in_force,
    read_version,
    rollback,
    same_person,
    submit,
    versions_of,
)
from arrears.strict_yaml import BadYaml

NOW = 1_790_000_000_000_000
FIRST = date(2026, 11, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def text_of(number: int) -> str:
    """Strategies that differ in a number of their first range."""
    text = default_strategy_text().replace('claimable: "<1000"', f'claimable: "<{1000 + number}"')
    assert number == 0 or text != default_strategy_text()
    return text


def book_with(folder, versions: int) -> store.Book:
    book = store.book_for_load(folder / "book")
    for number in range(1, versions + 1):
        assert submit(book, text_of(number), "Li Wei", f"idea {number}", NOW + number) == number
    return book


def run_night(book: store.Book, as_of: date) -> None:
    """The folder that says that the night is finished."""
    book.night(as_of).mkdir(parents=True)


@pytest.fixture
def book(tmp_path) -> store.Book:
    return book_with(tmp_path, 3)


@pytest.fixture(scope="module")
def any_book(tmp_path_factory) -> store.Book:
    """A book of three versions for many examples, each of which begins by emptied()."""
    return book_with(tmp_path_factory.mktemp("any"), 3)


def emptied(book: store.Book) -> store.Book:
    """The book without approvals and nights."""
    book.approvals_path.unlink(missing_ok=True)
    store.remove_folder(book.nights)
    return book


def refused(*said: str, of=Refused):
    """Refused with all these words, each in its English or its Chinese sentence."""

    class Told:
        def __enter__(self):
            self.raises = pytest.raises(of)
            self.problem = self.raises.__enter__()

        def __exit__(self, *ended):
            caught = self.raises.__exit__(*ended)
            for word in said:
                assert word in self.problem.value.en + self.problem.value.zh, self.problem.value
            return caught

    return Told()


def test_what_was_submitted_is_read_back_and_nothing_is_in_force_by_it(book):
    for number in (1, 2, 3):
        kept = read_version(book, number)
        assert (kept.version, kept.text, kept.by, kept.why) == (number, text_of(number), "Li Wei", f"idea {number}")
        assert (book.strategy_folder(number) / "strategy.yaml").read_bytes() == text_of(number).encode()
    assert versions_of(book) == [1, 2, 3] and history(book) == []
    assert in_force(book, FIRST) == (default_strategy_text(), None, None)


def test_the_same_bytes_as_the_latest_version_are_refused_and_those_of_an_older_one_are_not(book):
    with refused("it is version 3 already", "逐字节相同"):
        submit(book, text_of(3), "Wang Fang", "again", NOW)
    assert submit(book, text_of(1), "Wang Fang", "back to the first", NOW) == 4 and versions_of(book) == [1, 2, 3, 4]


@pytest.mark.parametrize(("old", "new", "said"), [
    ("treatment: remind_sms", "treatment: remind_fax", "remind_fax"), ("bucket: M6+, claimable", "bucket: M7, claimable", "no bucket 'M7'"),
    ("otherwise:\n", "otherwise_not:\n", "otherwise"), ("rows:\n", "rows: [\n", "not valid YAML"),
])
def test_a_text_on_which_no_night_could_run_is_no_version(tmp_path, old, new, said):
    book = store.book_for_load(tmp_path / "book")
    with pytest.raises(BadYaml, match=said.replace("'", ".")):
        submit(book, default_strategy_text().replace(old, new, 1), "Li Wei", "try", NOW, "mine.yaml")
    assert versions_of(book) == [] and not book.strategies.exists()


def test_a_version_holds_from_its_night_until_the_next_begins(book):
    approve(book, 1, "Wang Fang", day(5), "agreed", NOW)
    approve(book, 3, "Wang Fang", day(20), "agreed", NOW)
    approve(book, 2, "Wang Fang", day(10), "agreed", NOW)
    assert [in_force(book, day(number))[1] for number in (4, 5, 9, 10, 19, 20, 400)] == [None, 1, 1, 2, 2, 3, 3]
    assert [in_force(book, day(number))[0] for number in (4, 5, 10, 20)] == [text_of(number) for number in (0, 1, 2, 3)]
    assert [(period.from_on, period.until_on, period.entry.version) for period in history(book)] == [(day(5), day(10), 1), (day(10), day(20), 2), (day(20), None, 3)]
    assert [entry.version for entry in entries_of(book)] == [1, 3, 2]
    approve(book, 1, "Zhao Min", day(10), "rather this", NOW)
    assert in_force(book, day(10))[1] == 2 - 1 and in_force(book, day(10))[2].by == "Zhao Min"


def test_a_rollback_brings_back_what_held_before_and_in_the_end_the_default(book):
    for number in (1, 2, 3):
        approve(book, number, "Wang Fang", day(number), "agreed", NOW)
    assert rollback(book, "Li Wei", "too many calls", day(10), NOW).version == 2
    assert rollback(book, "Li Wei", "still too many", day(11), NOW).version == 1
    last = rollback(book, "Li Wei", "none of it", day(12), NOW)
    assert (last.version, last.digest) == (None, None)
    assert in_force(book, day(12)) == (default_strategy_text(), None, last)
    assert [in_force(book, day(number))[1] for number in (9, 10, 11, 12)] == [3, 2, 1, None]
    with refused("the shipped default is in force", "默认策略"):
        rollback(book, "Li Wei", "once more", day(13), NOW)
    approve(book, 3, "Wang Fang", day(14), "mended elsewhere", NOW)
    assert rollback(book, "Li Wei", "no", day(15), NOW).version is None, "before it the default held"


def test_a_rollback_on_the_night_of_a_planned_approval_cancels_it(book):
    approve(book, 1, "Wang Fang", day(1), "agreed", NOW)
    approve(book, 2, "Wang Fang", day(20), "agreed", NOW)
    assert rollback(book, "Zhao Min", "not now", day(20), NOW).version == 1
    assert [in_force(book, day(number))[1] for number in (1, 19, 20, 30)] == [1, 1, 1, 1]
    assert rollback(book, "Zhao Min", "nor this", day(21), NOW).version is None, "version 2 never held, so it is not what held before"


def test_a_rollback_never_brings_back_the_version_it_takes_back(book):
    approve(book, 1, "Wang Fang", day(10), "agreed", NOW)
    approve(book, 1, "Wang Fang", day(5), "sooner", NOW)
    assert rollback(book, "Zhao Min", "odd", day(12), NOW).version is None


def test_a_version_that_holds_already_is_not_approved_again(book):
    approve(book, 1, "Wang Fang", day(5), "agreed", NOW)
    with refused("version 1 is in force on", "已经有效"):
        approve(book, 1, "Zhao Min", day(6), "again", NOW)


@pytest.mark.parametrize("by", ["Li Wei", " li wei ", "LI  WEI", "ＬＩ ＷＥＩ", "Li\u200b Wei", "Li\u00a0Wei"])
def test_nobody_approves_their_own_version_however_the_name_is_written(book, by):
    with refused("version 2 was submitted by Li Wei, and nobody approves their own version", "不得批准自己提交的版本"):
        approve(book, 2, by, day(5), "agreed", NOW)
    assert entries_of(book) == []


def test_nobody_approves_their_own_bytes_submitted_by_another(book):
    assert submit(book, text_of(1), "Wang Fang", "as Li Wei had it", NOW) == 4
    with refused("version 1 was submitted by Li Wei"):
        approve(book, 4, "Li Wei", day(5), "agreed", NOW)
    assert approve(book, 4, "Zhao Min", day(5), "agreed", NOW).version == 4


@given(st.text(max_size=12), st.text(max_size=12))
def test_a_name_is_its_own_in_any_case_and_two_plain_names_are_two(left, right):
    assert same_person(left, f" {left}\t") and same_person(left, right) == same_person(right, left)
    ours, theirs = ("".join(sign for sign in name if "a" <= sign <= "z") for name in (left, right))
    assert same_person(ours, theirs.upper()) == (ours == theirs)


@pytest.mark.parametrize("said", ["", "  ", "\u200b", "a\nb", "a\x1b[31m", "a\u2028b"])
def test_a_name_or_reason_that_is_empty_or_breaks_the_line_is_refused(book, said):
    approve(book, 1, "Wang Fang", day(1), "agreed", NOW)
    before = entries_of(book)
    for work in (lambda: submit(book, text_of(9), said, "why", NOW), lambda: submit(book, text_of(9), "Li Wei", said, NOW),
                 lambda: approve(book, 2, said, day(5), "why", NOW), lambda: approve(book, 2, "Wang Fang", day(5), said, NOW),
                 lambda: rollback(book, said, "why", day(5), NOW), lambda: rollback(book, "Wang Fang", said, day(5), NOW)):
        with refused("--"):
            work()
    assert entries_of(book) == before and versions_of(book) == [1, 2, 3]


def test_what_was_in_force_on_a_night_that_has_run_is_not_changed(book):
    run_night(book, day(10))
    run_night(book, day(3))
    for number in (2, 3, 9, 10):
        with refused(f"the night of {day(10)} has run", f"write {day(11)} or a later day", "已完成"):
            approve(book, 1, "Wang Fang", day(number), "agreed", NOW)
    approve(book, 1, "Wang Fang", day(11), "agreed", NOW)
    run_night(book, day(11))
    with refused(f"the night of {day(11)} has run"):
        rollback(book, "Wang Fang", "odd", day(11), NOW)
    assert rollback(book, "Wang Fang", "odd", day(12), NOW).version is None


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["approve", "rollback", "night"]), st.integers(1, 3), st.integers(0, 12)), max_size=12))
def test_whatever_is_entered_a_night_that_has_run_keeps_its_strategy_and_the_list_reads_day_by_day(any_book, steps):
    book, ran = emptied(any_book), {}
    for action, version, number in steps:
        try:
            if action == "approve":
                approve(book, version, "Wang Fang", day(number), "agreed", NOW)
            elif action == "rollback":
                rollback(book, "Wang Fang", "odd", day(number), NOW)
            elif day(number) not in ran:
                run_night(book, day(number))
                ran[day(number)] = in_force(book, day(number))[:2]
        except Refused:
            pass
        assert {night: in_force(book, night)[:2] for night in ran} == ran
    entries = entries_of(book)
    for number in range(14):
        held = None
        for entry in entries:
            if entry.from_on <= day(number) and (held is None or entry.from_on >= held.from_on):
                held = entry
        text, version, entry = in_force(book, day(number))
        assert entry == held and version == (held and held.version) and text == text_of(version or 0)
        assert [period.entry for period in history(book) if period.from_on <= day(number) and (period.until_on is None or day(number) < period.until_on)] == ([held] if held else [])


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 12)), min_size=1, max_size=6), st.integers(0, 14))
def test_the_first_rollback_gives_the_version_of_the_last_night_that_had_another(any_book, approvals, number):
    book = emptied(any_book)
    for version, start in approvals:
        try:
            approve(book, version, "Wang Fang", day(start), "agreed", NOW)
        except Refused as problem:
            assert "is in force on" in problem.en
    held = [in_force(book, day(one))[1] for one in range(-1, number + 1)]
    if held[-1] is None:
        with refused("nothing to take back"):
            rollback(book, "Zhao Min", "odd", day(number), NOW)
        return
    assert rollback(book, "Zhao Min", "odd", day(number), NOW).version == next(version for version in reversed(held) if version != held[-1])


def with_experiment(name: str = "sms_or_call", shares: tuple[int, int] = (80, 20), start: int = 5, end: int = 50, zh: str = "短信或电话") -> str:
    """The shipped strategy with one experiment."""
    return default_strategy_text() + f"""experiments:
  - name: {name}
    zh: {zh}
    en: SMS or call
    from: "{day(start)}"
    until: "{day(end)}"
    when: {{bucket: M2}}
    outcome: paid_30
    arms: [{{name: champion, share: {shares[0]}%}}, {{name: challenger, share: {shares[1]}%, treatment: call}}]
"""


def approved(book: store.Book, text: str, start: int) -> int:
    """The text submitted by one and approved by another."""
    number = submit(book, text, "Li Wei", "idea", NOW)
    approve(book, number, "Wang Fang", day(start), "agreed", NOW)
    return number


def test_an_experiment_that_runs_is_kept_as_it_is_by_the_version_that_follows(tmp_path):
    book = store.book_for_load(tmp_path / "book")
    approved(book, with_experiment(), 1)
    for text, said in ((text_of(1), "is missing in it"), (with_experiment(shares=(70, 30)), "has other shares"), (with_experiment(start=6), "has other start"),
                       (with_experiment(end=60), "an end may only be brought forward")):
        with refused("sms_or_call", said):
            approved(book, text, 10)
    assert [entry.version for entry in entries_of(book)] == [1]
    assert approved(book, with_experiment(shares=(70, 30), start=12), 3) == 6, "it has not begun by day 3"
    assert approved(book, with_experiment(shares=(70, 30), start=12, end=40, zh="电话"), 20) == 7, "words may change and the end come forward"
    assert approved(book, text_of(1), 40) == 8, "it is over"
    with refused("its name is used again"):
        approved(book, with_experiment(start=45, end=60), 45)


def test_a_version_put_in_before_one_that_is_approved_already_starts_no_experiment_that_the_other_cuts_off(tmp_path):
    book = store.book_for_load(tmp_path / "book")
    approved(book, text_of(1), 30)
    with refused("sms_or_call is missing in it"):
        approved(book, with_experiment(end=50), 2)
    approved(book, with_experiment(end=30), 2)
    assert [(period.from_on, period.entry.version) for period in history(book)] == [(day(2), 3), (day(30), 1)]


def test_a_rollback_ends_the_experiments_of_the_version_it_takes_back_and_their_names_stay_taken(tmp_path):
    book = store.book_for_load(tmp_path / "book")
    approved(book, text_of(1), 1)
    approved(book, with_experiment(), 3)
    assert rollback(book, "Zhao Min", "complaints", day(8), NOW).version == 1
    assert "sms_or_call" not in in_force(book, day(8))[0]
    with refused("sms_or_call", "has other shares"):
        approved(book, with_experiment(shares=(70, 30)), 9)
    approved(book, with_experiment("another_name", shares=(70, 30)), 9)
    assert "another_name" in in_force(book, day(9))[0]


def test_a_rollback_moves_nobody_between_arms(tmp_path):
    book = store.book_for_load(tmp_path / "book")
    approved(book, with_experiment(start=12), 1)
    approved(book, with_experiment(start=12, shares=(70, 30)), 3)
    assert rollback(book, "Zhao Min", "odd", day(11), NOW).version == 1, "before the experiment begins nobody is in an arm"
    approved(book, with_experiment(start=12, shares=(60, 40)), 11)
    with refused("version 2 cannot hold again", "has other shares", "不能重新生效"):
        rollback(book, "Zhao Min", "odd", day(20), NOW)
    approved(book, text_of(1), 50)
    assert rollback(book, "Zhao Min", "odd", day(60), NOW).version == 3, "the same arms as those that ran"


def test_the_name_of_an_experiment_is_not_taken_from_a_version_that_will_hold_later(tmp_path):
    book = store.book_for_load(tmp_path / "book")
    approved(book, with_experiment(start=45, end=60), 40)
    approved(book, text_of(1), 30)
    with refused("sms_or_call", "has other start"):
        approved(book, with_experiment(start=5, end=20), 2)
    approved(book, with_experiment("another_name", start=5, end=20), 2)
    assert [period.entry.version for period in history(book)] == [4, 2, 1]


@pytest.mark.parametrize("content", [
    b"", b"{", b"[]", b"1", b"null", b"\xff", b'{"format": 2, "entries": []}', b'{"entries": []}', b'{"format": 1}', b'{"format": 1, "entries": {"a": 1}}',
    b'{"format": 1, "entries": [1]}', b'{"format": 1, "entries": [{"version": 1}]}', b"[" * 100_000,
    *(json.dumps({"format": 1, "entries": [{"action": "approve", "version": 1, "digest": "0" * 64, "from": "2026-11-06", "at": "", "by": "", "why": "", **wrong}]}).encode() for wrong in (
        {"action": "release"}, {"version": "1"}, {"version": True}, {"version": 0}, {"version": None}, {"version": None, "digest": None}, {"digest": None}, {"digest": "0"},
        {"from": "soon"}, {"from": None}, {"by": None}, {"more": 1})),
])
def test_a_damaged_list_of_approvals_is_refused_by_all_who_read_it_and_left_as_it_is(book, content):
    book.approvals_path.write_bytes(content)
    for work in (lambda: in_force(book, FIRST), lambda: history(book), lambda: approve(book, 1, "Wang Fang", day(5), "agreed", NOW),
                 lambda: rollback(book, "Wang Fang", "odd", day(5), NOW), lambda: submit(book, text_of(7), "Li Wei", "idea", NOW)):
        with refused("approvals.json: not readable as the list of approvals", "restore it from a backup", "请从账册备份恢复"):
            work()
    assert book.approvals_path.read_bytes() == content and versions_of(book) == [1, 2, 3]


@pytest.mark.parametrize("spoil", [lambda _: None, lambda _: b"", lambda text: text[: len(text) // 2], lambda text: text + b"\n", lambda _: b"\xff\xfe"])
def test_a_version_whose_file_is_not_what_was_approved_is_in_force_for_nobody(book, spoil):
    for number in (1, 2):
        approve(book, number, "Wang Fang", day(number), "agreed", NOW)
    path = book.strategy_folder(1) / "strategy.yaml"
    content = spoil(path.read_bytes())
    path.unlink() if content is None else path.write_bytes(content)
    for work in (lambda: in_force(book, day(1)), lambda: read_version(book, 1), lambda: rollback(book, "Zhao Min", "odd", day(5), NOW),
                 lambda: approve(book, 1, "Zhao Min", day(5), "agreed", NOW)):
        with refused(str(path), "no night runs on it", "restore it from a backup", "夜批不会使用它"):
            work()
    assert in_force(book, day(2))[:2] == (text_of(2), 2) and in_force(book, day(0))[1] is None, "other nights are not harmed"
    assert approve(book, 3, "Zhao Min", day(6), "instead", NOW).version == 3, "another may take its place"
    path.write_bytes(text_of(1).encode())
    assert in_force(book, day(1))[:2] == (text_of(1), 1)


@pytest.mark.parametrize("change", [lambda _: None, lambda _: {}, lambda told: {**told, "version": 2}, lambda told: {**told, "by": None}, lambda told: {**told, "format": 9}, lambda told: [told]])
def test_a_version_of_which_nobody_can_say_who_submitted_it_is_not_approved_and_holds_where_it_was(book, change):
    approve(book, 1, "Wang Fang", day(1), "agreed", NOW)
    path = book.strategy_folder(1) / "submitted.json"
    told = change(json.loads(path.read_bytes()))
    path.unlink() if told is None else path.write_text(json.dumps(told))
    with refused("submitted.json: not readable as what was submitted as version 1", "请从账册备份恢复"):
        approve(book, 1, "Zhao Min", day(5), "agreed", NOW)
    assert in_force(book, day(1))[:2] == (text_of(1), 1)


def test_files_and_record_changed_together_are_not_what_was_approved(book):
    approve(book, 1, "Wang Fang", day(1), "agreed", NOW)
    for name in ("strategy.yaml", "submitted.json"):
        (book.strategy_folder(1) / name).write_bytes((book.strategy_folder(2) / name).read_bytes().replace(b'"version": 2', b'"version": 1'))
    assert read_version(book, 1).text == text_of(2)
    with refused("it is not the file of version 1"):
        in_force(book, day(1))


def test_a_version_that_is_not_there_is_refused_with_those_that_are(book, tmp_path):
    for version in (0, 4, -1):
        with refused(f"there is no version {version}; there are 1, 2, 3", f"没有版本 {version}"):
            approve(book, version, "Wang Fang", day(5), "agreed", NOW)
    with refused("submit one with arrears strategy submit"):
        approve(store.book_for_load(tmp_path / "new"), 1, "Wang Fang", day(5), "agreed", NOW)


def test_the_number_of_an_approved_version_is_not_given_again(book):
    approve(book, 3, "Wang Fang", day(5), "agreed", NOW)
    store.remove_folder(book.strategy_folder(3))
    assert submit(book, text_of(3), "Li Wei", "again", NOW) == 4


def test_nothing_is_approved_while_a_night_runs(book):
    with locked(book, "night", alone=True):
        for work in (lambda: approve(book, 1, "Wang Fang", day(5), "agreed", NOW), lambda: rollback(book, "Wang Fang", "odd", day(5), NOW)):
            with refused("a night is running on this book; nothing was changed"):
                work()
        assert submit(book, text_of(7), "Li Wei", "idea", NOW) == 4, "but an idea may be put down"
    assert entries_of(book) == []


def test_a_book_that_cannot_be_written_to_is_refused_in_a_sentence(book):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    book.strategies.chmod(0o500)
    with refused("cannot be written to", "请开放写权限"):
        submit(book, text_of(7), "Li Wei", "idea", NOW)
    book.strategies.chmod(0o700)


MAIN = """
import json, os, signal, sys
from datetime import date
from pathlib import Path
from arrears import store, strategy_register
from arrears.strategy_register import approve, rollback, submit
def counted(real, at, fatal):
    def step(*words, **more):
        at[0] += 1
        if at[0] == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*words, **more)
    return step
for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        print(os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1]), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        at, book = [0], store.book_at(Path(asked["book"]))
        os.replace, os.fsync, os.rename = (counted(real, at, asked["fatal"]) for real in (os.replace, os.fsync, os.rename))
        eval(asked["work"])
        os._exit(min(at[0], 100))
    print(pid, flush=True)
"""
"""A process that makes one more of itself for each piece of work; its exit status is how many steps of writing it took."""


class Processes:
    """Work in processes of their own, begun and waited for."""

    def __init__(self):
        self.first = subprocess.Popen([sys.executable, "-c", MAIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ))

    def begin(self, book: store.Book, work: str, fatal: int = 0) -> int:
        """The process that does the work; it kills itself at the fatal step of writing."""
        return self._asked({"book": str(book.root), "work": work, "fatal": fatal})

    def end(self, process: int) -> int:
        return self._asked({"wait": process})

    def _asked(self, what: dict) -> int:
        self.first.stdin.write(json.dumps(what) + "\n")
        self.first.stdin.flush()
        return int(self.first.stdout.readline())


@pytest.fixture(scope="module")
def processes():
    found = Processes()
    yield found
    found.first.stdin.close()
    found.first.wait(30)


def test_a_submission_killed_at_any_step_of_writing_leaves_a_whole_version_or_none(tmp_path, processes):
    book, seen = store.book_for_load(tmp_path / "book"), set()
    steps = processes.end(processes.begin(book, f"submit(book, {text_of(1)!r}, 'Li Wei', 'idea', 1)"))
    assert steps > 5
    for fatal in range(1, steps + 1):
        before, text = versions_of(book), text_of(100 + fatal)
        assert processes.end(processes.begin(book, f"submit(book, {text!r}, 'Li Wei', 'idea', 1)", fatal)) == -signal.SIGKILL, fatal
        kept = versions_of(book)
        assert kept in (before, [*before, len(before) + 1]), fatal
        seen.add(len(kept) - len(before))
        assert all(read_version(book, number).by == "Li Wei" for number in kept)
        assert len(kept) == len(before) or read_version(book, kept[-1]).text == text
    assert seen == {0, 1}, "before the folder takes its name there is none, after it the version is whole"
    last = submit(book, text_of(7), "Li Wei", "idea", NOW)
    assert versions_of(book) == list(range(1, last + 1)) and sorted(path.name for path in book.strategies.iterdir()) == [f"{one:04d}" for one in versions_of(book)]


@pytest.mark.parametrize("work", ["approve(book, 2, 'Wang Fang', date(2026, 11, 9), 'agreed', 1)", "rollback(book, 'Wang Fang', 'odd', date(2026, 11, 9), 1)"])
def test_an_entry_killed_at_any_step_of_writing_stands_or_does_not_and_the_list_stays_whole(book, tmp_path, processes, work):
    approve(book, 1, "Wang Fang", day(1), "agreed", NOW)
    before, seen = book.approvals_path.read_bytes(), set()
    steps = processes.end(processes.begin(book, work))
    whole = book.approvals_path.read_bytes()
    assert steps >= 3 and whole != before
    for fatal in range(1, steps + 1):
        book.approvals_path.write_bytes(before)
        assert processes.end(processes.begin(book, work, fatal)) == -signal.SIGKILL
        assert book.approvals_path.read_bytes() in (before, whole), fatal
        seen.add(len(entries_of(book)))
    assert seen == {1, 2}


def test_what_two_processes_do_at_once_is_both_kept(book, processes):
    begun = [processes.begin(book, f"approve(book, {number}, 'P{number}', date(2026, 12, {number}), 'agreed', 1)") for number in (1, 2, 3)]
    begun += [processes.begin(book, f"submit(book, {text_of(200 + number)!r}, 'P{number}', 'idea', 1)") for number in (1, 2, 3)]
    assert all(processes.end(process) > 0 for process in begun)
    assert sorted((entry.version, entry.by) for entry in entries_of(book)) == [(1, "P1"), (2, "P2"), (3, "P3")]
    assert versions_of(book) == [1, 2, 3, 4, 5, 6] and sorted(read_version(book, number).by for number in (4, 5, 6)) == ["P1", "P2", "P3"]


def test_what_is_written_is_the_same_bytes_for_the_same_words(tmp_path):
    books = []
    for name in ("one", "two"):
        book = book_with(tmp_path / name, 2)
        approve(book, 1, "Wang Fang", day(1), "agreed", NOW)
        rollback(book, "Wang Fang", "odd", day(2), NOW)
        books.append({path.name: path.read_bytes() for path in sorted(book.strategies.rglob("*")) if path.is_file()})
    assert books[0] == books[1]
    assert json.loads(books[0]["approvals.json"])["entries"][0] == {
        "action": "approve", "version": 1, "digest": strategy_register.read_version(book, 1).digest, "from": "2026-11-02", "at": "2026-09-21T14:13:20+00:00", "by": "Wang Fang", "why": "agreed"}
