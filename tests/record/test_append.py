"""The log grows as the definitions say, whatever the pieces; only its one writer changes it; and only what continues is signed."""

import base64
import json
import os
import random
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arrears.record import notes, proofs, verify
from arrears.record.append import Busy, Log
from arrears.record.key_change import change_key, open_log
from arrears.record.signing_key import make_key, make_successor, open_key
from arrears.record.tiles import DamagedFile
from arrears.refusal import Refused
from record import logs, plain_tree


def refused(act, *words: str) -> Refused:
    with pytest.raises(Refused) as refusal:
        act()
    for word in words:
        assert word in refusal.value.en
    assert any("\u4e00" <= sign <= "\u9fff" for sign in refusal.value.zh)
    return refusal.value


def witness(name: str) -> tuple[str, "callable"]:
    """A witness's vkey, and how it cosigns a checkpoint at a time."""
    private = Ed25519PrivateKey.generate()
    key = notes.VerifierKey(name, notes.COSIGNATURE, private.public_key().public_bytes_raw())
    return key.vkey, lambda checkpoint, time=1_793_325_600: notes.signature_line(key, time.to_bytes(8, "big") + private.sign(f"cosignature/v1\ntime {time}\n{checkpoint.body}".encode()))


def test_a_new_log_is_empty_signed_and_opened_again(tmp_path):
    log, key = logs.new_log(tmp_path)
    assert (log.size, log.origin, list(log.checkpoints())) == (0, logs.ORIGIN, [log.checkpoint().note])
    assert log.checkpoint().root.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert log.publish() == log.checkpoint() and log.commitments(0, 0) == b""
    log.close()
    assert sorted(path.name for path in (tmp_path / "log").iterdir()) == ["checkpoint", "checkpoints", "keys", "lock"]
    assert (tmp_path / "log" / "keys").read_text() == json.dumps(key.vkey) + "\n"


def test_the_files_are_a_function_of_the_entries_alone_and_not_of_how_they_came(tmp_path):
    """Every size up to 600 one by one, and random pieces beyond the second level, end with the same tiles."""
    (tmp_path / "one").mkdir()
    (tmp_path / "pieces").mkdir()
    one, _ = logs.grown(tmp_path / "one", 67_003)
    pieces, _ = logs.new_log(tmp_path / "pieces")
    dice, size = random.Random(8), 0
    while size < 67_003:
        size = min(67_003, size + dice.choice([1, 2, 255, 256, 257, 511, 5000, 20_000]))
        assert pieces.extend(logs.entries(pieces.size, size)) == size
        if dice.random() < 0.4 or size == 67_003:
            pieces.publish()
    assert one.checkpoint().root == pieces.checkpoint().root == logs.root_of(67_003)
    whole = logs.files_of(67_003)
    assert logs.tiles_in(one.folder) == whole
    found = logs.tiles_in(pieces.folder)
    assert whole.items() <= found.items()
    assert all(".p/" in name for name in found.keys() - whole.keys())


def test_every_checkpoint_has_the_root_of_the_definition_and_the_partial_tiles_it_needs_until_whole_ones_take_their_place(tmp_path):
    log, _ = logs.new_log(tmp_path)
    peaks, sizes = plain_tree.Peaks(), [*range(1, 20), 100, *range(250, 262), 400, *range(506, 521)]
    for number in range(520):
        log.extend(logs.entry(number))
        peaks.add(logs.leaf(number))
        if number + 1 in sizes:
            assert log.publish().root == peaks.root()
    found = logs.tiles_in(log.folder)
    for size in sizes:
        for name, content in logs.files_of(size).items():
            if ".p/" not in name:
                assert found[name] == content
            elif name.split(".p/")[0] in found:
                assert name not in found, "the whole tile has taken its place"
            else:
                assert found[name] == content
    assert [size for _, size, _ in logs.notes_in(log.folder)] == [0, *sizes]


