"""The folders of a book while others are at work in them."""

import threading
import time

import pytest

from arrears import store


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
