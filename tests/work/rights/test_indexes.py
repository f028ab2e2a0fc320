"""A new key for look-ups: everybody is found before, meanwhile and after, and no key goes while an index stands that only it finds."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from arrears.cli import vaults
from arrears.refusal import Refused
from arrears.vault import rotation
from plain_books import Ran
from work.rights.made_people import Person, account_made, case_made, lender_made
from work.rights.test_erasure import LI
from work.rights.test_rights import rows
from work.rights.test_unmasking import ZHANG, entries


def rotate(work, lender, *words, lang="en") -> Ran:
    done = CliRunner().invoke(vaults.vault, ["rotate", "blind", "--lender", lender, *words, "--home", str(work.home), "--lang", lang], catch_exceptions=False)
    return Ran(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def bank(work):
    """A lender with two cases, and who looks people up there."""
    lender = lender_made(work, "bank")
    for one in (ZHANG, LI):
        case_made(work, lender, Person("debtor", **one, address="北京市朝阳区某路1号"))
    officer = account_made(work, lender, "data_officer")
    return lender, officer


def found(work, officer) -> int:
    from arrears.work.actions.action import perform

    return sum(perform(officer, "person.find", {name: one[name]}, work.now, reason="asked in person")["hits"] for one in (ZHANG, LI) for name in ("phone", "id_number"))


def test_everybody_is_found_by_every_number_after_the_older_key_is_gone(work, bank):
    lender, officer = bank
    assert found(work, officer) == 4
    done = rotate(work, lender)
    assert done.status == 0 and "6 indexes were rebuilt" in done.out, done
    assert found(work, officer) == 4
    retired = rotate(work, lender, "--retire-older")
    assert retired.status == 0 and "1 older keys" in retired.out, retired
    assert found(work, officer) == 4
    kept = entries(lender, verb="vault.rotate")
    assert {one.actor_name.split(":")[0] for one in kept} == {"shell"} and sum(one.result["rebuilt"] for one in kept) == 6


def test_a_key_is_not_retired_while_an_index_stands_under_it_and_a_killed_rotation_goes_on(work, bank):
    from arrears.work.sealing import vault

    lender, officer = bank
    number = rotation.rotate_blind_key(vault(), lender, work.now)  # as a run leaves it that was killed before the first batch
    for lang, said in (("en", "6 look-up indexes"), ("zh", "6 个查询索引")):
        refused = rotate(work, lender, "--retire-older", lang=lang)
        assert refused.status == 2 and said in refused.error and not refused.out
    assert found(work, officer) == 4 and len(vault().tenant_keys.for_blinding(lender)) == 2
    assert f"Key {number} makes" in rotate(work, lender).out and "1 older keys" in rotate(work, lender, "--retire-older").out
    assert found(work, officer) == 4


def test_a_process_killed_between_batches_leaves_everybody_found_and_the_next_ends_it(work, bank):
    lender, officer = bank
    script = ("import os, signal\nfrom arrears.cli import vaults\nfrom arrears.web.settings import configure\nfrom pathlib import Path\n"
              f"configure(Path({str(work.home)!r}))\nfrom arrears.work.actions import indexes\nindexes.BATCH, perform = 1, indexes.perform\n"
              "def killed(actor, verb, parameters, now):\n    if parameters['after']: os.kill(os.getpid(), signal.SIGKILL)\n    return perform(actor, verb, parameters, now)\n"
              "indexes.perform = killed\nvaults.vault()")
    ended = subprocess.run([sys.executable, "-c", script, "rotate", "blind", "--lender", lender, "--home", str(work.home)], env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                           capture_output=True, timeout=120)
    assert ended.returncode == -9, ended.stderr
    assert found(work, officer) == 4
    assert "3 look-up indexes" in rotate(work, lender, "--retire-older").error
    assert "Key 2 makes" in (done := rotate(work, lender).out) and "; 3 indexes were rebuilt" in done
    assert "1 older keys" in rotate(work, lender, "--retire-older").out and found(work, officer) == 4


def test_batches_end_where_the_cases_do_and_the_second_run_rebuilds_nothing(work, bank, monkeypatch):
    from arrears.work.actions import indexes

    lender, officer = bank
    monkeypatch.setattr(indexes, "BATCH", 1)
    assert "6 indexes were rebuilt" in rotate(work, lender).out
    assert "; 0 indexes were rebuilt" in rotate(work, lender).out
    assert [one.result["rebuilt"] for one in entries(lender, verb="vault.rotate")].count(3) == 2


def test_who_is_erased_is_left_out_and_stops_nobody(work, bank):
    from arrears.work.sealing import vault

    lender, _ = bank
    gone = rows(lender, "Party")[0]
    vault().shred(lender, str(gone.person), work.now)
    assert "3 indexes were rebuilt" in rotate(work, lender).out
    assert rotate(work, lender, "--retire-older").status == 0


def test_a_lender_without_tables_is_refused(work):
    from arrears.work.actions import indexes
    from arrears.work.actor import system
    from arrears.work.sealing import vault

    with pytest.raises(Refused, match="not known here"):
        indexes.rotate_blind_key(system("nobody"), vault(), work.now)