def test_paths_and_proofs_of_a_log_are_those_of_the_definition_also_for_entries_not_yet_published(tmp_path):
    log, _ = logs.grown(tmp_path, 300, 700)
    log.extend(logs.entries(700, 900))
    leaves = [logs.leaf(number) for number in range(900)]
    dice = random.Random(9)
    for size in (1, 255, 256, 257, 300, 512, 700, 701, 768, 900):
        assert log.root(size) == plain_tree.root(leaves[:size])
        for index in {0, size - 1, dice.randrange(size), dice.randrange(size)}:
            assert log.inclusion(index, size) == plain_tree.path(index, leaves[:size])
        for old in (1, 200, 256, 300, 512, size):
            if old <= size:
                assert log.consistency(old, size) == plain_tree.proof(old, leaves[:size])
    assert log.consistency(0, 900) == [] and log.root(0) == plain_tree.root([])
    assert log.commitments(250, 900) == logs.entries(250, 900)


def test_what_was_extended_and_not_published_is_forgotten_and_may_come_otherwise(tmp_path):
    log, key = logs.grown(tmp_path, 300)
    log.extend(logs.entries(300, 1200, "other"))
    log.close()
    again = Log.open(tmp_path / "log", key)
    assert again.size == 300
    again.extend(logs.entries(300, 1100))
    assert again.publish().root == logs.root_of(1100)
    assert logs.tiles_in(again.folder).items() >= logs.files_of(1100).items()
    again.close()


def test_opening_clears_what_lies_beyond_the_checkpoint_and_nothing_else(tmp_path):
    log, key = logs.grown(tmp_path, 40, 300, 310)
    before = logs.tiles_in(log.folder)
    log.extend(logs.entries(310, 2000))
    for name in ("tile/0/001.p/99", "tile/entries/007.p/3", "tile/0/007.p/208"):
        (log.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (log.folder / name).write_bytes(b"left by a killed writer")
    (log.folder / "tile" / "0" / "001.tmp-new").write_bytes(b"half")
    log.close()
    Log.open(tmp_path / "log", key).close()
    assert logs.tiles_in(log.folder) == before


def test_entries_and_trees_that_are_not_there_are_refused(tmp_path):
    log, _ = logs.grown(tmp_path, 10)
    for ask in (lambda: log.commitments(5, 11), lambda: log.commitments(-1, 3), lambda: log.commitments(6, 5), lambda: log.inclusion(10, 10), lambda: log.inclusion(0, 11), lambda: log.consistency(3, 11), lambda: log.consistency(5, 4), lambda: log.root(11), lambda: log.root(-1), lambda: log.inclusion(-1, 5)):
        refused(ask)
    refused(lambda: log.extend(b"x" * 33), "33 bytes")
    assert log.size == 10


def test_a_log_opened_to_be_read_changes_nothing_and_sees_what_is_published(tmp_path):
    log, _ = logs.grown(tmp_path, 10)
    log.close()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "log").rglob("*")}
    reader = Log.open(tmp_path / "log")
    new = make_key(tmp_path / "other", logs.ORIGIN, logs.NOW)
    for act in (lambda: reader.extend(b"x" * 32), reader.publish, lambda: reader.add_signatures(10, []), lambda: reader.rotate(new), lambda: reader.add_witness("x")):
        refused(act, "read only")
    assert (reader.size, reader.commitments(0, 10)) == (10, logs.entries(0, 10))
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "log").rglob("*")} == before


def test_a_closed_log_is_not_changed(tmp_path):
    log, _ = logs.grown(tmp_path, 3)
    log.close()
    log.close()
    refused(lambda: log.extend(b"x" * 32), "closed")


def test_a_second_integrator_is_refused_while_the_first_lives_and_goes_on_when_it_has_ended_however(tmp_path):
    log, key = logs.grown(tmp_path, 3)
    log.close()
    child = "import sys\nfrom pathlib import Path\nfrom arrears.record.key_change import open_log\nlog = open_log(Path(sys.argv[1]), Path(sys.argv[2]))\nprint('open', flush=True)\nsys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", child, str(tmp_path / "log"), str(tmp_path / "key")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "open\n"
        said = refused(lambda: Log.open(tmp_path / "log", key), "another process")
        assert isinstance(said, Busy)
        assert "另一个进程" in said.zh
        assert Log.open(tmp_path / "log").size == 3, "readers are not kept out"
        first.kill()
        first.wait()
    with Log.open(tmp_path / "log", key) as second:
        refused(lambda: Log.open(tmp_path / "log", key), "another process")
        second.extend(logs.entry(3))
        assert second.publish().size == 4


