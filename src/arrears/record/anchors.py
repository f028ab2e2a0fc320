"""An anchor puts a checkpoint's size and root into a contract on an EVM chain, where the sender's later anchors can only be larger: an extra, for whoever has such a chain.

    LOG/anchors/<size>-<first 16 hex of SHA-256 of the file>.json    canonical JSON (RFC 8785): origin, size, root, and where the chain says so

It proves that the sender's account said this root for this size no later than the block, to who trusts the chain and knows the contract's and the sender's address from elsewhere than the log's folder.
It does not prove that the root is right, that there is no second log, or anything about a chain that its operators can rewrite. The contract is 178 bytes, laid open in RUNTIME below, and check_anchor
compares the chain's with it. web3 is imported only where a chain is opened: the core does without. Source: Ethereum Yellow Paper appendix H (instructions), Solidity contract ABI 2.0 (calls and events).
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785

from arrears.days import moment_of
from arrears.record.append import Log
from arrears.record.notes import Checkpoint
from arrears.record.stamps import keep, safe_address
from arrears.refusal import Refused
from arrears.vault.private_files import read_private

_LISTING = """
# Money sent along is refused: nothing here could give it back.
34                                         # 00 CALLVALUE
60 1e 57                                   # 01 PUSH1 refuse JUMPI
# Which of the two functions is asked for: the first four bytes of what was sent.
60 00 35                                   # 04 PUSH1 00 CALLDATALOAD
60 e0 1c                                   # 07 PUSH1 e0 SHR
80 63 4dc409c2 14 60 23 57                 # 0a DUP1 PUSH4 4dc409c2 EQ PUSH1 anchor JUMPI
80 63 c2a8119e 14 60 88 57                 # 14 DUP1 PUSH4 c2a8119e EQ PUSH1 anchored JUMPI
# refuse: undoes everything, also where neither was asked for.
5b                                         # 1e JUMPDEST
60 00 80 fd                                # 1f PUSH1 00 DUP1 REVERT
# anchor(origin, size, root): exactly 4 + 3 * 32 bytes were sent.
5b                                         # 23 JUMPDEST
60 64 36 03 60 1e 57                       # 24 PUSH1 64 CALLDATASIZE SUB PUSH1 refuse JUMPI
# slot = keccak256(sender, origin): everybody has places of their own, so nobody anchors in another's name.
33 60 00 52                                # 2b CALLER PUSH1 00 MSTORE
60 04 35 60 20 52                          # 2f PUSH1 04 CALLDATALOAD PUSH1 20 MSTORE
60 40 60 00 20                             # 35 PUSH1 40 PUSH1 00 SHA3
# Refused unless the new size is larger than the one at the slot.
80 54                                      # 3a DUP1 SLOAD
60 24 35 11                                # 3c PUSH1 24 CALLDATALOAD GT
15 60 1e 57                                # 40 ISZERO PUSH1 refuse JUMPI
# The slot gets the size, the one after it the root.
60 24 35 81 55                             # 44 PUSH1 24 CALLDATALOAD DUP2 SSTORE
60 44 35 90                                # 49 PUSH1 44 CALLDATALOAD SWAP1
60 01 01 55                                # 4d PUSH1 01 ADD SSTORE
# Anchored(sender, origin, size, root) is told to whoever reads the chain's logs.
60 24 35 60 00 52                          # 51 PUSH1 24 CALLDATALOAD PUSH1 00 MSTORE
60 44 35 60 20 52                          # 57 PUSH1 44 CALLDATALOAD PUSH1 20 MSTORE
60 04 35 33                                # 5d PUSH1 04 CALLDATALOAD CALLER
7f c66aa619d2fc4deead694d8329640f3aa1dba4a9bd1c5d5b7ce8c1f746b0e391 # 61 PUSH32 c66aa619…
60 40 60 00 a3                             # 82 PUSH1 40 PUSH1 00 LOG3
00                                         # 87 STOP
# anchored(sender, origin): exactly 4 + 2 * 32 bytes were sent.
5b                                         # 88 JUMPDEST
60 44 36 03 60 1e 57                       # 89 PUSH1 44 CALLDATASIZE SUB PUSH1 refuse JUMPI
60 04 35 60 00 52                          # 90 PUSH1 04 CALLDATALOAD PUSH1 00 MSTORE
60 24 35 60 20 52                          # 96 PUSH1 24 CALLDATALOAD PUSH1 20 MSTORE
60 40 60 00 20                             # 9c PUSH1 40 PUSH1 00 SHA3
# Size and root from the slot and the one after it; zero and zero where nothing was anchored.
80 54 60 00 52                             # a1 DUP1 SLOAD PUSH1 00 MSTORE
60 01 01 54 60 20 52                       # a6 PUSH1 01 ADD SLOAD PUSH1 20 MSTORE
60 40 60 00 f3                             # ad PUSH1 40 PUSH1 00 RETURN
"""
RUNTIME = bytes.fromhex("".join(line.partition("#")[0] for line in _LISTING.splitlines()))
"""The contract as it lies on the chain. Left of each # its bytes, right of it the place and the instructions."""
CREATION = bytes.fromhex("60b2 80 600b 6000 39 6000 f3") + RUNTIME
"""What makes it: PUSH1 178 DUP1 PUSH1 11 PUSH1 0 CODECOPY PUSH1 0 RETURN, and then RUNTIME, which it copies and returns."""
ABI = [
    {"type": "function", "name": "anchor", "stateMutability": "nonpayable", "outputs": [],
     "inputs": [{"name": "origin", "type": "bytes32"}, {"name": "size", "type": "uint256"}, {"name": "root", "type": "bytes32"}]},
    {"type": "function", "name": "anchored", "stateMutability": "view", "outputs": [{"name": "size", "type": "uint256"}, {"name": "root", "type": "bytes32"}],
     "inputs": [{"name": "sender", "type": "address"}, {"name": "origin", "type": "bytes32"}]},
    {"type": "event", "name": "Anchored", "anonymous": False,
     "inputs": [{"name": "sender", "type": "address", "indexed": True}, {"name": "origin", "type": "bytes32", "indexed": True}, {"name": "size", "type": "uint256", "indexed": False},
                {"name": "root", "type": "bytes32", "indexed": False}]},
]
FORMAT = "arrears-record-anchor/1"
PATIENCE_SECONDS = 120.0
LOOK_BACK_BLOCKS = 5_000
_MOST_BYTES = 1 << 14


