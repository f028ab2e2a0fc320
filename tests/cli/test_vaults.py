"""The commands of the vault, over a real database of a home: made once, rotated, checked, and every refusal with its sentence and exit status 2."""

import json
import os
import subprocess
import sys
import uuid

import psycopg
import pytest
from typer.testing import CliRunner

from arrears.cli import vaults
from arrears.vault.handover import read_public_key
from arrears.vault.vault import Cell, Sealed, open_vault
from plain_books import Ran
from vault import conftest as places

keys_server, empty_installation, cheap_derivation = places.keys_server, places.empty_installation, places.cheap_derivation


@pytest.fixture
def home(empty_installation, monkeypatch):
    """A home whose databases are of the throw-away server: KEYS of its own, cases of all, as nothing here looks at cases."""
    for name in ("app", "owner"):
        place, middle = getattr(empty_installation, name), "" if name == "app" else "_OWNER"
        start = f"postgresql://{place['user']}:{place['password']}@"
        monkeypatch.setenv(f"DATABASE{middle}_URL", f"{start}/cases?host={place['host']}")
        monkeypatch.setenv(f"KEYS_DATABASE{middle}_URL", f"{start}/{place['dbname']}?host={place['host']}")
    return empty_installation


def vault(*words, lang="en") -> Ran:
    result = CliRunner().invoke(vaults.vault, [*(str(word) for word in words), "--lang", lang], catch_exceptions=False)
    return Ran(result.exit_code, result.stdout, result.stderr)


def at(home):
    return ("--home", home.home)


def sealed_people(home, count=5):
    opened = open_vault(home.home, home.app)
    cells = [Cell(str(uuid.uuid4()), "work_party", "name_sealed", str(turn), f"person {turn}") for turn in range(count)]
    sealed = [Sealed(cell.person, cell.table, cell.column, cell.row, one) for cell, one in zip(cells, opened.seal("bank", cells), strict=True)]
    opened.blind("bank", "phone", ["13800138000"])
    opened.close()
    return sealed, [cell.text for cell in cells]


def texts(home, sealed):
    opened = open_vault(home.home, home.app)
    try:
        return opened.open("bank", sealed)
    finally:
        opened.close()


def test_init_says_where_the_passphrase_lies_and_a_second_one_changes_nothing(home):
    first = vault("init", *at(home))
    assert first.status == 0 and "The vault is ready" in first.out and "in production move it" in first.out
    before = {path.name: path.read_bytes() for path in (home.home / "keys").iterdir()}
    again = vault("init", *at(home), lang="zh")
    assert again.status == 0 and "保险库已就绪" in again.out and "口令" not in again.out
    assert {path.name: path.read_bytes() for path in (home.home / "keys").iterdir()} == before
    assert before["passphrase"].decode().strip() not in first.out + first.error


def test_before_init_every_command_says_what_to_run(home):
    for words in (("status",), ("public-key",), ("check",), ("rotate", "provider")):
        ran = vault(*words, *at(home))
        assert ran.status == 2 and "arrears vault init" in ran.error and not ran.out


def test_the_public_key_is_one_line_and_stays(home):
    vault("init", *at(home))
    one, two = vault("public-key", *at(home)), vault("public-key", *at(home))
    assert one.out == two.out and read_public_key(one.out).mark in vault("status", *at(home)).out


def test_every_key_is_rotated_and_everything_still_opens(home):
    vault("init", *at(home))
    sealed, expected = sealed_people(home)
    public = vault("public-key", *at(home)).out
    steps = (("provider",), ("provider", "--retire", 1), ("lender", "--lender", "bank"), ("handover",), ("handover", "--retire-older"))
    for step in steps:
        ran = vault("rotate", *step, *at(home))
        assert ran.status == 0 and ran.out, ran
        assert texts(home, sealed) == expected
    assert vault("public-key", *at(home)).out != public
    found = json.loads(vault("status", *at(home), "--json").out)
    assert found["provider_keys"] == {"1": "retired", "2": "living"} and found["under_older_provider_keys"] == 0
    bank = found["lenders"]["bank"]
    assert bank["persons"] == 5 and bank["data_keys_under"] == {"2": 5} and not bank["rotation_unfinished"]
    assert [key["retired"] for key in bank["wrap"]] == [True, False]
    assert "5 data keys were opened; 0 findings" in vault("check", *at(home)).out


