"""Lost and changed tiles come back from commitments kept elsewhere, only if these lead to the signed root, and nothing signed is ever made up."""

import random
import shutil

import pytest

from arrears.record.append import Log
from arrears.record.key_change import key_of
from arrears.record.mending import mend
from arrears.record.signing_key import make_key, make_successor, open_key
from arrears.record.tiles import DamagedFile
from arrears.refusal import Refused
from record import logs

SIZE = 66_500


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A log with whole tiles on two levels and older partial ones on its edge; shared, and never changed."""
    folder = tmp_path_factory.mktemp("large")
    log, key = logs.grown(folder, 40, 66_000, 66_310, 66_400, SIZE)
    log.close()
    return folder / "log", key


@pytest.fixture
def damaged(large, tmp_path):
    """A copy to be damaged, with the key and all its tiles as they were."""
    folder = shutil.copytree(large[0], tmp_path / "log")
    return folder, large[1], logs.tiles_in(folder)


def test_whatever_tiles_are_lost_cut_or_changed_come_back_with_the_same_bytes_and_are_named(damaged):
    folder, key, before = damaged
    dice = random.Random(3)
    spoiled = dice.sample(sorted(before), 40) + [name for name in before if ".p/" in name or name.startswith(("tile/1", "tile/2"))]
    for name in set(spoiled):
        content = bytearray(before[name])
        content[dice.randrange(len(content))] ^= 1
        act = dice.randrange(4)
        if act == 0:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes([content, content[:-1], b""][act - 1])
    found = mend(folder, key, logs.entries)
    assert sorted(found.files) == sorted(set(spoiled)) and found.checkpoint.size == SIZE
    assert logs.tiles_in(folder) == before
    assert mend(folder, key, logs.entries).files == ()


def test_a_log_without_any_tile_comes_back_whole(damaged):
    folder, key, before = damaged
    shutil.rmtree(folder / "tile")
    assert sorted(mend(folder, key, logs.entries).files) == sorted(before)
    assert logs.tiles_in(folder) == before
    with Log.open(folder, key) as log:
        log.extend(logs.entries(SIZE, SIZE + 10))
        assert log.publish().root == logs.root_of(SIZE + 10)


@pytest.mark.parametrize("source", [
    lambda start, stop: logs.entries(start, stop, "other"),
    lambda start, stop: logs.entries(start, stop)[:-32],
    lambda start, stop: logs.entries(start, stop).replace(logs.entry(500), logs.entry(501)),
    lambda start, stop: b"",
], ids=["others", "too few", "one changed", "none"])
def test_commitments_that_do_not_lead_to_the_signed_root_change_no_tile(damaged, source):
    folder, key, before = damaged
    (folder / "tile/0/003").unlink()
    spoiled = logs.tiles_in(folder)
    with pytest.raises(Refused) as refusal:
        mend(folder, key, source)
    assert "no tile was touched" in refusal.value.en and "未改动任何文件" in refusal.value.zh
    assert logs.tiles_in(folder) == spoiled != before


def test_commitments_that_change_between_the_two_readings_write_nothing_wrong(damaged):
    folder, key, before = damaged
    (folder / "tile/0/003").unlink()
    calls = []

    def source(start: int, stop: int) -> bytes:
        calls.append(start)
        return logs.entries(start, stop, "other" if calls.count(start) > 1 or stop - start == 256 else "")

    with pytest.raises(Refused, match="second time"):
        mend(folder, key, source)
    assert "tile/0/003" not in logs.tiles_in(folder)


def test_a_lost_checkpoint_comes_back_from_the_history_and_a_damaged_end_of_the_history_from_the_checkpoint(damaged):
    folder, key, before = damaged
    checkpoint, history = (folder / "checkpoint").read_bytes(), (folder / "checkpoints").read_bytes()
    for content in (None, b"", checkpoint[:-9], checkpoint.replace(b"66500", b"66501")):
        (folder / "checkpoint").unlink(missing_ok=True)
        if content is not None:
            (folder / "checkpoint").write_bytes(content)
        assert mend(folder, key, logs.entries).files == ("checkpoint",)
        assert (folder / "checkpoint").read_bytes() == checkpoint
    last = history.splitlines(keepends=True)[-1]
    for content in (history[:-5], history[:-len(last)], history[:-len(last)] + last.replace(b"66500", b"66501"), history[:-len(last)] + b"noise\n"):
        (folder / "checkpoints").write_bytes(content)
        found = mend(folder, key, logs.entries)
        assert found.files == ("checkpoints",) and (folder / "checkpoints").read_bytes() == history, content[-40:]
    assert logs.tiles_in(folder) == before


def test_what_was_signed_is_never_made_up(damaged):
    folder, key, _ = damaged
    history = (folder / "checkpoints").read_bytes()
    lines = history.splitlines(keepends=True)
    for name, content in (("checkpoints", lines[0] + b"noise\n" + b"".join(lines[2:-1])), ("checkpoints", b"".join(lines[:-3])[:-3] + b"\n" + lines[-2][:5]), ("checkpoints", b"")):
        (folder / name).write_bytes(content)
        with pytest.raises(DamagedFile) as refusal:
            mend(folder, key, logs.entries)
        assert refusal.value.file == name and (folder / name).read_bytes() == content
    (folder / "checkpoints").write_bytes(history[:-3])
    (folder / "checkpoint").write_bytes(b"")
    with pytest.raises(DamagedFile):
        mend(folder, key, logs.entries)
    (folder / "keys").write_text('"nonsense"\n')
    with pytest.raises(DamagedFile) as refusal:
        mend(folder, key, logs.entries)
    assert refusal.value.file == "keys"


def test_a_log_whose_key_change_was_interrupted_is_mended_under_the_key_that_it_has_named(tmp_path):
    log, old = logs.grown(tmp_path, 300)
    new = make_successor(tmp_path / "key", logs.NOW)
    log.rotate(new)
    log.close()
    (tmp_path / "log" / "tile/0/000").unlink()
    with pytest.raises(Refused, match="not the one that signs"):
        mend(tmp_path / "log", old, logs.entries)
    assert mend(tmp_path / "log", key_of(tmp_path / "log", tmp_path / "key"), logs.entries).files == ("tile/0/000",)
    assert open_key(tmp_path / "key").vkey == new.vkey


def test_mending_is_for_the_one_who_signs_and_alone(damaged, tmp_path):
    folder, key, _ = damaged
    with pytest.raises(Refused, match="not the one that signs"):
        mend(folder, make_key(tmp_path / "other", logs.ORIGIN, logs.NOW), logs.entries)
    with Log.open(folder, key), pytest.raises(Refused, match="another process"):
        mend(folder, key, logs.entries)
