"""What the user gives is matched to the mapping's sources; what feeds nothing, and what nothing feeds, is said."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from arrears.ingest.draft import draft
from arrears.ingest.sources import find_sources, open_file
from arrears.refusal import Refused
from plain_books import arrears


@dataclass(frozen=True)
class _SourceMap:
    name: str
    files: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    header: tuple[int, ...] = (1,)
    encoding: str | None = None
    delimiter: str | None = None
    query: str | None = None


def _mapping(*sources):
    return SimpleNamespace(name="lender.yaml", sources=sources)


@pytest.fixture
def folder(tmp_path):
    for name in ("loans_2.csv", "loans_1.csv", "payments.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    (tmp_path / "readme.md").write_text("not a table")
    (tmp_path / "~$book.xlsx").write_text("a lock of Excel")
    return tmp_path


def test_files_feed_their_sources_in_the_mappings_order_and_by_name(folder):
    payments, loans = _SourceMap("payments", ("pay*.csv",)), _SourceMap("loans", ("loan*.csv",))
    pairs = find_sources([str(folder)], _mapping(payments, loans))
    assert [(source.name, found.name) for source, found in pairs] == [
        ("payments", "payments.csv"),
        ("loans", "loans_1.csv"),
        ("loans", "loans_2.csv"),
    ]


def test_a_source_without_names_takes_what_no_other_names(folder):
    rest, loans = _SourceMap("rest"), _SourceMap("loans", ("loan*.csv",))
    pairs = find_sources([str(folder / "*.csv")], _mapping(rest, loans))
    assert [(source.name, found.name) for source, found in pairs][0] == ("rest", "payments.csv")


def test_one_file_may_feed_two_sources_and_is_taken_once_where_given_twice(folder):
    one, two = _SourceMap("one"), _SourceMap("two")
    path = folder / "payments.csv"
    pairs = find_sources([str(path), str(folder / "." / "payments.csv")], _mapping(one, two))
    assert [(source.name, found.name) for source, found in pairs] == [("one", "payments.csv"), ("two", "payments.csv")]


def test_files_of_one_name_are_told_apart(folder):
    (folder / "b").mkdir()
    (folder / "b" / "payments.csv").write_text("a,b\n1,2\n")
    pairs = find_sources([str(folder / "payments.csv"), str(folder / "b")], _mapping(_SourceMap("payments")))
    assert sorted(found.name for _, found in pairs) == ["payments.csv", "payments.csv (2)"]


def test_a_file_no_source_takes_is_refused(folder):
    with pytest.raises(Refused) as refused:
        find_sources([str(folder)], _mapping(_SourceMap("loans", ("loan*.csv",))))
    assert refused.value.en == (
        "payments.csv: no source of the mapping lender.yaml takes it; say which one does in `files`, or do not give it"
    )
    assert refused.value.zh.startswith("payments.csv：映射“lender.yaml”中没有来源使用它")


def test_a_source_may_have_nothing_on_a_day(folder):
    mapping = _mapping(_SourceMap("rest"), _SourceMap("plans", ("plan*.csv",)), _SourceMap("paid", query="SELECT 1"))
    assert {source.name for source, _ in find_sources([str(folder)], mapping)} == {"rest"}


def test_a_database_no_source_asks_is_refused_without_its_password(folder):
    with pytest.raises(Refused) as refused:
        find_sources([str(folder), "postgresql://clerk:s3cret@host/book"], _mapping(_SourceMap("rest")))
    assert refused.value.en.startswith("postgresql://host/book: no source of the mapping lender.yaml takes it")
    assert "s3cret" not in refused.value.en + refused.value.zh


def test_what_a_folder_holds_beside_its_tables_is_named_once(folder):
    for name in ("a.csv.gz", "p4.dat", "p7.csv.part", "x\ny.doc"):
        (folder / name).write_text("?")
    (folder / "sub.csv").mkdir()
    one, two = _SourceMap("one"), _SourceMap("two")
    notes = [note for _, found in find_sources([str(folder), str(folder)], _mapping(one, two)) for note in found.notes]
    named = "a.csv.gz, p4.dat, p7.csv.part, readme.md, sub.csv/"
    assert notes == [(
        f"in the folder {folder.name}, not read: {named} and 1 more; name each of them that holds records",
        f"文件夹“{folder.name}”中没有读取：{named.replace(', ', '、')}等 6 个；其中若有记录，请逐个列出",
    )]
    ((_, found),) = find_sources([str(folder / "payments.csv")], _mapping(one))
    assert found.notes == []


def test_a_draft_names_what_a_folder_holds_beside_its_tables(folder):
    assert f"in the folder {folder.name}, not read: readme.md" in draft([str(folder)]).text
    (folder / "a.csv").write_text("借据号,放款金额,放款日期\nL1,100,2026-01-01\n")
    assert f"文件夹“{folder.name}”中没有读取：readme.md" in draft([str(folder)]).text


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_not_the_folder_one_stands_in(name):
    for read in (lambda: find_sources([name], _mapping(_SourceMap("rest"))), lambda: draft([name])):
        with pytest.raises(Refused, match="there is no such file or folder"):
            read()


@pytest.mark.parametrize("command", [
    ("ingest", "{long}", "--mapping", "m.yaml", "--book", "b"), ("map", "{long}", "--out", "m.yaml"), ("map", "a.csv", "--out", "{long}"),
    ("map", "sqlite:///{long}", "--out", "m.yaml"), ("ingest", "a.csv", "--mapping", "m.yaml", "--book", "{long}"), ("book", "{long}"),
])
@pytest.mark.parametrize("name", ["x" * 300, "借" * 90 + ".csv"], ids=["letters", "bytes"])
def test_a_name_longer_than_any_files_is_refused_in_words(tmp_path, monkeypatch, command, name):
    monkeypatch.chdir(tmp_path)
    if command[0] != "map":
        Path("m.yaml").write_text("mapping: x\nsources: [{source: s, tables: {promises: as_is}}]\n")
    Path("a.csv").write_text("promise_id\n1\n")
    ran = arrears(*(word.format(long=name) for word in command), "--lang", "en")
    assert ran.status == 2 and ("the name is longer than any file's can be" in ran.error or "File name too long" in ran.error), ran


@pytest.mark.parametrize("share", ["nan", "sNaN", "inf", "-inf%", "-1%", "1e400", "%"])
def test_a_threshold_that_is_no_share_is_refused_in_words(share):
    ran = arrears("ingest", "a.csv", "--mapping", "m.yaml", "--book", "b", f"--threshold={share}", "--lang", "en")
    assert ran.status == 2 and f"--threshold {share} is no share; write it as 1% or 0.01, from 0 to 100%" in ran.error


def test_what_is_not_there_is_said(folder):
    with pytest.raises(Refused, match="none.csv: there is no such file or folder"):
        find_sources([str(folder / "none.csv")], _mapping(_SourceMap("rest")))
    (folder / "empty").mkdir()
    with pytest.raises(Refused, match="empty: there is no file in it that could be a table"):
        find_sources([str(folder / "empty")], _mapping(_SourceMap("rest")))
    with pytest.raises(Refused, match="none.csv: the file cannot be read"):
        open_file(folder / "none.csv")