def test_status_tells_of_a_rotation_that_was_not_ended(home):
    from arrears.vault import rotation

    vault("init", *at(home))
    sealed_people(home)
    opened = open_vault(home.home, home.app)
    opened.provider.rotate(1)
    opened.store.within(lambda connection: rotation._begun(opened, connection, "bank", 1))
    opened.close()
    said = vault("status", *at(home))
    assert "still under an older key of the provider" in said.out and "a rotation was not ended: run arrears vault rotate lender --lender bank" in said.out
    assert "轮换未完成" in vault("status", *at(home), lang="zh").out
    vault("rotate", "lender", "--lender", "bank", *at(home))
    assert "not ended" not in vault("status", *at(home)).out


def test_check_names_what_does_not_open_and_ends_with_1(home):
    vault("init", *at(home))
    sealed, _ = sealed_people(home)
    home.sql("UPDATE vault.data_key SET wrapped = set_byte(wrapped, 40, get_byte(wrapped, 40) # 1) WHERE person = %s", [sealed[2].person])
    ran = vault("check", *at(home))
    assert ran.status == 1 and "1 findings" in ran.out and sealed[2].person in ran.out
    assert "发现 1 处问题" in vault("check", *at(home), lang="zh").out


def test_check_says_whose_keys_do_not_open_under_a_key_that_was_retired_since(home):
    vault("init", *at(home))
    sealed_people(home)
    before = home.sql("SELECT tenant, purpose, number, kek_number, wrapped FROM vault.tenant_key")
    pair = home.sql("SELECT number, kek_number, wrapped FROM vault.handover_key")
    vault("rotate", "provider", *at(home))
    vault("rotate", "provider", "--retire", 1, *at(home))
    for tenant, purpose, number, kek, wrapped in before:  # as a restore of an older backup of keys brings them back
        home.sql("UPDATE vault.tenant_key SET kek_number = %s, wrapped = %s WHERE tenant = %s AND purpose = %s AND number = %s", [kek, wrapped, tenant, purpose, number])
    for number, kek, wrapped in pair:
        home.sql("UPDATE vault.handover_key SET kek_number = %s, wrapped = %s WHERE number = %s", [kek, wrapped, number])
    ran = vault("check", *at(home))
    assert ran.status == 1 and "the keys of lender bank: " in ran.out and "the pair for handovers: " in ran.out and ran.out.count("was rotated away and retired") == 2
    assert "机构 bank 的密钥：" in vault("check", *at(home), lang="zh").out


def test_a_mistyped_home_is_neither_made_nor_started(home, tmp_path):
    there = tmp_path / "mistyped"
    for words in (("status",), ("check",), ("rotate", "provider"), ("public-key",)):
        ran = vault(*words, "--home", there)
        assert ran.status == 2 and "there is no such home" in ran.error and not there.exists()


def test_the_passphrase_is_changed(home):
    vault("init", *at(home))
    sealed, expected = sealed_people(home)
    before = (home.home / "keys" / "passphrase").read_text()
    ran = vault("passphrase", "change", *at(home))
    after = (home.home / "keys" / "passphrase").read_text()
    assert ran.status == 0 and before != after and after.strip() not in ran.out and texts(home, sealed) == expected
    assert "a passphrase was made" in ran.out


def test_a_passphrase_that_was_given_is_not_said_to_have_been_made_and_a_missing_one_is_named(home, monkeypatch):
    vault("init", *at(home))
    before = {path.name: path.read_bytes() for path in (home.home / "keys").iterdir()}
    given = home.home / "new"
    monkeypatch.setenv("ARREARS_KEY_NEW_PASSPHRASE_FILE", str(given))
    for lang, said in (("en", "the new passphrase of the keys is not there, though ARREARS_KEY_NEW_PASSPHRASE_FILE names this file"), ("zh", "缺少新的密钥口令")):
        missing = vault("passphrase", "change", *at(home), lang=lang)
        assert missing.status == 2 and said in missing.error and str(given) in missing.error and "vault init" not in missing.error
    assert {path.name: path.read_bytes() for path in (home.home / "keys").iterdir()} == before
    given.write_text("nine quiet herons walk\n")
    given.chmod(0o600)
    ran = vault("passphrase", "change", *at(home))
    assert ran.status == 0 and "the new passphrase that was given" in ran.out and "was made" not in ran.out
    assert (home.home / "keys" / "passphrase").read_text() == given.read_text()


