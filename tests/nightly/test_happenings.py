"""What happened in a book, as the record is told: everything once, the same whenever it is read, and nobody by name."""

import json
import shutil
from base64 import b64decode
from copy import copy
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785

import cases_book
from arrears import registry, store, strategy_register
from arrears.days import microseconds_of, read_moment
from arrears.nightly.happenings import happenings
from arrears.nightly.night_record import read_night_record
from arrears.record.happening import Happening
from arrears.refusal import Refused
from arrears.registry import Release
from arrears.strategy.reading import default_strategy_text
from gate_books import LENDER
from ingest.lender_files import Lender, payment_row
from plain_books import arrears

KNOWN_AT = "2026-05-01T02:00:00+08:00"
AT = microseconds_of(read_moment(KNOWN_AT))
PEOPLE = ("Li Wei", "Wang Fang", "because it is so")


def night(book: Path, day: str, *words: object, known_at: str = KNOWN_AT) -> None:
    ran = arrears("night", "--book", book, "--as-of", day, "--known-at", known_at, *words)
    assert ran.status == 0, ran.error


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Lender:
    """Three loads, the last of them taken back; a night before and after; two releases and a return; an approved strategy; and then a lender.yaml."""
    lender = Lender(tmp_path_factory.mktemp("happened"))
    lender.write_loans(3)
    assert lender.ingest().status == 0
    night(lender.book, "2026-03-31", known_at="2030-01-01T00:00:00Z")
    for number in (2, 3):
        assert lender.ingest(lender.write("payments", [payment_row(f"P9{number}", 1, amount="100.00")], f"payments{number}"), words=("--mode", "delta")).status == 0
    assert arrears("take-back", 3, "--book", lender.book).status == 0
    book = store.book_at(lender.book)
    for number, (action, version) in enumerate((("release", 1), ("release", 2), ("rollback", None)), start=1):
        registry.add_release(book, Release(action, "collection_cure", version, version and f"{version:064d}", f"2026-05-0{number}T00:00:00+00:00", PEOPLE[0], PEOPLE[2], "docs"))
    strategy_register.submit(book, default_strategy_text().replace('claimable: "<1000"', 'claimable: "<1001"'), PEOPLE[0], PEOPLE[2], AT)
    strategy_register.approve(book, 1, PEOPLE[1], date(2026, 4, 1), PEOPLE[2], AT)
    night(lender.book, "2026-04-30", known_at="2030-01-02T00:00:00Z")
    (lender.book / "lender.yaml").write_text(LENDER, encoding="utf-8")
    return lender


@pytest.fixture
def lender(made, tmp_path) -> Lender:
    """The same with a book of its own, which a test may change."""
    lender = copy(made)
    lender.book = Path(shutil.copytree(made.book, tmp_path / "own" / "book"))
    return lender


def by_kind(found: list[Happening], kind: str, start: str = "") -> list[Happening]:
    return [one for one in found if one.kind == kind and one.source.startswith(start)]


def test_everything_that_happened_is_told_once_and_the_same_whenever_it_is_read(lender, tmp_path):
    book = store.book_at(lender.book)
    found = happenings(book)
    assert len({one.source for one in found}) == len(found) and found == happenings(book) == sorted(found, key=lambda one: (one.at, one.source))
    assert happenings(store.book_at(Path(shutil.copytree(lender.book, tmp_path / "copy" / "book")))) == found
    ledger = json.loads((lender.book / "loads" / "ledger.json").read_bytes())["loads"]
    assert [(one.content["load"], one.content["action"], one.at) for one in by_kind(found, "load")] == sorted(
        [(one["id"], "load", one["moment"]) for one in ledger] + [(3, "taken_back", microseconds_of(read_moment(ledger[2]["taken_back_at"])))], key=lambda one: one[2])
    first = by_kind(found, "load")[0].content
    assert {one["digest"] for one in first["sources"]} == {sha256(path.read_bytes()).hexdigest() for path in lender.files.glob("*.csv") if not path.stem[-1].isdigit()}
    assert first["mapping_digest"] == sha256(lender.mapping.read_bytes()).hexdigest()
    assert {name: (about["read"], about["rows"]) for name, about in first["tables"].items()} == {"loans": (3, 3), "instalments": (12, 12), "payments": (3, 3)}
    for about in first["tables"].values():
        assert about["files"] == {name: sha256((lender.book / "loads" / "0001" / name).read_bytes()).hexdigest() for name in about["files"]} != {}
    assert [(one.content["action"], one.content["version"], one.content["model"]) for one in by_kind(found, "release_model")] == [
        ("release", 1, "collection_cure"), ("release", 2, "collection_cure"), ("rollback", None, "collection_cure")]
    (approved,) = by_kind(found, "release_strategy")
    assert (approved.content["action"], approved.content["version"], approved.content["from_on"], approved.at) == ("approve", 1, "2026-04-01", AT)
    assert approved.content["digest"] == sha256((lender.book / "strategies" / "0001" / "strategy.yaml").read_bytes()).hexdigest()
    nights = by_kind(found, "night")
    assert [one.content["as_of"] for one in nights] == ["2026-03-31", "2026-04-30"] and [one.content["loads"] for one in nights] == [[1], [1, 2]]
    for one in nights:
        record = (lender.book / "nights" / one.content["as_of"] / "record.json").read_bytes()
        assert one.source == f"night/{one.content['as_of']}/{sha256(record).hexdigest()}" and one.content["record_digest"] == sha256(record).hexdigest()
        assert one.content["rows"]["size"] == 3 and len(b64decode(one.content["rows"]["root"])) == 32
    assert nights[1].content["strategy_digest"] == approved.content["digest"] != nights[0].content["strategy_digest"]
    (law,) = by_kind(found, "law_pack")
    assert law.content["pack"] == "cn" and law.at == nights[0].at


