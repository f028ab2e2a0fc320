"""Pseudonyms: the keyed hash against Python's own HMAC, the key's file, and what a mask shows."""

import hmac
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.ingest import pseudonyms
from arrears.ingest.pseudonyms import Pseudonyms, key_place, masked, normal_form, opened
from arrears.refusal import Refused

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
ids = st.text(st.characters(codec="utf-8"), max_size=24)


def series(texts):
    return pl.Series("id", texts, pl.String)


@given(st.lists(st.none() | ids, max_size=20))
def test_each_pseudonym_is_the_hmac_of_the_normal_form_whatever_stands_beside_it(texts):
    found = Pseudonyms(KEY).of(series(texts))
    normal = normal_form(series(texts)).to_list()
    is_marked = series(texts).str.contains(r"^\s*#[0-9a-f]{32}\s*$").fill_null(False)
    for text, pseudonym, marked in zip(normal, found, is_marked, strict=True):
        if not marked:
            assert pseudonym == (None if text is None else hmac.new(KEY, text.encode(), "sha256").hexdigest()[:32])
    assert found.name == "id" and found.dtype == pl.String


@given(st.lists(ids, min_size=1, max_size=8))
def test_equal_ids_have_equal_pseudonyms_in_any_batch_and_another_key_gives_others(texts):
    one = Pseudonyms(KEY)
    first = one.of(series(texts)).to_list()
    assert one.of(series(texts[::-1])).to_list()[::-1] == first == Pseudonyms(KEY).of(series(texts)).to_list()
    others = Pseudonyms(OTHER).of(series(texts)).to_list()
    assert all(a is None or a != b for a, b in zip(first, others, strict=True))
    assert one.fingerprint != Pseudonyms(OTHER).fingerprint and one.fingerprint not in "".join(filter(None, first))


def test_one_number_typed_in_many_ways_is_one_person():
    typed = ["11010119900307123X", "11010119900307123x", " 11010119900307123X\t", "'11010119900307123x", "１１０１０１１９９００３０７１２３Ｘ",
             "\u300011010119900307123Ｘ\ufeff", "’11010119900307123X"]
    assert Pseudonyms(KEY).of(series(typed)).n_unique() == 1
    assert Pseudonyms(KEY).of(series(["110101900307123", "110101900307124"])).n_unique() == 2


def test_nothing_is_nobody():
    assert Pseudonyms(KEY).of(series([None, "", "  ", "'", "\u3000"])).to_list() == [None] * 5
    assert Pseudonyms(KEY).of(series([])).to_list() == []


def test_a_pseudonym_shown_in_quarantine_comes_back_as_itself():
    one = Pseudonyms(KEY)
    shown = "#" + one.of(series(["13800000000"]))[0]
    assert one.of(series([shown, f" {shown} ", shown.upper(), shown[:-1]])).to_list()[:2] == [shown[1:]] * 2
    assert one.of(series([shown.upper(), shown[:-1]])).is_in([shown[1:]]).any() is False


def test_more_ids_than_are_remembered_are_hashed_alike():
    many = series([str(number) for number in range(pseudonyms._CACHED + 5)])
    one = Pseudonyms(KEY)
    whole = one.of(many)
    assert whole.equals(pl.concat([one.of(many[:200_000]), one.of(many[200_000:])])) and len(one._met) <= pseudonyms._CACHED
    assert whole.n_unique() == len(many)


@given(st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=1, max_size=30), st.booleans())
def test_a_mask_keeps_the_length_and_never_shows_the_whole(text, only_first):
    (found,) = masked(series([text]), only_first=only_first)
    hidden = [place for place, (a, b) in enumerate(zip(text, found, strict=True)) if b == "*" and a != "*"]
    kept = 5 if len(text) >= 8 and not only_first else min(len(text) - 1, 1)
    assert len(hidden) == len(text) - kept and len(hidden) >= 1
    assert all(a == b for place, (a, b) in enumerate(zip(text, found, strict=True)) if place not in hidden)


def test_masks_of_the_usual_columns():
    assert masked(series(["13812345678", "110101199003071234", "6222020200112233", None, "", "1234567"])).to_list() == [
        "138******78", "110*************34", "622***********33", None, "", "1******"]
    assert masked(series(["李小明", "Alexandra Smith"]), only_first=True).to_list() == ["李**", "A" + "*" * 14]


def test_the_key_is_made_once_beside_the_book_and_only_its_owner_may_read_it(tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    first, place, created = opened(book)
    assert created and place == key_place(book) == tmp_path / "book.key"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    comment, key = place.read_text(encoding="utf-8").splitlines()
    assert comment.startswith("# ") and re.fullmatch("[0-9a-f]{64}", key)
    again, _, created = opened(book, fingerprint=first.fingerprint)
    assert not created and again.fingerprint == first.fingerprint == Pseudonyms(bytes.fromhex(key)).fingerprint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book", "book.key"]


def test_two_first_loads_at_once_get_one_key(tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: opened(book), range(8)))
    assert len({one.fingerprint for one, _, _ in found}) == 1 and sum(created for *_, created in found) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book", "book.key"]


def refusal(*given, **named) -> str:
    with pytest.raises(Refused) as refused:
        opened(*given, **named)
    assert refused.value.zh
    return refused.value.en


def test_a_key_within_the_book_is_refused_also_through_a_link(tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    (tmp_path / "link").symlink_to(book)
    assert "lies in the book's folder" in refusal(book, book / "my.key")
    assert "lies in the book's folder" in refusal(book, tmp_path / "link" / "my.key")
    assert "lies in the book's folder" in refusal(tmp_path / "link", book / "loads" / "my.key")
    assert list(book.iterdir()) == []


def test_another_key_and_a_missing_key_are_refused_and_none_is_made_in_its_place(tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    first, place, _ = opened(book)
    assert opened(book, tmp_path / "named.key")[2]
    assert "another key than the book's" in refusal(book, tmp_path / "named.key", first.fingerprint)
    place.unlink()
    assert "no such file" in refusal(book, fingerprint=first.fingerprint)
    assert not place.exists()
    assert "cannot be created" in refusal(book, tmp_path / "none" / "x.key")


@pytest.mark.parametrize("content", ["", "# only a comment\n", "abc\n", "00" * 31, "00" * 32 + "\n" + "11" * 32, "zz" * 32, "密钥"])
def test_a_damaged_key_is_refused(tmp_path, content):
    (tmp_path / "book").mkdir()
    (tmp_path / "book.key").write_text(content, encoding="utf-8")
    os.chmod(tmp_path / "book.key", 0o600)
    assert "not a key of pseudonyms" in refusal(tmp_path / "book")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o622])
def test_a_key_that_others_may_read_or_write_is_refused_with_the_command_that_mends_it(tmp_path, mode):
    (tmp_path / "book").mkdir()
    _, place, _ = opened(tmp_path / "book")
    os.chmod(place, mode)
    assert f"chmod 600 {place}" in refusal(tmp_path / "book")
