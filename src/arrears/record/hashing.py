"""The hashes that the record is made of: commitments, leaves, nodes, and the digests of what a content withholds.

    commitment = SHA-256("arrears record v1\\n" || salt || content)         the log's entry, 32 bytes
    leaf       = SHA-256(0x00 || commitment)      node = SHA-256(0x01 || left || right)
    leaf salt  = SHA-256("arrears record salt v1\\n" || entry salt)
    field salt = SHA-256("arrears field salt v1\\n" || entry salt || name)
    field      = SHA-256("arrears field v1\\n" || field salt || value as RFC 8785 JSON)

A commitment says nothing of its content to whoever has not the salt; with the salt destroyed nobody can open it again, and the tree above it stands.
Source: RFC 6962 section 2.1, RFC 9162 section 2.1.1 (0x00 and 0x01 keep leaf and node apart), RFC 8785.
"""

from hashlib import sha256
from typing import Any

import rfc8785

from arrears.refusal import Refused

HASH_BYTES = 32
SALT_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 section 2.1.1)."""


def commitment(salt: bytes, content: str) -> bytes:
    """The entry of the log for one content, 32 bytes; raises Refused where the salt has not exactly 32 bytes or the content is no UTF-8."""
    if len(salt) != SALT_BYTES:
        raise Refused(f"a salt of {len(salt)} bytes: a commitment needs exactly {SALT_BYTES}, or salt and content could be parted elsewhere; give the salt as it was made",
                      f"盐值为 {len(salt)} 字节：承诺值需要正好 {SALT_BYTES} 字节；请提供原始盐值")
    return sha256(b"arrears record v1\n" + salt + _utf8(content)).digest()


def leaf_hash(entry: bytes) -> bytes:
    """The leaf of the tree for one commitment."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node above two nodes."""
    return sha256(b"\x01" + left + right).digest()


def leaf_hashes(commitments: bytes) -> bytes:
    """The leaves for concatenated commitments, concatenated."""
    return b"".join([sha256(b"\x00" + commitments[at:at + 32]).digest() for at in range(0, len(commitments), 32)])


def nodes_above(hashes: bytes) -> bytes:
    """The nodes above concatenated hashes, taken two by two, concatenated; an odd last one has none yet."""
    return b"".join([sha256(b"\x01" + hashes[at:at + 64]).digest() for at in range(0, len(hashes) - 63, 64)])


def leaf_salt(entry_salt: bytes) -> bytes:
    """The salt of an entry's leaf; giving it away says nothing of the entry's own salt."""
    return sha256(b"arrears record salt v1\n" + entry_salt).digest()


def field_salt(entry_salt: bytes, name: str) -> bytes:
    """The salt of one withheld field of an entry; giving it away opens that field and no other."""
    return sha256(b"arrears field salt v1\n" + entry_salt + _utf8(name)).digest()


def field_digest(salt: bytes, value: Any) -> str:
    """What stands in a content's "withheld" for a value, as hex; salt is the field's own."""
    return sha256(b"arrears field v1\n" + salt + _utf8(canonical(value))).hexdigest()


def canonical(value: Any) -> str:
    """The one JSON text of a value (RFC 8785); raises Refused for fractions, for whole numbers of 2^53 and more, for text that is no UTF-8 and for what JSON has not."""
    try:
        _whole(value)
        return rfc8785.dumps(value).decode("utf-8")
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as problem:
        raise Refused(f"the content cannot be written as RFC 8785 JSON ({problem}): other programs would read another value; give whole numbers below 2^53 and valid text",
                      f"内容无法写成 RFC 8785 规范 JSON（{problem}）：其他程序会读出不同的值；请使用绝对值小于 2^53 的整数和有效文本") from None


def _whole(value: Any) -> None:
    if isinstance(value, float):
        raise Refused(f"the number {value!r} in a content of the record has a fraction or is kept as one: programs print fractions differently; give whole units, such as cents",
                      f"存证内容中的数值 {value!r} 是小数：不同程序的写法不同；请使用整数单位，例如分")
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise Refused(f"{name!r} names a field in a content of the record: names are text; give text", f"存证内容中的字段名 {name!r} 不是文本；请使用文本")
            _whole(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _whole(inner)


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused("the text for the record holds half a character (a lone surrogate), which no file can hold; mend the text where it comes from",
                      "要存证的文本含有残缺字符（孤立代理项），无法写入文件；请在来源处修正") from None
