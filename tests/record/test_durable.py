"""What is promised is on the disk first: the order of writing, renaming and syncing, as the system was asked; and files that are there whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from arrears.record import durable
from arrears.record.append import Log
from arrears.refusal import DiskFull, Refused
from record import logs


@pytest.fixture
def asked(monkeypatch):
    """Every request to the system from here on, in order: what, and the path it was about."""
    asked: list[tuple[str, str]] = []

    def path_of(handle) -> str:
        return os.readlink(f"/proc/self/fd/{handle}") if isinstance(handle, int) else os.fspath(handle)

    def noted(name: str, real):
        def called(first, *rest, **named):
            asked.append((name, path_of(first)))
            return real(first, *rest, **named)
        return called

    for name in ("write", "fsync", "ftruncate", "unlink"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))

    def renamed(source, target, real=os.rename):
        asked.append(("rename", os.fspath(target)))
        real(source, target)

    def all_synced(root, real=durable._sync_file_system):
        asked.append(("syncfs", os.fspath(root)))
        return real(root)

    monkeypatch.setattr(os, "rename", renamed)
    monkeypatch.setattr(durable, "_sync_file_system", all_synced)
    return asked


@pytest.mark.parametrize("start, more", [(0, 5), (300, 5), (300, 900), (255_900, 300), (300, 20_000)], ids=["first", "few", "whole tiles", "a new folder", "many"])
def test_tiles_and_their_names_are_on_the_disk_before_the_checkpoint_is_in_the_history_and_that_before_it_is_in_place(tmp_path, asked, start, more):
    log, key = logs.grown(tmp_path, start)
    log.close()
    before = set(log.folder.rglob("*"))
    log = Log.open(tmp_path / "log", key)
    asked.clear()
    log.extend(logs.entries(start, start + more))
    log.publish()
    history, place = os.fspath(log.folder / "checkpoints"), os.fspath(log.folder / "checkpoint")
    signed = asked.index(("write", history))
    put = asked.index(("rename", place))
    syncs = [path for what, path in asked[:signed] if what == "fsync"]
    tiles = [(at, path) for at, (what, path) in enumerate(asked) if what == "rename" and "/tile/" in path]
    assert tiles and all(at < signed for at, _ in tiles)
    assert not {Path(path) for _, path in tiles} & before, "what is promised is never written again"
    if ("syncfs", os.fspath(log.folder)) in asked[:signed]:
        assert len(tiles) > 32 and asked.index(("syncfs", os.fspath(log.folder))) > tiles[-1][0]
    else:
        for at, path in tiles:
            assert ("fsync", path) in asked[at:signed], f"{path} is promised and may be lost"
            assert ("fsync", os.fspath(Path(path).parent)) in asked[at:signed], f"the name of {path} may be lost"
            for folder in Path(path).parents:
                if log.folder in folder.parents and folder not in before:
                    assert os.fspath(folder.parent) in syncs, f"the name of {folder} may be lost"
    assert signed < asked.index(("fsync", history)) < put
    assert ("fsync", f"{place}{durable.UNFINISHED}") in asked[:put] and ("fsync", os.fspath(log.folder)) in asked[put:]
    removed = [at for at, (what, path) in enumerate(asked) if what == "unlink" and ".p/" in path]
    assert all(at > put for at in removed), "a partial tile is promised until the checkpoint of the whole one is in place"
    assert (start, more) != (300, 900) or removed


def test_a_file_that_cannot_be_synced_is_no_promise_and_the_log_has_to_be_opened_again(tmp_path, monkeypatch):
    log, key = logs.grown(tmp_path, 40)
    log.extend(logs.entries(40, 90))

    def lost(handle):
        raise OSError(errno.EIO, "Input/output error")

    real = os.fsync
    monkeypatch.setattr(os, "fsync", lost)
    with pytest.raises(Refused, match="Input/output error"):
        log.publish()
    monkeypatch.setattr(os, "fsync", real)
    with pytest.raises(Refused, match="open it again"):
        log.publish()
    assert logs.notes_in(log.folder)[-1][1] == 40
    log.close()
    with Log.open(tmp_path / "log", key) as again:
        assert again.size == 40
        again.extend(logs.entries(40, 90))
        assert again.publish().root == logs.root_of(90)


def test_what_is_put_is_there_whole_and_the_older_file_stands_where_it_cannot_be(tmp_path, monkeypatch):
    durable.put(tmp_path / "a" / "b" / "file", b"one")
    durable.put_and_settle(tmp_path / "a" / "b" / "file", b"two")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"two"

    def full(handle, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for act in (durable.put, durable.put_and_settle):
        with pytest.raises(DiskFull):
            act(tmp_path / "a" / "b" / "file", b"three")
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "a" / "b").iterdir()] == [("file", b"two")]


def test_an_append_that_stops_half_way_is_taken_back(tmp_path, monkeypatch):
    path = tmp_path / "lines"
    path.write_bytes(b"one\nhalf")
    assert durable.append_and_settle(path, 4, b"two\n") == 8 and path.read_bytes() == b"one\ntwo\n"
    real, calls = os.write, []

    def short(handle, content):
        calls.append(1)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, bytes(content)[:3])

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(DiskFull):
        durable.append_and_settle(path, 8, b"three\n")
    assert path.read_bytes() == b"one\ntwo\n"
