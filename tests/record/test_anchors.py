"""Anchors are made on a real EVM (py-evm) in this process, and asked back by web3, which knows the contract only by the published ABI."""

import json
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from arrears.record.anchors import (
    ABI,
    CREATION,
    RUNTIME,
    NoAnchor,
    anchor,
    anchors_of,
    check_anchor,
    deploy,
    newest_anchored,
    open_account,
    open_chain,
    read_anchor,
)
from arrears.record.append import Log
from arrears.record.signing_key import make_key
from arrears.refusal import Refused
from record.programs_beside import missing

_RECURSION = sys.getrecursionlimit()
"""As it was before py-evm, which sets it to 100,000 when it is imported: past it C code of other tests in this process runs out of stack."""
try:
    from eth_account import Account
    from eth_tester.exceptions import TransactionFailed
    from eth_utils import keccak
    from web3 import EthereumTesterProvider, Web3
    from web3.exceptions import Web3Exception
except ImportError:
    missing("web3, eth-tester and py-evm are not installed, so anchors were not tried; run: make evm")

sys.setrecursionlimit(_RECURSION)

ORIGIN = "lender.example/record"


@pytest.fixture(scope="module")
def chain():
    return Web3(EthereumTesterProvider())


@pytest.fixture(scope="module")
def account(chain):
    return rich(chain)


@pytest.fixture(scope="module")
def contract(chain, account):
    return deploy(chain, account)


@pytest.fixture
def log(tmp_path, request):
    """A log of five entries under a name of its own, so that no test's anchors stand in the way of another's."""
    with made(tmp_path / "log", f"{ORIGIN}/{sha256(request.node.name.encode()).hexdigest()[:8]}", "one", 5) as log:
        yield log


def made(folder: Path, origin: str, history: str, size: int) -> Log:
    """A log of that many entries, published; one history's entries are not another's."""
    log = Log.create(folder, make_key(folder.parent / f"{folder.name}.key", origin, 0))
    grow(log, history, size)
    return log


def grow(log: Log, history: str, size: int) -> None:
    log.extend(b"".join(sha256(f"{history} {number}".encode()).digest() for number in range(log.size, size)))
    log.publish()


def rich(chain):
    """A new account with enough to pay for what it sends."""
    made = Account.create()
    chain.eth.wait_for_transaction_receipt(chain.eth.send_transaction({"from": chain.eth.accounts[0], "to": made.address, "value": 10**18}))
    return made


def called(chain, contract):
    return chain.eth.contract(address=contract, abi=ABI).functions


def refuses(chain, account, contract, data: str, value: int = 0) -> bool:
    try:
        chain.eth.call({"from": account.address, "to": contract, "data": data, "value": value})
    except (Web3Exception, TransactionFailed):
        return True
    return False


def test_the_signatures_in_the_contract_are_those_of_its_abi():
    assert RUNTIME.count(keccak(text="anchor(bytes32,uint256,bytes32)")[:4]) == 1
    assert RUNTIME.count(keccak(text="anchored(address,bytes32)")[:4]) == 1
    assert RUNTIME.count(keccak(text="Anchored(address,bytes32,uint256,bytes32)")) == 1


def test_every_jump_goes_to_a_place_made_for_it_and_nothing_calls_out_or_destroys():
    at, pushed, found, targets = 0, None, {}, []
    while at < len(RUNTIME):
        code = RUNTIME[at]
        found[at] = code
        if code == 0x57:
            targets.append(pushed)
        width = code - 0x5F if 0x60 <= code <= 0x7F else 0
        pushed = int.from_bytes(RUNTIME[at + 1:at + 1 + width], "big") if width else None
        at += 1 + width
    assert at == len(RUNTIME) == 178
    assert len(targets) == 6 and all(found[target] == 0x5B for target in targets)
    assert not {0xF0, 0xF1, 0xF2, 0xF4, 0xF5, 0xFA, 0xFF} & set(found.values())


def test_the_listing_beside_the_bytes_is_what_the_bytes_are():
    from arrears.record import anchors

    names = {0x00: "STOP", 0x01: "ADD", 0x03: "SUB", 0x11: "GT", 0x14: "EQ", 0x15: "ISZERO", 0x1C: "SHR", 0x20: "SHA3", 0x33: "CALLER", 0x34: "CALLVALUE", 0x35: "CALLDATALOAD", 0x36: "CALLDATASIZE",
             0x52: "MSTORE", 0x54: "SLOAD", 0x55: "SSTORE", 0x57: "JUMPI", 0x5B: "JUMPDEST", 0x60: "PUSH1", 0x63: "PUSH4", 0x7F: "PUSH32", 0x80: "DUP1", 0x81: "DUP2", 0x90: "SWAP1", 0xA3: "LOG3",
             0xF3: "RETURN", 0xFD: "REVERT"}
    places = {"refuse": 0x1E, "anchor": 0x23, "anchored": 0x88}
    seen = 0
    for line in anchors._LISTING.strip().splitlines():
        left, _, right = line.partition("#")
        if not left.strip():
            continue
        content, said = bytes.fromhex(left), right.split()
        assert int(said[0], 16) == seen
        at, words = 0, []
        while at < len(content):
            width = content[at] - 0x5F if 0x60 <= content[at] <= 0x7F else 0
            words.append(names[content[at]])
            if width:
                words.append(content[at + 1:at + 1 + width].hex())
            at += 1 + width
        assert words == [f"{places[word]:02x}" if word in places else words[place] if word.endswith("…") and words[place].startswith(word[:-1]) else word for place, word in enumerate(said[1:])]
        seen += len(content)
    assert seen == len(RUNTIME)