class NoAnchor(Refused):
    """There is no anchor that holds; the log goes on without."""


@dataclass(frozen=True)
class Anchor:
    """What one file says. size: entries; root: 32 bytes, base64; chain: EIP-155 number; contract, sender: addresses with EIP-55 letters; transaction, block_hash: 0x and 64 hex digits; at: the block's time, RFC 3339 UTC."""

    origin: str
    size: int
    root: str
    chain: int
    contract: str
    sender: str
    transaction: str
    block: int
    block_hash: str
    at: str


@dataclass(frozen=True)
class Held:
    """An anchor that the chain confirms; confirmations: how many blocks, its own included, now stand on it."""

    anchor: Anchor
    confirmations: int


def open_chain(url: str, patience_seconds: float = 20.0) -> Any:
    """A web3 connection to the node at the address: https, or http to this machine. Raises Refused where the extra is not installed, the address is another, or no node answers."""
    safe_address(url, ("an EVM node", "EVM 节点"))
    web3 = _web3()
    chain = web3.Web3(web3.HTTPProvider(url, request_kwargs={"timeout": patience_seconds}))
    if not chain.is_connected():
        raise NoAnchor(f"{url}: no EVM node answers there; nothing was anchored and the log goes on: check the address, or try later", f"{url}：没有 EVM 节点应答；未锚定，日志照常运行：请核对地址或稍后再试")
    return chain