def test_a_night_done_anew_is_told_beside_the_one_before_and_new_law_once(lender):
    book, before = store.book_at(lender.book), happenings(store.book_at(lender.book))
    night(lender.book, "2026-04-30", "--again", known_at="2030-01-03T00:00:00Z")
    night(lender.book, "2026-05-31", known_at="2030-01-04T00:00:00Z")
    found = happenings(book)
    new = [one for one in found if one not in before]
    assert [one for one in found if one in before] == before, "what was told stays as it was"
    assert sorted(one.kind for one in new) == ["law_pack", "night", "night"] and len(by_kind(found, "night", "night/2026-04-30/")) == 2
    (lender_law,) = by_kind(new, "law_pack")
    assert lender_law.content == {"pack": "lender", "digest": lender_law.content["digest"], "files": {"lender.yaml": sha256((lender.book / "lender.yaml").read_bytes()).hexdigest()}}
    night(lender.book, "2026-05-31", "--again", known_at="2030-01-04T00:00:00Z")
    assert happenings(book) == found, "done anew on the same inputs it is the same night"
    assert happenings(book, {one.source for one in before}) == new


def test_nobody_is_named_and_every_content_is_canonical_json_of_whole_numbers(lender):
    found = happenings(store.book_at(lender.book))
    text = json.dumps([one.content for one in found], ensure_ascii=False) + "".join(one.source for one in found)
    assert not [name for name in (*PEOPLE, "张三", "110101") if name in text]

    def parts(value):
        yield value
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from parts(part)

    for one in found:
        assert rfc8785.dumps(one.content) and all(isinstance(part, str | int | bool | None | dict | list) for part in parts(one.content))
        assert isinstance(one.at, int) and one.kind in ("night", "load", "release_model", "release_strategy", "law_pack")


def test_a_night_of_a_version_without_a_record_is_told_by_the_digests_of_its_files(lender):
    book = store.book_at(lender.book)
    folder = book.night(date(2026, 3, 31))
    told = next(one for one in happenings(book) if one.source.startswith("night/2026-03-31/"))
    shutil.rmtree(folder / "rows")
    (folder / "record.json").unlink()
    (old,) = by_kind(happenings(book), "night", "night/2026-03-31/")
    files = {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}
    assert old.content == {**told.content, "record_digest": None, "rows": None, "files": files} and old.at == told.at
    assert old.source == f"night/2026-03-31/run-{files['run.json']}"
    assert happenings(book, {old.source}) == [one for one in happenings(book) if one != old]


@pytest.mark.parametrize("name", ["nights/2026-04-30/record.json", "loads/ledger.json", "models/releases.json", "strategies/approvals.json"])
def test_what_cannot_be_read_is_refused_and_not_passed_over(lender, name):
    (lender.book / name).write_text("{", encoding="utf-8")
    with pytest.raises(Refused) as problem:
        happenings(store.book_at(lender.book))
    assert Path(name).name in problem.value.en and Path(name).name in problem.value.zh


def test_cases_shared_out_after_a_night_are_told(tmp_path):
    root = cases_book.copied(tmp_path)
    before = happenings(store.book_at(root))
    assert not by_kind(before, "night", "sharing/")
    (root / "roster.yaml").write_text(cases_book.LI_LEFT, encoding="utf-8")
    ran = arrears("cases", "share", "--book", root, "--as-of", cases_book.NIGHT, "--by", PEOPLE[1], "--why", PEOPLE[2], "--lang", "en")
    assert ran.status == 0, ran.error
    found = happenings(store.book_at(root))
    (new,) = (one for one in found if one not in before)
    folder = root / "allocation" / str(cases_book.NIGHT)
    assert new.source == f"sharing/{cases_book.NIGHT}/1/{sha256((folder / '0001.json').read_bytes()).hexdigest()}"
    assert new.content["digest"] == sha256((folder / "0001.parquet").read_bytes()).hexdigest() and new.content["moved"] > 0
    assert PEOPLE[1] not in json.dumps(new.content) and replace(new, content={}) == Happening(new.source, "night", new.at, {})
    (folder / "0001.json").write_text("{}", encoding="utf-8")
    with pytest.raises(Refused, match="cannot be recorded"):
        happenings(store.book_at(root))
    assert read_night_record(store.book_at(root).night(cases_book.NIGHT)).size > 300
