"""The bundle that opens one entry of the record to a stranger: content, salt, proof, checkpoint with its cosignatures, stamps and keys, in one JSON file.

Nothing in it says anything of other entries. It is checked with verify.py alone, and the log's key. Format: arrears-record-bundle/1; the proof is a C2SP tlog-proof.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from arrears.record import proofs
from arrears.record.append import Log
from arrears.record.hashing import canonical, commitment, leaf_hash
from arrears.record.notes import Checkpoint, proof_text, read_checkpoint, read_note
from arrears.refusal import Refused

FORMAT = "arrears-record-bundle/1"


def bundle(log: Log, index: int, content: str, salt: bytes, *, row: Mapping[str, Any] | None = None, field_salts: Mapping[str, bytes] | None = None,
           stamps: Iterable[bytes] | None = None, checkpoint: Checkpoint | None = None) -> dict[str, Any]:
    """The bundle of the entry at the index, whose content and salt are given, in the checkpoint given or the best there is (best_checkpoint).

    row: one row of the set under content.rows (row_of). field_salts: by name, those of withheld fields to be opened. stamps: DER; where None, those in the folder for that checkpoint.
    Raises Refused where content and salt are not what the log committed to at the index, where the row is not of the set, or where a field is not withheld.
    """
    found = checkpoint or best_checkpoint(log, index)
    if index >= found.size or log.commitments(index, index + 1) != commitment(salt, content):
        raise Refused(f"content and salt are not what the log holds as entry {index}; the record and the database differ there. Run arrears record status", f"内容与盐值同日志第 {index} 条不符，存证日志与数据库不一致。请运行 arrears record status")
    opened = _opened(content)
    result: dict[str, Any] = {"format": FORMAT, "content": content, "salt": salt.hex(), "proof": proof_text(index, log.inclusion(index, found.size), found.note)}
    if row is not None:
        _check_row(opened, row)
        result["row"] = dict(row)
    if field_salts:
        missing = sorted(set(field_salts) - set(opened.get("withheld", {})))
        if missing:
            raise Refused(f"{', '.join(missing)}: the content withholds no such field; name one of {', '.join(sorted(opened.get('withheld', {}))) or 'none'}", f"{'、'.join(missing)}：内容中没有这个不公开的字段；可选：{'、'.join(sorted(opened.get('withheld', {}))) or '无'}")
        result["field_salts"] = {name: value.hex() for name, value in sorted(field_salts.items())}
    result["stamps"] = [base64.b64encode(stamp).decode() for stamp in (_stamps(log, found) if stamps is None else stamps)]
    result["keys"] = list(log.keys)
    return result


def row_of(contents: list[str], salts: list[bytes], index: int) -> dict[str, Any]:
    """One row of a set, with its path to the set's root: what `bundle` takes as row. contents and salts: of the whole set, in its order."""
    tree = set_tree(contents, salts)
    return {"content": contents[index], "salt": salts[index].hex(), "index": index, "size": tree.size, "hashes": [base64.b64encode(beside).decode() for beside in tree.inclusion(index)]}


def set_tree(contents: list[str], salts: list[bytes]) -> proofs.Tree:
    """The tree over a set of rows; {"root": its root in base64, "size": n} is what the entry's content.rows says."""
    return proofs.Tree(b"".join(commitment(salt, content) for content, salt in zip(contents, salts, strict=True)))


def best_checkpoint(log: Log, index: int) -> Checkpoint:
    """The checkpoint to prove an entry in: the newest that others than the log have signed, else the newest of all; raises Refused where none covers the entry yet."""
    newest = log.checkpoint()
    if index >= newest.size:
        raise Refused(f"no checkpoint covers entry {index} yet (the newest has {newest.size} entries); run arrears record integrate", f"尚无检查点涵盖第 {index} 条（最新检查点共 {newest.size} 条）；请运行 arrears record integrate")
    if _has_others(newest.note, log.origin):
        return newest
    for note in log.newest_notes():
        if _has_others(note, log.origin):
            found = read_checkpoint(note)
            return found if found.size > index else newest
    return newest


def _has_others(note: str, origin: str) -> bool:
    """Whether others than the log have signed; after a change of key the log itself has signed twice."""
    return any(signature.name != origin for signature in read_note(note).signatures)


def _opened(content: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        value = None
    if not isinstance(value, dict) or canonical(value) != content:
        raise Refused("the content is no canonical JSON object (RFC 8785); give the text as it was committed to", "内容不是规范的 JSON 对象（RFC 8785）；请提供原样文本")
    return value


def _check_row(opened: dict[str, Any], row: Mapping[str, Any]) -> None:
    rows = opened.get("rows") or {}
    try:
        leaf = leaf_hash(commitment(bytes.fromhex(row["salt"]), row["content"]))
        path = [base64.b64decode(text, validate=True) for text in row["hashes"]]
        root = base64.b64decode(rows["root"], validate=True)
        is_row = rows["size"] == row["size"] and proofs.is_included(leaf, row["index"], row["size"], path, root)
    except (ValueError, KeyError, TypeError):
        is_row = False
    if not is_row:
        raise Refused("the row is not of the set whose root the entry holds; it was changed, or belongs to another night. Name the night it was decided in", "该行不属于条目所载根对应的集合：已被改动，或属于另一晚。请指明作出决定的那一晚")


def _stamps(log: Log, checkpoint: Checkpoint) -> list[bytes]:
    return [path.read_bytes() for path in sorted((log.folder / "stamps").glob(f"{checkpoint.size}-*.tsr"))]