def test_a_log_is_not_begun_where_something_lies(tmp_path):
    log, key = logs.grown(tmp_path, 3)
    log.close()
    refused(lambda: Log.create(tmp_path / "log", key), "something here already")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").write_text("x")
    refused(lambda: Log.create(tmp_path / "full", key), "empty folder")
    other = make_key(tmp_path / "other", logs.ORIGIN, logs.NOW)
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "keys").write_text(json.dumps(key.vkey) + "\n")
    refused(lambda: Log.create(tmp_path / "half", other), "another log")
    with Log.create(tmp_path / "half", key) as begun:
        assert begun.size == 0, "the beginning of this very log is gone on with"


def test_a_folder_without_a_log_and_a_wrong_key_are_refused_in_words(tmp_path):
    log, _ = logs.grown(tmp_path, 3)
    log.close()
    refused(lambda: Log.open(tmp_path / "nowhere"), "arrears record init")
    (tmp_path / "file").write_text("x")
    refused(lambda: Log.open(tmp_path / "file"), "arrears record init")
    other = make_key(tmp_path / "other", logs.ORIGIN, logs.NOW)
    refused(lambda: Log.open(tmp_path / "log", other), "not the one that signs")
    Log.open(tmp_path / "log", open_key(tmp_path / "key")).close()


def test_nothing_is_signed_when_a_tile_was_changed_under_the_writer(tmp_path):
    """The tree that would be signed is proven to continue the checkpoint before; a tile changed meanwhile breaks that proof."""
    log, key = logs.grown(tmp_path, 700)
    content = bytearray((log.folder / "tile/0/001").read_bytes())
    content[0] ^= 1
    (log.folder / "tile/0/001").write_bytes(content)
    log.close()
    log = Log.open(tmp_path / "log", key)
    with pytest.raises(DamagedFile) as refusal:
        log.inclusion(256, 700)
    assert refusal.value.file == "tile/0/001"
    log._tiles.edges[1][0] ^= 1
    log.extend(logs.entries(700, 900))
    said = refused(log.publish, "does not continue", "mend")
    assert said and logs.notes_in(log.folder)[-1][1] == 700
    refused(log.publish, "open it again")


def test_a_witness_line_is_taken_over_exactly_its_checkpoint_from_a_witness_the_log_names(tmp_path):
    log, key = logs.grown(tmp_path, 5, 9)
    vkey, cosign = witness("w.example")
    _, stranger = witness("x.example")
    refused(lambda: log.add_signatures(9, [cosign(log.checkpoint())]), "names")
    log.add_witness(vkey)
    log.add_witness(vkey)
    assert (log.folder / "witnesses").read_text() == json.dumps(vkey) + "\n"
    nine, five = log.checkpoint(), notes.read_checkpoint(list(log.checkpoints())[1])
    for line in (stranger(nine), cosign(five), cosign(nine)[:-5], cosign(nine) + " ", "— w.example", "", "text", cosign(nine) + "\n" + cosign(nine)):
        refused(lambda line=line: log.add_signatures(9, [line]))
    assert log.checkpoint() == nine and len(list(log.checkpoints())) == 3
    signed = log.add_signatures(9, [cosign(nine) + "\n"])
    assert signed.note == nine.note + cosign(nine) + "\n" == log.checkpoint().note == (log.folder / "checkpoint").read_text()
    assert list(log.checkpoints())[-1] == signed.note
    assert log.add_signatures(9, [cosign(nine, 1_793_325_601)]) == signed, "a key signs a checkpoint once"
    assert log.add_signatures(9, [nine.note.split("\n")[4]]) == signed and len(list(log.checkpoints())) == 4
    log.close()
    again = Log.open(tmp_path / "log", key)
    assert again.checkpoint() == signed
    again.extend(logs.entries(9, 12))
    again.publish()
    assert [size for _, size, _ in logs.notes_in(again.folder)] == [0, 5, 9, 9, 12]