def open_account(path: Path) -> Any:
    """The account whose private key, 64 hex digits, is in the file; raises VaultRefused where others may read it, Refused where it is none."""
    text = read_private(path, "the account's key for the chain", "链上账户的私钥").decode("ascii", "replace").strip()
    _web3()
    from eth_account import Account

    try:
        return Account.from_key(bytes.fromhex(text.removeprefix("0x")))
    except ValueError:
        raise Refused(f"{path}: no private key of an EVM account (64 hex digits); put the account's key there", f"{path}：不是 EVM 账户私钥（64 位十六进制）；请放入该账户的私钥") from None


def deploy(chain: Any, account: Any, *, patience_seconds: float = PATIENCE_SECONDS) -> str:
    """The address of a new contract of this kind, paid by the account. Anybody may use it: every sender has places of their own. Raises NoAnchor."""
    with _answering():
        receipt = _send(chain, account, {"data": CREATION}, patience_seconds)
        return chain.to_checksum_address(receipt["contractAddress"])


def newest_anchored(chain: Any, contract: str, sender: str, origin: str) -> tuple[int, bytes]:
    """Size and root (32 bytes) of the sender's newest anchor of that log, as the chain says; (0, 32 zero bytes) where there is none. Raises NoAnchor where the contract is another."""
    with _answering():
        _is_ours(chain, contract)
        size, root = _contract(chain, contract).functions.anchored(sender, _origin(origin)).call()
        return size, bytes(root)


def anchor(log: Log, chain: Any, contract: str, account: Any, *, patience_seconds: float = PATIENCE_SECONDS) -> Path:
    """The file that says where the log's newest checkpoint is anchored; a checkpoint that the account anchored before is not sent again.

    chain: a web3 connection; account: one of eth_account, it signs here and pays. Raises NoAnchor where the chain holds a larger or another log of that name, does not answer in time, or has another contract at the address.
    """
    checkpoint = log.checkpoint()
    if checkpoint.size == 0:
        raise NoAnchor("the log is empty; there is nothing to anchor: record something first", "日志为空，没有可锚定的内容：请先产生记录")
    with _answering():
        said = _anchored(chain, contract, account, checkpoint, patience_seconds)
    return keep(log.folder / "anchors", said.size, ".json", rfc8785.dumps({"format": FORMAT, **asdict(said)}))


def anchors_of(folder: Path) -> list[Path]:
    """Every file of the log folder's anchors, by size and then name; read_anchor reads one."""
    found = [path for path in (folder / "anchors").glob("*") if ".tmp-" not in path.name] if (folder / "anchors").is_dir() else []
    return sorted(found, key=lambda path: (int(path.name.partition("-")[0]) if path.name.partition("-")[0].isdecimal() else 0, path.name))


def read_anchor(path: Path) -> Anchor:
    """What the file says; raises NoAnchor where it is none, or not the one its name says. Nothing is asked of a chain."""
    try:
        content = path.read_bytes()
        said = json.loads(content) if len(content) <= _MOST_BYTES else None
        if not isinstance(said, dict) or said.pop("format", None) != FORMAT or set(said) != set(Anchor.__dataclass_fields__):
            raise ValueError("other fields than an anchor's")
        if any(type(value) is not (int if name in ("size", "chain", "block") else str) for name, value in said.items()):
            raise ValueError("a field of another kind than an anchor's")
        found = Anchor(**said)
        if rfc8785.dumps({"format": FORMAT, **said}) != content or path.name != f"{found.size}-{sha256(content).hexdigest()[:16]}.json":
            raise ValueError("not canonical, or not the content its name says")
        if base64.b64encode(base64.b64decode(found.root, validate=True)).decode() != found.root or len(base64.b64decode(found.root)) != 32:
            raise ValueError("no root")
        return found
    except (OSError, ValueError, RecursionError) as problem:
        raise NoAnchor(f"{path}: no anchor that this log made, or a damaged one ({problem}); restore it from a copy, or move it away: the log stands without it, that one proof does not",
                       f"{path}：不是本日志的锚定记录，或已损坏（{problem}）；请从副本恢复或移走：日志本身不受影响，但失去这一份证明") from None