def test_what_is_deployed_is_exactly_the_bytes_laid_open(chain, contract):
    assert bytes(chain.eth.get_code(contract)) == RUNTIME
    assert CREATION.endswith(RUNTIME)


def test_the_contract_keeps_the_newest_of_every_sender_and_name_apart(chain, contract):
    first, second = rich(chain), rich(chain)
    told = {}
    for number, (who, origin) in enumerate((who, origin) for who in (first, second) for origin in (b"a" * 32, b"b" * 32)):
        for size in (number + 1, number + 1000, 2**62 + number):
            root = sha256(bytes([number]) + size.to_bytes(8, "big")).digest()
            chain.eth.wait_for_transaction_receipt(chain.eth.send_raw_transaction(who.sign_transaction({
                "to": contract, "data": chain.eth.contract(abi=ABI).encode_abi("anchor", [origin, size, root]), "value": 0, "gas": 200_000, "gasPrice": chain.eth.gas_price, "chainId": chain.eth.chain_id,
                "nonce": chain.eth.get_transaction_count(who.address)}).raw_transaction))
            told[who.address, origin] = [size, root]
            assert {key: called(chain, contract).anchored(*key).call() for key in told} == told
    assert called(chain, contract).anchored(first.address, b"c" * 32).call() == [0, bytes(32)]


def test_the_contract_refuses_the_same_size_a_smaller_one_money_and_what_it_does_not_know(chain, account, contract, log):
    anchor(log, chain, contract, account)
    origin, encode = sha256(log.origin.encode()).digest(), chain.eth.contract(abi=ABI).encode_abi
    larger = encode("anchor", [origin, 6, bytes(32)])
    assert not refuses(chain, account, contract, larger)
    assert refuses(chain, account, contract, encode("anchor", [origin, 5, log.root(5)]))
    assert refuses(chain, account, contract, encode("anchor", [origin, 4, log.root(5)]))
    assert refuses(chain, account, contract, encode("anchor", [origin, 0, bytes(32)]))
    assert refuses(chain, account, contract, larger, value=1)
    assert refuses(chain, account, contract, encode("anchored", [account.address, origin]), value=1)
    assert refuses(chain, account, contract, larger[:-2]) and refuses(chain, account, contract, larger + "00")
    assert refuses(chain, account, contract, "0x") and refuses(chain, account, contract, "0x12345678")
    assert called(chain, contract).anchored(account.address, origin).call() == [5, log.root(5)]


def test_a_checkpoint_is_anchored_and_the_chain_confirms_it(chain, account, contract, log):
    path = anchor(log, chain, contract, account)
    assert path == log.folder / "anchors" / f"5-{sha256(path.read_bytes()).hexdigest()[:16]}.json"
    assert newest_anchored(chain, contract, account.address, log.origin) == (5, log.root(5))
    held = check_anchor(path, log, chain, contract, account.address)
    block = chain.eth.get_block(held.anchor.block)
    assert (held.confirmations, held.anchor.size, held.anchor.block_hash) == (chain.eth.block_number - block["number"] + 1, 5, chain.to_hex(block["hash"]))
    grow(log, "one", 9)
    later = anchor(log, chain, contract, account)
    assert anchors_of(log.folder) == [path, later]
    assert check_anchor(later, log, chain, contract, account.address).anchor.size == 9
    assert check_anchor(path, log, chain, contract, account.address).confirmations == held.confirmations + 1


def test_a_checkpoint_that_is_anchored_already_is_found_again_and_costs_nothing(chain, account, contract, log):
    path = anchor(log, chain, contract, account)
    content, before = path.read_bytes(), chain.eth.get_balance(account.address)
    path.unlink()
    assert anchor(log, chain, contract, account) == path and path.read_bytes() == content
    assert chain.eth.get_balance(account.address) == before


def test_an_older_or_another_history_under_the_same_name_is_refused_before_anything_is_sent(chain, account, contract, log, tmp_path):
    grow(log, "one", 9)
    anchor(log, chain, contract, account)
    before = chain.eth.block_number
    for name, history, size in (("older", "one", 5), ("other", "another", 9), ("nothing", "one", 0)):
        with made(tmp_path / name, log.origin, history, size) as book, pytest.raises(NoAnchor, match="its history was changed|log is empty") as caught:
            anchor(book, chain, contract, account)
        assert "历史已被改动" in caught.value.zh or "日志为空" in caught.value.zh
        assert anchors_of(book.folder) == []
    assert (chain.eth.block_number, len(anchors_of(log.folder))) == (before, 1)