def test_where_the_keys_are_is_said_in_words(home):
    path = home.home / "keys" / "sealed.json"
    assert f"the sealed key file {path}" in vault("init", *at(home)).out
    assert f"密封密钥文件 {path}" in vault("status", *at(home), lang="zh").out and f"the sealed key file {path}" in vault("status", *at(home)).out
    assert json.loads(vault("status", *at(home), "--json").out)["provider"] == {"en": f"the sealed key file {path}", "zh": f"密封密钥文件 {path}"}


@pytest.mark.parametrize(("words", "said"), [
    (("rotate", "kek"), ("no such key", "没有这种密钥")), (("rotate", "lender"), ("--lender CODE", "--lender")), (("rotate", "provider", "--lender", "bank"), ("--lender CODE", "--lender")),
    (("rotate", "handover", "--retire", "1"), ("--retire NUMBER", "--retire")), (("rotate", "provider", "--retire-older"), ("--retire-older", "--retire-older")),
    (("rotate", "lender", "--lender", "nobody"), ("has no keys here", "没有该机构的密钥")), (("rotate", "provider", "--retire", "1"), ("still under", "仍有")), (("rotate", "provider", "--retire", "7"), ("still under", "仍有")),
])
def test_words_that_make_no_sense_are_refused(home, words, said):
    vault("init", *at(home))
    for lang, first in zip(("en", "zh"), said, strict=True):
        ran = vault(*words, *at(home), lang=lang)
        assert ran.status == 2 and first in ran.error.splitlines()[0] and not ran.out


def test_without_a_database_or_with_a_wrong_passphrase_a_sentence_is_said_and_no_secret(home, monkeypatch):
    vault("init", *at(home))
    (home.home / "keys" / "passphrase").write_text("another passphrase\n")
    ran = vault("status", *at(home))
    assert ran.status == 2 and "does not open it" in ran.error and "another passphrase" not in ran.error
    monkeypatch.setenv("KEYS_DATABASE_URL", f"postgresql://arrears_app:wrong-word@/{home.app['dbname']}?host={home.app['host']}")
    ran = vault("status", *at(home))
    assert ran.status == 2 and "wrong-word" not in ran.error + ran.out


def test_a_rotation_by_a_command_that_is_killed_goes_on_with_the_next(home):
    vault("init", *at(home))
    sealed, expected = sealed_people(home, 40)
    script = "from arrears.vault import rotation; rotation.BATCH = 4\nimport os, signal\nfrom arrears.vault import vault as v\nwrap = rotation._wrapped_batch\ncount = 0\n" \
             "def batch(*said):\n    global count\n    count += 1\n    if count == 5: os.kill(os.getpid(), signal.SIGKILL)\n    return wrap(*said)\nrotation._wrapped_batch = batch\n" \
             "from arrears.cli import vaults\nvaults.vault()"
    ended = subprocess.run([sys.executable, "-c", script, "rotate", "lender", "--lender", "bank", "--home", home.home], env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}, capture_output=True, timeout=60)
    assert ended.returncode == -9, ended.stderr
    assert dict(home.sql("SELECT tenant_key_number, count(*) FROM vault.data_key GROUP BY 1")) == {1: 24, 2: 16}
    assert texts(home, sealed) == expected
    assert "24 data keys were wrapped anew" in vault("rotate", "lender", "--lender", "bank", *at(home)).out
    with psycopg.connect(**home.superuser) as connection:
        assert connection.execute("SELECT count(*) FROM vault.data_key WHERE tenant_key_number = 2").fetchone() == (40,)
    assert texts(home, sealed) == expected