def check_anchor(path: Path, log: Log, chain: Any, contract: str, sender: str) -> Held:
    """What the chain confirms of the file: this sender, through exactly this contract's bytes, anchored the root that the log has at that size, in a block that still stands.

    contract, sender: the addresses as the auditor knows them, not as the file says. Raises NoAnchor with the first thing that is not so.
    """
    said = read_anchor(path)
    with _answering():
        _is_ours(chain, contract)
        expected = {"origin": log.origin, "chain": chain.eth.chain_id, "contract": chain.to_checksum_address(contract), "sender": chain.to_checksum_address(sender)}
        for name, value in expected.items():
            if getattr(said, name) != value:
                raise _false(path, f"it says {name} {getattr(said, name)}, expected was {value}", f"{name} 为 {getattr(said, name)}，应为 {value}")
        if said.size > log.size or log.root(said.size) != base64.b64decode(said.root):
            raise _false(path, f"the log does not have that root at {said.size} entries: it was rewritten, or is an older copy", f"日志在 {said.size} 条处不是该根：日志被改写，或只是较旧的副本")
        receipt = chain.eth.get_transaction_receipt(said.transaction)
        block = chain.eth.get_block(said.block)
        told = [event["args"] for event in _events(chain, contract, receipt)]
        if not (receipt["status"] == 1 and dict(sender=said.sender, origin=_origin(said.origin), size=said.size, root=base64.b64decode(said.root)) in [dict(one) for one in told]):
            raise _false(path, f"transaction {said.transaction} did not anchor this", f"交易 {said.transaction} 并未锚定该内容")
        at = f"{moment_of(block['timestamp'] * 1_000_000):%Y-%m-%dT%H:%M:%S.%fZ}"
        if (said.block, said.block_hash, said.at) != (receipt["blockNumber"], chain.to_hex(block["hash"]), at) or receipt["blockHash"] != block["hash"]:
            raise _false(path, f"the chain's block {said.block} is another one, or of another time ({at})", f"链上第 {said.block} 号区块与所述不同，或时间不同（{at}）")
        return Held(said, chain.eth.block_number - said.block + 1)


def _anchored(chain: Any, contract: str, account: Any, checkpoint: Checkpoint, patience_seconds: float) -> Anchor:
    """What the chain says of this checkpoint's anchor, sent now unless it stands there already."""
    size, root = newest_anchored(chain, contract, account.address, checkpoint.origin)
    if size > checkpoint.size or size == checkpoint.size and root != checkpoint.root:
        raise NoAnchor(f"{contract}: this account already anchored {checkpoint.origin} with {size} entries, root {root.hex()}; the log here has {checkpoint.size} entries, root {checkpoint.root.hex()}: it is older, or its history was changed. Find out which before anything else",
                       f"{contract}：该账户此前锚定的 {checkpoint.origin} 为 {size} 条、根 {root.hex()}；而本地日志为 {checkpoint.size} 条、根 {checkpoint.root.hex()}：本地日志较旧，或历史已被改动。请先查明原因")
    if size == checkpoint.size:
        receipt = _found_again(chain, contract, account.address, checkpoint)
    else:
        asked = _contract(chain, contract).encode_abi("anchor", [_origin(checkpoint.origin), checkpoint.size, checkpoint.root])
        receipt = _send(chain, account, {"to": contract, "data": asked}, patience_seconds)
    block = chain.eth.get_block(receipt["blockHash"])
    return Anchor(checkpoint.origin, checkpoint.size, base64.b64encode(checkpoint.root).decode(), chain.eth.chain_id, chain.to_checksum_address(contract), account.address,
                  chain.to_hex(receipt["transactionHash"]), block["number"], chain.to_hex(block["hash"]), f"{moment_of(block['timestamp'] * 1_000_000):%Y-%m-%dT%H:%M:%S.%fZ}")


def _false(path: Path, en: str, zh: str) -> NoAnchor:
    return NoAnchor(f"{path}: the anchor does not hold: {en}; keep the file and ask the lender", f"{path}：锚定不成立：{zh}；请保留该文件并向机构查询")


def _origin(origin: str) -> bytes:
    """What stands for the log's name on the chain."""
    return sha256(origin.encode()).digest()