def test_an_anchor_does_not_hold_for_a_rewritten_log_another_sender_contract_or_name(chain, account, contract, log, tmp_path):
    path = anchor(log, chain, contract, account)
    for name, origin, history, size, words in (("rewritten", log.origin, "another", 5, "does not have that root"), ("grown", log.origin, "another", 9, "does not have that root"),
                                               ("shorter", log.origin, "one", 4, "does not have that root"), ("named", "other.example", "one", 5, "says origin")):
        with made(tmp_path / name, origin, history, size) as book, pytest.raises(NoAnchor, match=words):
            check_anchor(path, book, chain, contract, account.address)
    with pytest.raises(NoAnchor, match="says sender"):
        check_anchor(path, log, chain, contract, rich(chain).address)
    with pytest.raises(NoAnchor, match="says contract"):
        check_anchor(path, log, chain, deploy(chain, account), account.address)
    with pytest.raises(NoAnchor, match="another contract there, or none"):
        check_anchor(path, log, chain, account.address, account.address)
    with pytest.raises(Refused, match="no address"):
        check_anchor(path, log, chain, "0x1234", account.address)


@pytest.mark.parametrize(("field_", "value", "words"), [
    ("root", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "does not have that root"), ("size", 6, "does not have that root"), ("chain", 1, "says chain"), ("block", 1, "another one"),
    ("block_hash", "0x" + "00" * 32, "another one"), ("at", "2026-01-01T00:00:00.000000Z", "of another time"), ("transaction", "0x" + "00" * 32, "did not answer"), ("origin", "x", "says origin"),
])
def test_a_file_that_claims_another_thing_than_the_chain_does_is_refused(chain, account, contract, log, field_, value, words):
    said = json.loads(anchor(log, chain, contract, account).read_bytes())
    content = json.dumps({**said, field_: value}, sort_keys=True, separators=(",", ":")).encode()
    forged = log.folder / "anchors" / f"{value if field_ == 'size' else 5}-{sha256(content).hexdigest()[:16]}.json"
    forged.write_bytes(content)
    with pytest.raises(NoAnchor, match=words):
        check_anchor(forged, log, chain, contract, account.address)


def test_a_transaction_that_anchored_something_else_is_no_proof(chain, account, contract, log):
    said = json.loads(anchor(log, chain, contract, account).read_bytes())
    grow(log, "one", 9)
    other = read_anchor(anchor(log, chain, contract, account))
    content = json.dumps({**said, "transaction": other.transaction, "block": other.block, "block_hash": other.block_hash, "at": other.at}, sort_keys=True, separators=(",", ":")).encode()
    forged = log.folder / "anchors" / f"5-{sha256(content).hexdigest()[:16]}.json"
    forged.write_bytes(content)
    with pytest.raises(NoAnchor, match="did not anchor this"):
        check_anchor(forged, log, chain, contract, account.address)


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b"null", b'{"format":"arrears-record-anchor/1"}', b"x" * 20_000, b"\xff"])
def test_a_file_that_is_no_anchor_is_refused_in_words(tmp_path, content):
    path = tmp_path / f"5-{sha256(content).hexdigest()[:16]}.json"
    path.write_bytes(content)
    with pytest.raises(NoAnchor, match="no anchor that this log made"):
        read_anchor(path)


def test_a_changed_byte_in_an_anchor_s_file_is_found(chain, account, contract, log):
    path = anchor(log, chain, contract, account)
    content = path.read_bytes()
    for at in range(0, len(content), 5):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1:])
        with pytest.raises(NoAnchor):
            read_anchor(path)


def test_a_block_that_the_chain_took_back_takes_the_anchor_with_it(chain, account, contract, log):
    tester = chain.provider.ethereum_tester
    before = tester.take_snapshot()
    path = anchor(log, chain, contract, account)
    assert check_anchor(path, log, chain, contract, account.address).confirmations == 1
    tester.revert_to_snapshot(before)
    tester.mine_blocks(3)
    with pytest.raises(NoAnchor):
        check_anchor(path, log, chain, contract, account.address)


def test_an_account_without_money_is_refused_in_words_and_nothing_is_kept(chain, contract, log):
    with pytest.raises(NoAnchor, match="chain refused or did not answer"):
        anchor(log, chain, contract, Account.create())
    assert anchors_of(log.folder) == []


def test_a_node_that_does_not_answer_is_told():
    with pytest.raises(NoAnchor, match="no EVM node answers there"):
        open_chain("http://127.0.0.1:9/", patience_seconds=0.5)
    with pytest.raises(Refused, match="no address of an EVM node"):
        open_chain("http://node.example/")


def test_an_account_is_read_from_a_file_that_only_its_owner_may_read(tmp_path):
    made = Account.create()
    path = tmp_path / "account.key"
    path.write_text(made.key.hex() + "\n")
    path.chmod(0o600)
    assert open_account(path).address == made.address
    path.chmod(0o644)
    with pytest.raises(Refused, match="chmod 600"):
        open_account(path)
    path.chmod(0o600)
    path.write_text("no key")
    with pytest.raises(Refused, match="no private key"):
        open_account(path)
