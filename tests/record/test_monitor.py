"""The monitor: every byte of a log's folder that is changed, cut or gone is found, named and told once, and over when it is mended; so are backlog, clock, witnesses and rewritten histories."""

import base64
import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.record import monitor
from arrears.record.limits import Limits, read_limits
from arrears.record.monitor import Finding, Place, Waiting, last_cosignatures, look, read_place, standing, tell
from arrears.record.notes import COSIGNATURE, VerifierKey
from arrears.record.places import Places, places_of
from arrears.record.rereading import tiles_of
from arrears.record.settings import Witness
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml
from record.grown_log import PlainLog

NOW = 1_800_000_000_000_000
SECOND, HOUR = 1_000_000, 3_600_000_000
FEW, NOTHING = Limits(tiles_a_round=20), Waiting()


@pytest.fixture(scope="module")
def grown(tmp_path_factory) -> Path:
    """A home whose log grew by several checkpoints to 66,000 entries: three levels of tiles."""
    home = tmp_path_factory.mktemp("grown")
    log = PlainLog(places_of(home).log)
    for size in (1, 200, 300, 65_600, 66_000):
        log.publish(size)
    return home


@pytest.fixture
def home(grown, tmp_path) -> Path:
    shutil.copytree(grown, tmp_path / "home")
    return tmp_path / "home"


def rounds(home: Path, *, now: int = NOW, chosen: Limits = FEW, waiting: Waiting = NOTHING, **more):
    return look(places_of(home), now, chosen, waiting, **more)