def test_a_late_cosignature_of_an_older_checkpoint_stands_after_it_and_sizes_never_fall(tmp_path):
    log, key = logs.grown(tmp_path, 5, 9, 300)
    first, cosign_first = witness("w.example")
    second, cosign_second = witness("v.example")
    log.add_witness(first)
    log.add_witness(second)
    five = notes.read_checkpoint(list(log.checkpoints())[1])
    signed = log.add_signatures(5, [cosign_first(five)])
    both = log.add_signatures(5, [cosign_second(five)])
    assert both.note == signed.note + cosign_second(five) + "\n"
    assert [size for _, size, _ in logs.notes_in(log.folder)] == [0, 5, 5, 5, 9, 300]
    assert log.checkpoint().size == 300
    refused(lambda: log.add_signatures(6, [cosign_first(five)]), "size 6")
    log.extend(logs.entries(300, 301))
    log.publish()
    log.close()
    again = Log.open(tmp_path / "log", key)
    assert [size for _, size, _ in logs.notes_in(again.folder)] == [0, 5, 5, 5, 9, 300, 301] and list(again.checkpoints())[3] == both.note
    again.close()


def test_a_key_that_signs_logs_is_not_named_as_a_witness(tmp_path):
    log, key = logs.grown(tmp_path, 5)
    refused(lambda: log.add_witness(key.vkey), "no key of a witness")
    refused(lambda: log.add_witness("nonsense"), "no verifier key")
    assert not (log.folder / "witnesses").exists()


def test_more_signatures_than_readers_take_are_refused(tmp_path):
    log, _ = logs.grown(tmp_path, 5)
    lines = []
    for number in range(64):
        vkey, cosign = witness(f"w{number}.example")
        log.add_witness(vkey)
        lines.append(cosign(log.checkpoint()))
    refused(lambda: log.add_signatures(5, lines), "65 signatures")
    assert len(notes.read_note(log.add_signatures(5, lines[:63]).note).signatures) == 64
    assert Log.open(log.folder).checkpoint() == log.checkpoint()
    new = change_key(log, tmp_path / "key", logs.NOW)
    log.close()
    with open_log(tmp_path / "log", tmp_path / "key") as again:
        assert len(notes.read_note(again.checkpoint().note).signatures) == 64, "a full one is left as it is when the key changes"
        again.extend(logs.entry(5))
        assert notes.is_signed_by(notes.read_note(again.publish().note), notes.read_vkey(new))


def test_a_rotated_key_signs_what_follows_and_the_old_one_is_refused(tmp_path):
    log, old = logs.grown(tmp_path, 5)
    log.extend(logs.entry(5))
    new = make_successor(tmp_path / "key", logs.NOW)
    refused(lambda: log.rotate(new), "without a checkpoint")
    log.publish()
    refused(lambda: log.rotate(old), "never had")
    refused(lambda: log.rotate(make_key(tmp_path / "foreign", "other.example", logs.NOW)), "own name")
    assert change_key(log, tmp_path / "key", logs.NOW) == new.vkey == open_key(tmp_path / "key").vkey
    log.extend(logs.entries(6, 300))
    signed = log.publish()
    log.close()
    assert notes.is_signed_by(notes.read_note(signed.note), new.public) and not notes.is_signed_by(notes.read_note(signed.note), old.public)
    first, rotation = [json.loads(line) for line in (tmp_path / "log" / "keys").read_text().splitlines()]
    assert first == old.vkey
    note = notes.read_note(rotation)
    assert note.text == f"arrears record key\n{logs.ORIGIN}\n6\n{new.vkey}\n" and notes.is_signed_by(note, old.public) and notes.is_signed_by(note, new.public)
    refused(lambda: Log.open(tmp_path / "log", old), "rotated away")
    with open_log(tmp_path / "log", tmp_path / "key") as again:
        assert again.checkpoint() == signed and again.keys == (first, rotation)
        change_key(again, tmp_path / "key", logs.NOW)
        third = make_successor(tmp_path / "key", logs.NOW)
        refused(lambda: again.rotate(old), "never had")
        assert change_key(again, tmp_path / "key", logs.NOW) == third.vkey, "twice at the same size"
    assert Log.open(tmp_path / "log").size == 300


