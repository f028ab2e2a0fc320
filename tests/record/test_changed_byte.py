"""Whatever is changed in a log's folder is found, and the file named; an unchanged log is true."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from arrears.record import verify
from arrears.record.append import Log
from arrears.record.signing_key import make_key
from record import plain_log as plain
from record.plain_log import LOG, NEXT, PlainLog, full_log, log_of

ASKED = verify.Asked(verify.read_vkey(LOG.vkey), [verify.read_vkey(plain.WITNESS.vkey), verify.read_vkey(plain.WITNESS_PQ.vkey)], [])


def accused(folder: Path, asked: verify.Asked = ASKED, seen: tuple[str, ...] = ()) -> set[str]:
    return {finding.file for finding in verify.check_log(str(folder), asked, list(seen)).findings}


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "lock")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    return full_log(tmp_path_factory.mktemp("plain") / "log").folder


@pytest.fixture
def folder(built, tmp_path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "log"))


def test_an_unchanged_log_is_true_and_everything_in_it_was_looked_at(built):
    report = verify.check_log(str(built), ASKED, [])
    assert (report.false_count, report.told) == (0, [])
    # Five sizes (0, 1, 5, 258, 270); tiles: entries and level 0 each full, 2 and 14 wide; level 1 one wide. Line 5 has one cosignature, line 8 one, line 9 two, and `checkpoint` two.
    assert report.checked == {"checkpoints": 8, "cosignatures": 6, "entries": 270, "files": 7, "roots": 5}
    assert len(files_of(built)) == 7 + 4


def every_flip_is_found(folder: Path, asked: verify.Asked, most: int, files: list[Path]) -> int:
    """Changes one byte at every place of each file, or at as many drawn places, and asserts that this file and no other is accused; how many were tried."""
    drawn, tried = random.Random(8), 0
    for path in files:
        right = path.read_bytes()
        name = path.relative_to(folder).as_posix()
        for place in range(len(right)) if len(right) <= most else sorted(drawn.sample(range(len(right)), most)):
            wrong = bytearray(right)
            wrong[place] ^= drawn.randrange(1, 256)
            path.write_bytes(wrong)
            assert accused(folder, asked) == {name}, f"{name}, byte {place}: {right[place]} became {wrong[place]}"
            tried += 1
        path.write_bytes(right)
    assert accused(folder, asked) == set()
    return tried


def test_a_byte_changed_anywhere_in_a_small_log_is_found_and_only_its_file_is_named(tmp_path):
    log = log_of(tmp_path / "log", 2)
    log.name_witnesses(plain.WITNESS)
    log.cosign(plain.WITNESS, when=1_790_000_000)
    log.rotate(NEXT)
    log.grow(plain.entries(2, 3))
    files = files_of(log.folder)
    assert every_flip_is_found(log.folder, verify.Asked(ASKED.key, [], []), 5000, files) == sum(path.stat().st_size for path in files) > 1500


def test_a_byte_changed_at_random_in_a_log_with_everything_in_it_is_found_and_only_its_file_is_named(folder):
    assert every_flip_is_found(folder, ASKED, 60, files_of(folder)) == 60 * 10 + 32


def test_the_entry_and_the_byte_of_a_change_are_named_and_what_is_still_provable(folder):
    path = folder / "tile/entries/000"
    raw = bytearray(path.read_bytes())
    raw[34 * 77 + 9] ^= 1
    path.write_bytes(raw)
    (finding,) = verify.check_log(str(folder), ASKED, []).findings
    assert (finding.entry, finding.offset) == (77, 34 * 77)
    assert "every entry remains provable" in finding.still_en
    assert "仍可证明每一条" in finding.still_zh


@pytest.mark.parametrize("change", ["deleted", "emptied", "cut by one", "cut in half", "one byte longer", "a link", "a folder", "doubled"])
def test_a_file_deleted_cut_or_exchanged_is_named(folder, change):
    for path in files_of(folder):
        right = path.read_bytes()
        path.unlink()
        if change == "a link":
            (folder.parent / "elsewhere").write_bytes(right)
            path.symlink_to(folder.parent / "elsewhere")
        elif change == "a folder":
            path.mkdir()
        elif change != "deleted":
            path.write_bytes({"emptied": b"", "cut by one": right[:-1], "cut in half": right[: len(right) // 2], "one byte longer": right + b"\n", "doubled": right + right}[change])
        assert path.relative_to(folder).as_posix() in accused(folder, verify.Asked(ASKED.key, [], [])), path
        path.rmdir() if change == "a folder" else path.unlink(missing_ok=True)
        path.write_bytes(right)
    assert accused(folder) == set()


@pytest.mark.parametrize("name", ["notes.txt", "tile/0/001.p/13", "tile/0/000.p/5x", "tile/0/x000/001", "tile/0/007", "tile/9/000.p/1", "tile/64/000.p/1", "tile/entries/002", "tile/0/x001/x000/000", "stamps/a.tsr",
                                  "stamps/5-0123456789abcdef.tsr", "anchors/x.json", "tile/0/0.p/1", "checkpoint.old", "tile/README"])
def test_a_file_that_is_no_part_of_the_log_is_named(folder, name):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(bytes(32))
    assert accused(folder) == {"tile/0/0.p" if name == "tile/0/0.p/1" else name}


def test_a_lock_with_something_in_it_is_no_lock(folder):
    (folder / "lock").write_bytes(b"x")
    assert accused(folder) == {"lock"}


def test_what_a_killed_writer_leaves_is_told_and_does_not_count_as_false(folder):
    (folder / "tile/0/001.tmp-1234").write_bytes(b"half")
    (folder / "lock").write_bytes(b"")
    tile = (folder / "tile/0/001.p/14").read_bytes()
    (folder / "tile/0/001.p/20").write_bytes(tile + bytes(6 * 32))
    report = verify.check_log(str(folder), ASKED, [])
    assert report.false_count == 0
    assert {file for file, _, _ in report.told} == {"tile/0/001.tmp-1234", "tile/0/001.p/20"}


def test_a_tile_beyond_the_newest_checkpoint_that_does_not_continue_it_is_false(folder):
    tile = (folder / "tile/0/001.p/14").read_bytes()
    (folder / "tile/0/001.p/20").write_bytes(bytes(32) + tile[32:] + bytes(6 * 32))
    assert accused(folder) == {"tile/0/001.p/20"}


def test_any_two_files_exchanged_are_found(folder):
    files = files_of(folder)
    for place, one in enumerate(files):
        for other in files[place + 1:]:
            first, second = one.read_bytes(), other.read_bytes()
            one.write_bytes(second)
            other.write_bytes(first)
            assert accused(folder) & {path.relative_to(folder).as_posix() for path in (one, other)}, (one, other)
            one.write_bytes(first)
            other.write_bytes(second)


def test_an_old_checkpoint_put_back_is_named(folder, built):
    lines = (folder / "checkpoints").read_text("utf-8").splitlines()
    for line in dict.fromkeys(lines[:-1]):
        (folder / "checkpoint").write_text(verify._json(line), "utf-8")
        assert accused(folder) == {"checkpoint"}


def changed_lines(folder: Path, change: Callable[[list[str]], list[str]]) -> set[str]:
    lines = (folder / "checkpoints").read_text("utf-8").splitlines(keepends=True)
    (folder / "checkpoints").write_text("".join(change(list(lines))), "utf-8")
    found = accused(folder)
    (folder / "checkpoints").write_text("".join(lines), "utf-8")
    return found


def test_lines_of_the_history_doubled_or_reordered_are_found(folder):
    for place in range(8):
        assert changed_lines(folder, lambda lines, at=place: [*lines[:at + 1], *lines[at:]]) == {"checkpoints"}, place
        for other in range(place):
            assert "checkpoints" in changed_lines(folder, lambda lines, one=place, two=other: [lines[one] if at == two else lines[two] if at == one else line for at, line in enumerate(lines)]), (place, other)


def test_a_line_removed_from_the_history_is_found_where_anything_still_speaks_of_it(tmp_path):
    log = log_of(tmp_path / "log", 3, 300, 310, 320)
    assert accused(log.folder, verify.Asked(ASKED.key, [], [])) == set()
    alone = verify.Asked(ASKED.key, [], [])
    lines = (log.folder / "checkpoints").read_text("utf-8").splitlines(keepends=True)
    found = {}
    for place in range(4):
        (log.folder / "checkpoints").write_text("".join(lines[:place] + lines[place + 1:]), "utf-8")
        found[place] = accused(log.folder, alone)
    # The first checkpoint's partial tiles went when the full one came: nothing in the folder knows of it any more, but who kept it does.
    assert found == {0: set(), 1: {"tile/0/001.p/44", "tile/entries/001.p/44"}, 2: {"tile/0/001.p/54", "tile/entries/001.p/54"}, 3: {"checkpoints"}}
    (log.folder / "checkpoints").write_text("".join(lines[1:]), "utf-8")
    (tmp_path / "kept").write_text(log.notes[0], "utf-8")
    assert accused(log.folder, alone, (str(tmp_path / "kept"),)) == {"checkpoints"}


def test_a_log_rolled_back_whole_is_found_by_who_kept_a_checkpoint(tmp_path):
    log = log_of(tmp_path / "log", 3, 10)
    older = log_of(tmp_path / "older", 3)
    (tmp_path / "kept").write_text(log.notes[-1], "utf-8")
    alone = verify.Asked(ASKED.key, [], [])
    assert accused(older.folder, alone) == set()
    assert accused(older.folder, alone, (str(tmp_path / "kept"),)) == {str(tmp_path / "kept")}


def test_a_log_written_anew_with_the_true_key_is_found_by_who_kept_a_checkpoint_and_by_the_old_history(tmp_path):
    log = log_of(tmp_path / "log", 300, 600)
    anew = PlainLog(tmp_path / "anew").start()
    forged = [*plain.entries(0, 77), bytes(32), *plain.entries(78, 600)]
    anew.grow(forged[:300])
    anew.grow(forged[300:])
    alone = verify.Asked(ASKED.key, [], [])
    (tmp_path / "kept").write_text(log.notes[0], "utf-8")
    assert accused(anew.folder, alone) == set()
    assert accused(anew.folder, alone, (str(tmp_path / "kept"),)) == {str(tmp_path / "kept")}
    shutil.rmtree(anew.folder / "tile")
    shutil.copytree(log.folder / "tile", anew.folder / "tile")
    report = verify.check_log(str(anew.folder), alone, [])
    assert [(finding.code, finding.file) for finding in report.findings] == [("root", "checkpoints")]
    assert report.findings[0].entry == 0


def test_entries_rewritten_with_all_their_tiles_are_narrowed_down_by_the_checkpoints(tmp_path):
    log = log_of(tmp_path / "log", 100, 300, 600)
    forged = PlainLog(tmp_path / "forged").start()
    for size in (100, 300, 600):
        forged.grow([*plain.entries(0, 600)[:150], bytes(32), *plain.entries(151, 600)][len(forged.entries):size])
    shutil.rmtree(log.folder / "tile")
    shutil.copytree(forged.folder / "tile", log.folder / "tile")
    report = verify.check_log(str(log.folder), verify.Asked(ASKED.key, [], []), [])
    (finding,) = report.findings
    assert (finding.code, finding.entry, finding.still_en) == ("root", 100, "entries 0 to 99 are as they were signed")


def test_two_roots_signed_for_one_size_are_told_as_two_histories(tmp_path):
    log = log_of(tmp_path / "log", 5)
    log.sign(f"{plain.ORIGIN}\n5\n{plain.b64(bytes(32))}\n")
    report = verify.check_log(str(log.folder), verify.Asked(ASKED.key, [], []), [])
    assert {finding.file for finding in report.findings} == {"checkpoints", "checkpoint"}
    assert "signed two histories" in report.findings[0].en


def test_a_lost_or_doubly_damaged_tile_leaves_everything_else_provable_and_accuses_nobody_else(tmp_path):
    log = log_of(tmp_path / "log", 600, 1000)
    for name in ("tile/entries/001", "tile/0/001"):
        (log.folder / name).unlink()
    report = verify.check_log(str(log.folder), verify.Asked(ASKED.key, [], []), [])
    assert {finding.file for finding in report.findings} == {"tile/entries/001", "tile/0/001"}
    assert {finding.entry for finding in report.findings} == {256}
    assert all("entries outside 256 to 511 are not touched" in finding.still_en for finding in report.findings)
    assert report.checked["roots"] == 2


def test_a_log_of_two_full_levels_is_true_and_a_change_at_its_highest_tile_is_named(tmp_path):
    log = PlainLog(tmp_path / "log").start()
    size, level, tops = 65_536 + 300, 0, []
    entries = [plain.sha256(index.to_bytes(4, "big")) for index in range(size)]
    hashes = [plain.sha256(b"\x00", entry) for entry in entries]
    tops.append(hashes)
    while hashes:
        for number in range(0, (len(hashes) + 255) // 256):
            piece = hashes[number * 256:(number + 1) * 256]
            log._tile(str(level), number, b"".join(piece), len(piece))
            if level == 0:
                log._tile("entries", number, b"".join(b"\x00\x20" + entry for entry in entries[number * 256:(number + 1) * 256]), len(piece))
        hashes = [plain.root(hashes[number * 256:(number + 1) * 256]) for number in range(len(hashes) // 256)]
        level += 1
        tops.append(hashes)
    root = plain.sha256(b"\x01", tops[2][0], plain.root(tops[0][65_536:]))
    body = f"{plain.ORIGIN}\n{size}\n{plain.b64(root)}\n"
    log.sign(body)
    alone = verify.Asked(ASKED.key, [], [])
    assert accused(log.folder, alone) == set()
    for name in ("tile/2/000.p/1", "tile/1/000", "tile/1/001.p/1", "tile/0/256", "tile/0/257.p/44", "tile/entries/000"):
        raw = bytearray((log.folder / name).read_bytes())
        raw[-1] ^= 128
        (log.folder / name).write_bytes(raw)
        assert accused(log.folder, alone) == {name}
        raw[-1] ^= 128
        (log.folder / name).write_bytes(raw)


def test_keys_handed_over_sign_only_their_sizes(tmp_path):
    log = log_of(tmp_path / "log", 5)
    log.rotate(NEXT)
    log.sign(log.body(5)[:-1] + "\n")
    alone = verify.Asked(ASKED.key, [], [])
    assert "checkpoints" in accused(log.folder, alone)
    log = log_of(tmp_path / "good", 5)
    log.rotate(NEXT)
    log.grow(plain.entries(5, 9))
    assert accused(log.folder, alone) == set()
    log.key = LOG
    log.grow(plain.entries(9, 12))
    report = verify.check_log(str(log.folder), alone, [])
    assert {finding.file for finding in report.findings} >= {"checkpoint", "checkpoints"}
    assert any("signs sizes 0 to 5, not 12" in finding.en for finding in report.findings)


def test_a_log_of_the_real_writer_is_true_and_every_byte_changed_in_it_is_found(tmp_path):
    now = 1_790_000_000_000_000
    key, successor = (make_key(tmp_path / name / "record.key", plain.ORIGIN, now) for name in ("first", "second"))
    log = Log.create(tmp_path / "log", key)
    for start, stop in ((0, 3), (3, 258), (258, 300), (300, 301)):
        log.extend(b"".join(plain.entries(start, stop)))
        log.publish()
        log.add_witness(plain.WITNESS.vkey)
        body = verify.read_note(log.checkpoint().note).body
        log.add_signatures(stop, [plain.WITNESS.line(body, 1_790_000_000 + stop)])
        if stop == 258:
            log.rotate(successor)
    log.close()
    asked = verify.Asked(verify.read_vkey(key.vkey), [verify.read_vkey(plain.WITNESS.vkey)], [])
    report = verify.check_log(str(tmp_path / "log"), asked, [])
    assert (report.false_count, report.told, report.checked["entries"], report.checked["roots"]) == (0, [], 301, 5)
    assert every_flip_is_found(tmp_path / "log", asked, 40, files_of(tmp_path / "log")) > 400


def test_a_checkpoint_of_another_history_among_true_ones_is_told_as_such(tmp_path):
    log = log_of(tmp_path / "log", 3)
    log.grow(plain.entries(3, 5))
    log.sign(f"{plain.ORIGIN}\n6\n{plain.b64(bytes(32))}\n")
    log.grow(plain.entries(5, 9))
    report = verify.check_log(str(log.folder), verify.Asked(ASKED.key, [], []), [])
    assert [(finding.code, finding.file) for finding in report.findings if finding.code != "tile"] == [("fork", "checkpoints")]
    assert {finding.file for finding in report.findings} == {"checkpoints", "tile/0/000.p/6", "tile/entries/000.p/6"}


def test_where_both_copies_of_the_last_entries_are_lost_no_checkpoint_is_accused(tmp_path):
    log = log_of(tmp_path / "log", 260, 270)
    for name in ("tile/entries/001.p/14", "tile/0/001.p/14"):
        (log.folder / name).unlink()
    report = verify.check_log(str(log.folder), verify.Asked(ASKED.key, [], []), [])
    assert {finding.file for finding in report.findings} == {"tile/entries/001.p/14", "tile/0/001.p/14"}
    assert any("2 checkpoints could not be computed again" in en for _, en, _ in report.told)


def test_a_partial_tile_gone_because_the_full_one_came_is_not_missed(tmp_path):
    log = log_of(tmp_path / "log", 250)
    other = log_of(tmp_path / "other", 250, 256)
    for name in ("entries", "0"):
        shutil.rmtree(log.folder / f"tile/{name}")
        shutil.copytree(other.folder / f"tile/{name}", log.folder / f"tile/{name}")
    assert accused(log.folder, verify.Asked(ASKED.key, [], [])) == set()


def test_a_kept_checkpoint_that_the_history_holds_is_counted(tmp_path):
    log = log_of(tmp_path / "log", 3, 10)
    for note in log.notes:
        (tmp_path / "kept").write_text(note, "utf-8")
        assert verify.check_log(str(log.folder), verify.Asked(ASKED.key, [], []), [str(tmp_path / "kept")]).checked["seen"] == 1


@pytest.mark.parametrize("wrong", ["body", "origin", "size", "third signature", "old key again", "no rotation"])
def test_a_hand_over_of_keys_not_made_as_it_must_be_is_named(tmp_path, wrong):
    log = log_of(tmp_path / "log", 5)
    third = plain.Signer(plain.ORIGIN, 1, b"\x05" * 32)
    body = {"body": f"arrears record keys\n{plain.ORIGIN}\n5\n{NEXT.vkey}\n", "origin": f"arrears record key\nother\n5\n{NEXT.vkey}\n", "size": f"arrears record key\n{plain.ORIGIN}\n05\n{NEXT.vkey}\n",
            "old key again": f"arrears record key\n{plain.ORIGIN}\n5\n{LOG.vkey}\n", "no rotation": f"{plain.ORIGIN}\n5\n{NEXT.vkey}\n"}.get(wrong, f"arrears record key\n{plain.ORIGIN}\n5\n{NEXT.vkey}\n")
    log._add_line("keys", body + "\n" + LOG.line(body) + NEXT.line(body) + (third.line(body) if wrong == "third signature" else ""))
    assert accused(log.folder, verify.Asked(ASKED.key, [], [])) == {"keys"}


@pytest.mark.parametrize("name", ["keys", "checkpoints", "witnesses"])
def test_a_line_that_says_the_same_in_other_json_is_named(folder, name):
    raw = (folder / name).read_text("utf-8")
    for other in (raw.replace('"', ' "', 1), raw.replace("/", "\\/", 1), raw.replace("e", "\\u0065", 1), raw.replace("—", "\\u2014", 1), raw.replace("\n", "\r\n", 1), "\n" + raw, "\ufeff" + raw):
        if other != raw:
            (folder / name).write_bytes(other.encode())
            assert accused(folder) == {name}, other[:60]


def test_hand_overs_out_of_order_or_to_a_key_of_before_are_named_though_all_keys_signed_them(tmp_path):
    alone, third = verify.Asked(ASKED.key, [], []), plain.Signer(plain.ORIGIN, 1, b"\x05" * 32)
    for size, key, is_true in ((5, third, True), (3, third, False), (5, LOG, False)):
        log = log_of(tmp_path / f"log{size}{is_true}{key.id.hex()}", 3, 5)
        log.rotate(NEXT)
        body = f"arrears record key\n{plain.ORIGIN}\n{size}\n{key.vkey}\n"
        log._add_line("keys", body + "\n" + NEXT.line(body) + key.line(body))
        assert ("keys" in accused(log.folder, alone)) != is_true, (size, is_true)