def keys(findings) -> set[str]:
    return {one.key for one in findings}


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 600])
def test_a_whole_log_of_any_size_has_nothing_wrong(tmp_path, size):
    log = PlainLog(places_of(tmp_path).log)
    for each in sorted({1, size // 2 or 1, size}):
        log.publish(each)
        assert rounds(tmp_path).standing == ()
    assert not places_of(tmp_path).alerts.exists()


def test_a_round_reads_a_bounded_piece_and_the_rounds_together_read_everything(home):
    few, count, looked = Limits(tiles_a_round=7), 0, 0
    while read_place(places_of(home)).rounds == 0:
        done = rounds(home, now=NOW + count * SECOND, chosen=few)
        count, looked = count + 1, looked + done.tiles
        assert done.tiles == 7 and done.standing == ()
    every = tiles_of(66_000)
    assert every == 258 + 2 + 1 and every <= looked < every + 7
    assert read_place(places_of(home)).swept_at == NOW + (count - 1) * SECOND


FILES = {
    "an entry": ("tile/entries/017", "tile:-1:17"), "an entry of the last": ("tile/entries/257.p/208", "tile:-1:257"), "a leaf hash": ("tile/0/017", "tile:0:17"),
    "a leaf hash of the last": ("tile/0/257.p/208", "tile:0:257"), "a hash above": ("tile/1/000", "tile:1:0"), "a hash of the last above": ("tile/1/001.p/1", "tile:1:1"), "the highest": ("tile/2/000.p/1", "tile:2:0"),
    "checkpoint": ("checkpoint", "checkpoint"), "history": ("checkpoints", "history"), "keys": ("keys", "keys"),
}


@pytest.mark.parametrize("what", ["flipped", "cut", "longer", "gone"])
@pytest.mark.parametrize("name", FILES)
def test_a_changed_cut_or_missing_file_is_named_told_once_and_over_when_it_is_mended(home, name, what):
    path, key = FILES[name]
    file = places_of(home).log / path
    was = file.read_bytes()
    assert rounds(home).standing == ()
    place = min(40, len(was) - 1)
    {"flipped": lambda: file.write_bytes(was[:place] + bytes([was[place] ^ 4]) + was[place + 1:]), "cut": lambda: file.write_bytes(was[:-3]), "longer": lambda: file.write_bytes(was + b"x"), "gone": file.unlink}[what]()
    found = rounds(home, whole=True)
    if what == "longer" and name in ("history", "keys"):
        assert found.raised == (), "a line that a killed writer left half was taken for damage"
        return
    assert key in keys(found.raised), (found.raised, key)
    told = next(one for one in found.raised if one.key == key)
    assert path in told.en and path in told.zh and told.provable_en and told.provable_zh
    assert keys(found.raised) == {key}, "a whole file was blamed"
    again = rounds(home, now=NOW + SECOND)
    assert keys(again.standing) == keys(found.standing) and again.raised == ()
    file.write_bytes(was)
    mended = rounds(home, now=NOW + 2 * SECOND)
    assert mended.standing == () and keys(mended.cleared) == keys(found.standing)
    lines = [json.loads(line) for line in places_of(home).alerts.read_text(encoding="utf-8").splitlines()]
    assert [line["state"] for line in lines] == ["raised"] * len(found.raised) + ["cleared"] * len(found.raised)


@given(st.data())
@settings(max_examples=1000 if os.environ.get("ARREARS_LONG_FAULTS") == "1" else 40)
def test_one_flipped_bit_anywhere_in_the_tiles_is_found_and_only_its_file_is_blamed(grown, tmp_path_factory, data):
    log = places_of(grown).log
    files = sorted(path for path in (log / "tile").rglob("*") if path.is_file())
    file = data.draw(st.sampled_from(files))
    was = file.read_bytes()
    place, bit = data.draw(st.integers(0, len(was) - 1)), data.draw(st.integers(0, 7))
    alerts = tmp_path_factory.mktemp("alerts") / "record" / "alerts.jsonl"
    try:
        file.write_bytes(was[:place] + bytes([was[place] ^ 1 << bit]) + was[place + 1:])
        found = look(Places(log, log, alerts), NOW, Limits(), Waiting(), whole=True)
    finally:
        file.write_bytes(was)
    named = file.relative_to(log).as_posix()
    assert [one.en.split(" ")[0] for one in found.raised] == [named], found.raised


def test_entry_and_leaf_hash_changed_together_do_not_pass(home):
    log = places_of(home).log
    entries, hashes = log / "tile/entries/003", log / "tile/0/003"
    forged = entries.read_bytes()[:2] + bytes(32) + entries.read_bytes()[34:]
    entries.write_bytes(forged)
    hashes.write_bytes(hashlib.sha256(b"\0" + bytes(32)).digest() + hashes.read_bytes()[32:])
    assert keys(rounds(home, whole=True).raised) == {"tile:-1:3", "tile:0:3"}


def test_a_partial_tile_of_an_earlier_checkpoint_is_read_again_too(tmp_path):
    log = PlainLog(places_of(tmp_path).log)
    log.publish(10)
    log.publish(20)
    older = places_of(tmp_path).log / "tile/0/000.p/10"
    was = older.read_bytes()
    older.write_bytes(was[:-1] + bytes([was[-1] ^ 1]))
    assert keys(rounds(tmp_path).raised) == {"tile:0:0:10"}
    newest = older.with_name("20")
    whole = newest.read_bytes()
    older.write_bytes(was)
    newest.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    assert keys(rounds(tmp_path, now=NOW + 1).standing) == {"tile:0:0"}, "the older one was blamed for the newer one"
    newest.write_bytes(whole)
    older.unlink()
    assert [keys(rounds(tmp_path, now=NOW + number).standing) for number in (2, 3, 4)] == [{"tile:0:0:10"}] * 3
    older.write_bytes(was)
    assert rounds(tmp_path, now=NOW + 2).standing == ()


def test_a_log_that_grew_is_followed_and_an_older_one_is_not(tmp_path):
    log = PlainLog(places_of(tmp_path).log)
    log.publish(100)
    assert rounds(tmp_path).standing == ()
    older = tmp_path / "older"
    shutil.copytree(log.folder, older)
    log.publish(300)
    assert rounds(tmp_path, now=NOW + 1).standing == () and read_place(places_of(tmp_path)).size == 300
    newer = tmp_path / "newer"
    os.replace(log.folder, newer)
    shutil.copytree(older, log.folder)
    found = rounds(tmp_path, now=NOW + 2)
    assert keys(found.standing) == {"checkpoint"} and "older state" in found.raised[0].en and "witnesses" in found.raised[0].provable_en
    shutil.rmtree(log.folder)
    os.replace(newer, log.folder)
    assert rounds(tmp_path, now=NOW + 4).standing == ()


def test_another_root_of_as_many_entries_and_a_history_that_is_not_continued_are_told_apart(tmp_path):
    log = PlainLog(places_of(tmp_path).log)
    log.publish(100)
    place = tmp_path / "record" / "monitor.json"
    rounds(tmp_path)
    said = json.loads(place.read_text())
    place.write_text(json.dumps({**said, "root": "00" * 32}))
    assert "another root" in rounds(tmp_path).raised[0].en
    log.publish(120)
    again = rounds(tmp_path, now=NOW + 1)
    assert keys(again.standing) == {"checkpoint"} and read_place(places_of(tmp_path)).size == 100
    places_of(tmp_path).alerts.unlink()
    assert "does not continue" in rounds(tmp_path, now=NOW + 2).raised[0].en


@pytest.mark.parametrize("path", ["notes.txt", "tile/notes.txt", "tile/0/017~", "tile/entries/017.bak", "tile/entries/257.p/256", "stamps/readme", "anchors/1-a.json", "tile/9/000", "old/checkpoint"])
def test_what_is_laid_into_the_folder_and_is_no_part_of_the_log_is_named_until_it_is_moved_away(home, path):
    log, count = places_of(home).log, 0
    while read_place(places_of(home)).rounds == 0:
        assert rounds(home).standing == (), "a whole log has a stray"
    (log / path).parent.mkdir(parents=True, exist_ok=True)
    (log / path).write_text("mine")
    while not (found := rounds(home, now=NOW + count).raised) and count < 20:
        count += 1
    named = path if path not in ("tile/9/000", "old/checkpoint") else path.rpartition("/")[0]
    assert [one.en.split(":")[0] for one in found] == [named] and found[0].kind == "stray" and "move it away" in found[0].en and "移走" in found[0].zh
    assert rounds(home, now=NOW + 20).raised == () and keys(rounds(home, now=NOW + 21, whole=True).standing) == {f"stray:{named}"}
    shutil.rmtree(log / named) if (log / named).is_dir() else (log / named).unlink()
    assert rounds(home, now=NOW + 22).standing == ()


def test_what_a_killed_writer_left_is_no_stray(home):
    (places_of(home).log / "tile/0/300.tmp-12").write_text("half")
    (places_of(home).log / "checkpoint.tmp-1").write_text("half")
    assert rounds(home, whole=True).standing == ()


def test_where_entries_and_their_hashes_are_both_gone_nothing_more_is_promised_than_is_true(home):
    log = places_of(home).log
    (log / "tile/entries/003").unlink()
    assert "Every entry can still be proven" in rounds(home, whole=True).raised[0].provable_en
    (log / "tile/0/003").unlink()
    later = rounds(home, now=NOW + 1, whole=True)
    assert keys(later.raised) == {"tile:-1:3", "tile:0:3"}, "what was said before is not true any more"
    for one in standing(places_of(home)).values():
        assert "Entries 768 to 1,023 cannot be proven" in one.provable_en and "无法凭日志文件证明" in one.provable_zh
    assert rounds(home, now=NOW + 2, whole=True).raised == ()


HISTORIES = {
    "two exchanged": (lambda lines: [lines[1], lines[0], *lines[2:]], "never shrinks"), "the last cut off": (lambda lines: lines[:-1], "cut off"), "half a line": (lambda lines: [*lines[:-1], lines[-1][:50]], "no whole checkpoint"),
    "spaces in it": (lambda lines: [" " + lines[0], *lines[1:]], "no whole checkpoint"),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_that_was_changed_is_told_in_words(home, name):
    change, words = HISTORIES[name]
    path = places_of(home).log / "checkpoints"
    was = path.read_text(encoding="utf-8")
    path.write_text("".join(change(was.splitlines(keepends=True))), encoding="utf-8")
    found = rounds(home)
    assert keys(found.standing) == {"history"} and words in found.standing[0].en
    path.write_text(was, encoding="utf-8")
    assert rounds(home, now=NOW + 1).standing == ()


def test_a_long_history_is_followed_a_piece_a_round_also_where_lines_come_in_between(tmp_path, monkeypatch):
    monkeypatch.setattr(monitor, "_HISTORY_A_ROUND", 4)
    log = PlainLog(places_of(tmp_path).log)
    for size in range(1, 12):
        log.publish(size)
    path = log.folder / "checkpoints"
    starts = [read_place(places_of(tmp_path)).history for _ in range(5) if rounds(tmp_path).standing == ()]
    assert starts[0] and starts[0] < starts[1] and starts[2] == 0 and starts[3] == starts[0], starts
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    late = json.dumps(json.loads(lines[1]) + "— w.example " + base64.b64encode(bytes(76)).decode() + "\n", ensure_ascii=False) + "\n"
    path.write_text("".join([*lines[:2], late, *lines[2:]]), encoding="utf-8")
    assert [rounds(tmp_path, now=NOW + number).standing for number in range(6)] == [()] * 6
    path.write_text("".join(lines[:9] + [lines[3]] + lines[9:]), encoding="utf-8")
    assert any(keys(rounds(tmp_path, now=NOW + number).standing) == {"history"} for number in range(6))


def test_a_backlog_older_than_the_limit_is_told_until_it_is_integrated(home):
    chosen = Limits(backlog_minutes=10)
    assert rounds(home, chosen=chosen, waiting=Waiting(5, NOW - 600 * SECOND)).standing == ()
    late = rounds(home, now=NOW + SECOND, chosen=chosen, waiting=Waiting(5, NOW - 600 * SECOND))
    assert keys(late.raised) == {"backlog"} and "5 entries" in late.raised[0].en and "5 条" in late.raised[0].zh
    assert keys(rounds(home, now=NOW + 2 * SECOND).cleared) == {"backlog"}


def test_a_clock_that_goes_back_is_told_until_it_is_where_it_was(home):
    rounds(home)
    assert rounds(home, now=NOW - 5 * SECOND).standing == ()
    assert keys(rounds(home, now=NOW - 6 * SECOND).raised) == {"clock"}
    assert keys(rounds(home, now=NOW - HOUR).standing) == {"clock"}
    assert keys(rounds(home, now=NOW).cleared) == {"clock"}


def cosigned(log: PlainLog, size: int, seconds: int) -> Witness:
    """The history gets the newest checkpoint again with the line of a witness, whose signature the monitor does not judge."""
    key = VerifierKey("w.example", COSIGNATURE, bytes(32))
    log.publish(size, f"— w.example {base64.b64encode(key.key_id + seconds.to_bytes(8, 'big') + bytes(64)).decode()}\n")
    return Witness((key,))


def test_a_witness_that_falls_silent_is_told_and_one_with_nothing_to_do_is_not(tmp_path):
    log = PlainLog(places_of(tmp_path).log)
    both = (cosigned(log, 10, NOW // SECOND), Witness((VerifierKey("never.example", COSIGNATURE, bytes(32)),)))
    assert last_cosignatures(places_of(tmp_path), both) == {"w.example": (10, NOW)}
    assert rounds(tmp_path, witnesses=both).standing == ()
    assert keys(rounds(tmp_path, now=NOW + 25 * HOUR, witnesses=both).standing) == {"witness:never.example"}
    log.publish(20)
    silent = rounds(tmp_path, now=NOW + 25 * HOUR + 1, witnesses=both)
    assert keys(silent.standing) == {"witness:never.example", "witness:w.example"} and "10 of 20 entries" in silent.raised[0].en
    cosigned(log, 20, NOW // SECOND + 25 * 3600)
    assert keys(rounds(tmp_path, now=NOW + 25 * HOUR + 2, witnesses=both).cleared) == {"witness:w.example"}


def test_a_witness_whose_moments_have_not_come_yet_makes_one_of_the_clocks_wrong(tmp_path):
    witness = cosigned(PlainLog(places_of(tmp_path).log), 10, NOW // SECOND + 3600)
    assert keys(rounds(tmp_path, witnesses=(witness,)).raised) == {"ahead:w.example"}


def test_what_others_report_stands_until_they_say_that_it_is_over(home):
    fork = Finding("fork:w.example", "fork", "refused", "拒绝", "older", "此前")
    assert keys(rounds(home, reported=(fork,)).raised) == {"fork:w.example"}
    assert keys(rounds(home, now=NOW + 1).standing) == {"fork:w.example"}
    assert tell(places_of(home), (fork,), NOW) == ()
    assert keys(rounds(home, now=NOW + 2, settled={"fork:w.example"}).cleared) == {"fork:w.example"}


def test_a_torn_alert_a_damaged_place_and_an_empty_home_stop_nothing(home, tmp_path):
    alerts, place = places_of(home).alerts, places_of(home).alerts.with_name("monitor.json")
    rounds(home, waiting=Waiting(1, 0))
    alerts.write_bytes(alerts.read_bytes() + b'{"at": "2026-')
    place.write_bytes(b"{half")
    assert keys(standing(places_of(home)).values()) == {"backlog"} and read_place(places_of(home)) == Place()
    assert keys(rounds(home, now=NOW + 1).cleared) == {"backlog"} and standing(places_of(home)) == {}
    empty = tmp_path / "empty"
    empty.mkdir()
    assert rounds(empty).standing == ()


@pytest.mark.parametrize("text, word", [("record_watch: {backlog_minutes: '0'}", "backlog_minutes"), ("record_watch: {colour: red}", "colour"), ("record_watch: [a]", "mapping"), ("record_watch: {witness_hours: many}", "witness_hours")])
def test_limits_that_cannot_be_meant_are_refused(tmp_path, text, word):
    (tmp_path / "settings.yaml").write_text(text + "\n", encoding="utf-8")
    with pytest.raises((Refused, BadYaml), match=word):
        read_limits(tmp_path)


def test_limits_are_the_defaults_or_what_is_said(tmp_path):
    assert read_limits(tmp_path) == Limits()
    (tmp_path / "settings.yaml").write_text("record_watch: {backlog_minutes: 3}\n", encoding="utf-8")
    assert read_limits(tmp_path) == replace(Limits(), backlog_minutes=3)