def test_the_checkpoint_at_which_the_key_changed_may_carry_the_signatures_of_both_keys_and_no_other_may(tmp_path):
    log, old = logs.grown(tmp_path, 5, 9)
    new = make_successor(tmp_path / "key", logs.NOW)
    five, nine = (notes.read_checkpoint(note) for note in list(log.checkpoints())[1:])
    change_key(log, tmp_path / "key", logs.NOW)
    refused(lambda: log.add_signatures(5, [new.sign(five.body)]), "size 5")
    signed = log.add_signatures(9, [new.sign(nine.body)])
    assert notes.is_signed_by(notes.read_note(signed.note), old.public) and notes.is_signed_by(notes.read_note(signed.note), new.public)
    log.extend(logs.entry(9))
    ten = log.publish()
    refused(lambda: log.add_signatures(10, [old.sign(ten.body)]), "size 10")
    log.close()
    with open_log(tmp_path / "log", tmp_path / "key") as again:
        assert again.checkpoint() == ten and list(again.checkpoints())[-2] == signed.note
    done = subprocess.run([sys.executable, verify.__file__, "log", str(tmp_path / "log"), "--key", old.vkey], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rotation_that_was_killed_between_its_steps_is_finished_by_whoever_opens_the_log(tmp_path):
    log, old = logs.grown(tmp_path, 5)
    new = make_successor(tmp_path / "key", logs.NOW)
    with open_log_again(log, tmp_path):
        pass
    log = open_log(tmp_path / "log", tmp_path / "key")
    assert open_key(tmp_path / "key").vkey == old.vkey, "not named by the log yet, so not in force"
    log.rotate(new)
    log.close()
    with open_log(tmp_path / "log", tmp_path / "key") as again:
        again.extend(logs.entry(5))
        assert notes.is_signed_by(notes.read_note(again.publish().note), new.public)
    assert open_key(tmp_path / "key").vkey == new.vkey


def test_the_checkpoint_at_which_the_key_changed_is_signed_by_both_even_where_the_change_was_killed_before_it(tmp_path):
    log, old = logs.grown(tmp_path, 5)
    new = notes.read_vkey(change_key(log, tmp_path / "key", logs.NOW))
    log.close()
    both = (tmp_path / "log" / "checkpoint").read_bytes()
    for vkey in (old.vkey, new.vkey):
        assert verify.main(["log", str(tmp_path / "log"), "--key", vkey]) == 0
    history = (tmp_path / "log" / "checkpoints").read_bytes().splitlines(keepends=True)
    alone = json.loads(history[-2])
    (tmp_path / "log" / "checkpoint").write_text(alone)
    (tmp_path / "log" / "checkpoints").write_bytes(b"".join(history[:-1]))
    assert verify.main(["log", str(tmp_path / "log"), "--key", new.vkey]) == 1, "as a kill between the line in keys and the signature leaves it"
    open_log(tmp_path / "log", tmp_path / "key").close()
    assert (tmp_path / "log" / "checkpoint").read_bytes() == both and verify.main(["log", str(tmp_path / "log"), "--key", new.vkey]) == 0


def open_log_again(log: Log, folder) -> Log:
    log.close()
    return open_log(folder / "log", folder / "key")


def test_a_checkpoint_signed_by_a_key_outside_its_time_is_refused(tmp_path):
    log, old = logs.grown(tmp_path, 5)
    change_key(log, tmp_path / "key", logs.NOW)
    log.extend(logs.entries(5, 8))
    signed = log.publish()
    log.close()
    forged = f"{signed.body}\n{old.sign(signed.body)}\n"
    standing = (tmp_path / "log" / "checkpoint").read_text()
    for note in (forged, standing + old.sign(signed.body) + "\n"):
        (tmp_path / "log" / "checkpoint").write_text(note)
        refused(lambda: Log.open(tmp_path / "log"), "checkpoint", "not signed")


@pytest.mark.parametrize("change", ["cut", "flipped", "empty", "missing", "foreign"])
def test_a_damaged_checkpoint_is_refused_with_its_name_and_never_rebuilt_over(tmp_path, change):
    log, key = logs.grown(tmp_path, 5, 300)
    log.close()
    path = tmp_path / "log" / "checkpoint"
    whole = path.read_bytes()
    if change == "missing":
        path.unlink()
    else:
        foreign = make_key(tmp_path / "f", logs.ORIGIN, logs.NOW)
        text = notes.checkpoint_text(logs.ORIGIN, 300, b"x" * 32)
        path.write_bytes({"cut": whole[:-5], "flipped": whole.replace(b"300", b"301"), "empty": b"", "foreign": f"{text}\n{foreign.sign(text)}\n".encode()}[change])
    before = {path: path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file()}
    for given in (None, key):
        with pytest.raises(DamagedFile) as refusal:
            Log.open(tmp_path / "log", given)
        assert refusal.value.file == "checkpoint" and "mend" in refusal.value.en
    assert {path: path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file()} == before


def test_checkpoints_behind_a_damaged_line_are_not_thrown_away_as_an_interrupted_writing_where_an_older_current_one_was_put_back(tmp_path):
    log, key = logs.grown(tmp_path, 5, 50, 300, 600)
    log.close()
    history = tmp_path / "log" / "checkpoints"
    lines = history.read_bytes().splitlines(keepends=True)
    history.write_bytes(b"".join(line.replace(b"\\n50", b"\\x50", 1) if number == 2 else line for number, line in enumerate(lines)))
    (tmp_path / "log" / "checkpoint").write_text(json.loads(lines[1]), encoding="utf-8")
    before = {path: path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file()}
    assert refused(lambda: Log.open(tmp_path / "log", key), "signed ones follow").file == "checkpoints"
    assert {path: path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("change", ["first line of keys", "cut keys", "rotation of one key alone", "witness"])
def test_damaged_keys_and_witnesses_are_refused_with_their_name(tmp_path, change):
    log, key = logs.grown(tmp_path, 5)
    new = make_key(tmp_path / "new", logs.ORIGIN, logs.NOW)
    keys = tmp_path / "log" / "keys"
    whole = keys.read_text()
    if change == "witness":
        (tmp_path / "log" / "witnesses").write_text('"nonsense"\n')
        assert refused(lambda: log.add_signatures(5, [key.sign("x")]), "witnesses").file == "witnesses"
        return
    log.close()
    text = notes.rotation_text(logs.ORIGIN, 5, new.vkey)
    keys.write_text({"first line of keys": whole.replace("+", "-", 1), "cut keys": whole[:20] + "\n", "rotation of one key alone": whole + json.dumps(f"{text}\n{new.sign(text)}\n", ensure_ascii=False) + "\n"}[change])
    assert refused(lambda: Log.open(tmp_path / "log", key), "keys").file == "keys"


def test_memory_and_open_files_do_not_grow_with_the_log(tmp_path):
    log, _ = logs.new_log(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        log.extend(os.urandom(32 * 5000))
        log.publish()
        for _ in range(60):
            log.inclusion(random.randrange(log.size), log.size)
    assert len(os.listdir("/proc/self/fd")) == before
    assert len(log._tiles._levels) <= 512 and len(log._fresh) == 0
    assert all(len(hashes) < 32 * 256 for hashes in log._tiles.edges)


def test_opening_reads_the_right_edge_alone(tmp_path):
    """Every tile that is not on the edge may be unreadable, and the log opens and grows all the same."""
    log, key = logs.grown(tmp_path, 3000)
    log.close()
    edge = {name for name in logs.files_of(3000) if ".p/" in name}
    for name in logs.tiles_in(tmp_path / "log").keys() - edge:
        (tmp_path / "log" / name).write_bytes(b"")
    with Log.open(tmp_path / "log", key) as again:
        again.extend(logs.entries(3000, 3050))
        assert again.size == 3050
        assert proofs.root(3050, again._tiles.node) == logs.root_of(3050)


def test_base64_of_the_root_is_what_the_history_says(tmp_path):
    log, _ = logs.grown(tmp_path, 5)
    assert base64.b64encode(logs.root_of(5)).decode() == log.checkpoint().note.split("\n")[2] == json.loads((log.folder / "checkpoints").read_text().splitlines()[1]).split("\n")[2]