def _contract(chain: Any, address: str) -> Any:
    return chain.eth.contract(address=chain.to_checksum_address(address), abi=ABI)


def _events(chain: Any, contract: str, receipt: Any) -> list[Any]:
    """The receipt's Anchored events of that contract; others' are left aside."""
    from web3.logs import DISCARD

    return [event for event in _contract(chain, contract).events.Anchored().process_receipt(receipt, errors=DISCARD) if event["address"] == chain.to_checksum_address(contract)]


def _is_ours(chain: Any, contract: str) -> None:
    if not chain.is_address(contract):
        raise Refused(f"{contract!r} is no address on an EVM chain: 0x and 40 hex digits; copy it whole", f"{contract!r} 不是 EVM 链上的地址（0x 加 40 位十六进制）；请完整复制")
    if bytes(chain.eth.get_code(chain.to_checksum_address(contract))) != RUNTIME:
        raise NoAnchor(f"{contract}: there is another contract there, or none, so what it says proves nothing; check the address and the chain", f"{contract}：该地址没有合约，或是其他合约，其内容不能证明任何事；请核对地址与所连接的链")


def _found_again(chain: Any, contract: str, sender: str, checkpoint: Checkpoint) -> Any:
    """The receipt of the transaction that anchored this checkpoint before, looked for in the newest blocks."""
    first = max(0, chain.eth.block_number - LOOK_BACK_BLOCKS)
    found = _contract(chain, contract).events.Anchored().get_logs(from_block=first, argument_filters={"sender": sender, "origin": _origin(checkpoint.origin)})
    for event in found:
        if event["args"]["size"] == checkpoint.size:
            return chain.eth.get_transaction_receipt(event["transactionHash"])
    raise NoAnchor(f"{contract}: this checkpoint is anchored already, longer ago than {LOOK_BACK_BLOCKS} blocks; its file is not made anew: wait for the log's next checkpoint", f"{contract}：该检查点早已锚定（超过 {LOOK_BACK_BLOCKS} 个区块之前），不再重建文件：请等待下一个检查点")


def _send(chain: Any, account: Any, asked: dict[str, Any], patience_seconds: float) -> Any:
    """The receipt of a transaction that the chain took."""
    transaction = {"from": account.address, "chainId": chain.eth.chain_id, "nonce": chain.eth.get_transaction_count(account.address, "pending"), "gasPrice": chain.eth.gas_price, "value": 0, **asked}
    transaction["gas"] = chain.eth.estimate_gas(transaction)
    transaction.pop("from")
    number = chain.eth.send_raw_transaction(account.sign_transaction(transaction).raw_transaction)
    receipt = chain.eth.wait_for_transaction_receipt(number, timeout=patience_seconds)
    if receipt["status"] != 1:
        raise NoAnchor(f"transaction {chain.to_hex(receipt['transactionHash'])} failed on the chain; nothing was anchored: look at it with the chain's own tools", f"交易 {chain.to_hex(receipt['transactionHash'])} 在链上执行失败；未锚定：请用该链的工具查看原因")
    return receipt


@contextmanager
def _answering() -> Iterator[None]:
    """Where the chain gives no answer, or refuses, NoAnchor says so in words."""
    from eth_utils.exceptions import ValidationError
    from web3.exceptions import Web3Exception

    try:
        yield
    except (Web3Exception, ValidationError, OSError) as problem:
        said = "".join(letter if letter.isprintable() else " " for letter in str(problem) or type(problem).__name__)[:200]
        raise NoAnchor(f"the chain refused or did not answer ({said}); if a transaction was sent it may still be taken, and running again finds it: check node, account and balance, then run again",
                       f"链拒绝请求或没有应答（{said}）；若交易已发出，仍可能被接受，再次运行会找到它：请检查节点、账户与余额后重试") from None


def _web3() -> Any:
    try:
        import web3
    except ImportError:
        raise Refused("anchoring needs the extra `evm`, which is not installed: pip install 'arrears[evm]', or make evm in a clone", "锚定需要扩展 evm，目前未安装：请执行 pip install 'arrears[evm]'，或在源码目录执行 make evm") from None
    return web3
