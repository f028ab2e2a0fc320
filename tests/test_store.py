"""The folders of a book while others are at work in them."""

import os
import threading
import time
from pathlib import Path

import pytest

from arrears import store
from arrears.locks import locked


def test_a_passing_folder_goes_although_a_failed_writer_has_not_quite_stopped_and_the_failure_is_what_is_said(tmp_path):
    def write_on(folder, until):
        number = 0
        while time.monotonic() < until:
            number += 1
            (folder / "raw").mkdir(parents=True, exist_ok=True)
            (folder / "raw" / f"{number}").touch()

    with pytest.raises(OSError, match="No space left"), store.passing_folder(tmp_path, ".unfinished-") as folder:
        (folder / "raw").mkdir()
        writer = threading.Thread(target=lambda: _until_it_fails(write_on, folder, time.monotonic() + 0.4))
        writer.start()
        raise OSError(28, "No space left on device")
    writer.join()
    store.remove_folder(folder)
    assert list(tmp_path.iterdir()) == []


def _until_it_fails(work, *arguments):
    try:
        work(*arguments)
    except OSError:
        return


def test_the_folders_that_lead_to_a_first_ledger_are_on_the_disk_once_it_was_written(tmp_path, monkeypatch):
    """A new name lasts through a power cut only when the folder that holds it was synced after it was made."""
    synced, sync = [], os.fsync

    def watched(handle: int) -> None:
        sync(handle)
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")))

    monkeypatch.setattr(os, "fsync", watched)
    book = store.book_for_load(tmp_path / "new")
    with locked(book, "loads", alone=True):
        store.write_ledger(book, store.Ledger([]))
    assert {tmp_path, book.root, book.loads} <= set(synced)
