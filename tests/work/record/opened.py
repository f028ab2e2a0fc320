"""A leaf opened by plain Python: what its content must be, told from the rows of the log by another path than the code, and what its commitment must be."""

import json
from datetime import UTC
from hashlib import sha256

from django.db import connection

from arrears.work.models import Change, Entry, Leaf


def commitment(salt: bytes, content: str) -> bytes:
    return sha256(b"arrears record v1\n" + salt + content.encode()).digest()


def standing(leaf) -> tuple[int | None, bytes]:
    """The index of a leaf (None while it waits) and its commitment, as the database has them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT index, commitment FROM work_place WHERE leaf = %s UNION ALL SELECT NULL, commitment FROM work_waiting WHERE leaf = %s", [leaf, leaf])
        (index, found), = cursor.fetchall()
        return index, bytes(found)


def content_told(entry: Entry, withheld: dict) -> dict:
    """The content that the Entry's leaf must have, from the Entry and its Changes."""
    return {
        "kind": "entry", "lender": entry.lender, "entry": str(entry.id), "number": entry.number, "case": entry.case and str(entry.case), "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
        "actor": entry.actor and str(entry.actor), "actor_name": entry.actor_name, "roles": sorted(entry.roles), "via": entry.via, "verb": entry.verb, "purpose": entry.purpose,
        "parameters": entry.parameters, "result": entry.result, "policies": entry.policies, "refused": entry.is_refused, "key": entry.key, "withheld": withheld,
        "changes": [{"table": one.table, "operation": one.operation, "rows": one.rows, "ids": [str(key) for key in one.ids], "before": one.before and bytes(one.before).hex(), "after": one.after and bytes(one.after).hex()}
                    for one in Change.objects.filter(entry=entry).order_by("id")],
    }


def demand_leaf(entry: Entry) -> Leaf:
    """The Entry has one leaf; it opens, says what the Entry and its Changes say in canonical JSON, and the database committed to it. Within a transaction that sees them."""
    leaf = Leaf.objects.get(kind="entry", entry_id=entry.id)
    said = json.loads(leaf.content)
    assert said == content_told(entry, said["withheld"])
    assert leaf.content == json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert (leaf.id, leaf.case, leaf.at, leaf.lender) == (entry.id, entry.case, entry.at, entry.lender)
    assert bytes(leaf.salt) == sha256(b"arrears record salt v1\n" + bytes(entry.salt)).digest()
    assert standing(leaf.id)[1] == commitment(bytes(leaf.salt), leaf.content)
    return leaf
