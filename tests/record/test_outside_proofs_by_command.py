"""Stamps and anchors as an operator asks for them, by command, and as an auditor checks them, with the self-contained file."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from arrears import cli
from arrears.record import verify
from arrears.record.anchors import anchors_of, check_anchor, read_anchor
from arrears.record.append import Log
from arrears.record.bundle import bundle
from arrears.record.hashing import canonical, commitment
from arrears.record.places import places_of
from arrears.record.signing_key import make_key
from arrears.record.stamps import stamps_of
from record.evm_node import listening
from record.programs_beside import missing, needed
from record.time_authority import TimeAuthority

CONTENTS = [(canonical({"kind": "load", "lender": "bank-a", "source": f"load {number}", "at": "2026-11-02T02:00:00.000000Z"}), bytes([number]) * 32) for number in range(5)]


@pytest.fixture
def home(tmp_path) -> Path:
    """A home with a log of five entries."""
    home = tmp_path / "home"
    with Log.create(places_of(home).log, make_key(places_of(home).key, "lender.example/record", 0)) as log:
        log.extend(b"".join(commitment(salt, content) for content, salt in CONTENTS))
        log.publish()
    return home


def arrears(*words: object) -> tuple[int, str]:
    """The command's exit status, and all it said."""
    ran = CliRunner().invoke(cli.app, [*map(str, words), "--lang", "en"], catch_exceptions=False)
    return ran.exit_code, ran.output


def verifies(*words: object) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, verify.__file__, *map(str, words), "--lang", "en"], capture_output=True, text=True, timeout=120)


def test_an_operator_stamps_by_command_and_an_auditor_reads_the_time_in_log_and_bundle(home, tmp_path):
    needed("openssl", "openssl")
    authority, folder = TimeAuthority(tmp_path / "authority"), places_of(home).log
    (home / "root.pem").write_bytes(authority.root.read_bytes())
    with authority.listening() as url:
        (home / "settings.yaml").write_text(f"record:\n  stamps:\n    - url: {url}\n      certificate: root.pem\n")
        for words in ((), ("--url", url, "--certificate", authority.root)):
            status, said = arrears("record", "stamp", "--home", home, *words)
            assert status == 0 and "newest checkpoint is stamped" in said, said
    first, second = stamps_of(folder)
    with Log.open(folder) as log:
        key, body = log.keys[0], log.checkpoint().body.encode()
        (tmp_path / "bundle.json").write_text(json.dumps(bundle(log, 3, *CONTENTS[3])))
    assert authority.agrees(first.path, body) and authority.agrees(second.path, body)
    assert verifies("log", folder, "--key", key, "--tsa", authority.root).returncode == 0
    ran = verifies("bundle", tmp_path / "bundle.json", "--key", key, "--tsa", authority.root)
    assert ran.returncode == 0 and "CN=Authority" in ran.stdout, ran.stdout + ran.stderr
    assert verifies("bundle", tmp_path / "bundle.json", "--key", key, "--tsa", TimeAuthority(tmp_path / "other").root).returncode == 1
    status, said = arrears("record", "stamp", "--home", home)
    assert status != 0 and "cannot be reached" in said
    assert len(stamps_of(folder)) == 2 and verifies("log", folder, "--key", key, "--tsa", authority.root).returncode == 0


def test_an_operator_anchors_by_command_and_an_auditor_asks_the_chain(home, tmp_path):
    try:
        from eth_account import Account
        from web3 import EthereumTesterProvider, Web3
    except ImportError:
        missing("web3, eth-tester and py-evm are not installed, so anchors were not tried; run: make evm")
    chain, account, key, folder = Web3(EthereumTesterProvider()), Account.create(), home / "keys" / "anchor.key", places_of(home).log
    chain.eth.wait_for_transaction_receipt(chain.eth.send_transaction({"from": chain.eth.accounts[0], "to": account.address, "value": 10**18}))
    key.write_text(account.key.hex())
    key.chmod(0o600)
    with listening(chain) as url:
        asked = ("record", "anchor", "--home", home, "--url", url, "--account-key", key)
        status, said = arrears(*asked, "--deploy")
        assert status == 0, said
        path, = anchors_of(folder)
        contract = read_anchor(path).contract
        assert contract in said
        assert arrears(*asked, "--contract", contract)[0] == 0 and anchors_of(folder) == [path]
        status, said = arrears(*asked, "--contract", account.address)
        assert status != 0 and "another contract there, or none" in said
    with Log.open(folder) as log:
        assert check_anchor(path, log, chain, contract, account.address).anchor.size == 5
        assert verifies("log", folder, "--key", log.keys[0]).returncode == 0
    status, said = arrears(*asked, "--contract", contract)
    assert status != 0 and "no EVM node answers there" in said
