"""SHA-256 of many short texts at once, and the Merkle tree over them: compiled, without the interpreter lock.

Sixteen messages are hashed side by side, block by block, so that the compiler can keep them in vector registers.
Source: FIPS 180-4, 6.2 (SHA-256); RFC 9162, 2.1.1 (the tree).
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from os import cpu_count

import numpy as np
from numba import uint8, uint32, uint64

from arrears.compiled import compiled

SPAN_LEVELS = 8
SPAN = 1 << SPAN_LEVELS
"""So many leaves lie under one kept node of the tree: to prove one row, these are read and the nodes above them."""
LEAF, NODE = b"\x00", b"\x01"
"""What is hashed before a leaf and before two nodes, so that the one never passes for the other."""
_LANES = 16


@cache
def _fraction_bits(root: int, primes: int) -> np.ndarray:
    """The first 32 bits of the fractional parts of the square (2) or cube (3) roots of the first primes: where SHA-256 starts, and its rounds."""
    found, number = [], 2
    while len(found) < primes:
        if all(number % divisor for divisor in range(2, int(number**0.5) + 1)):
            low, high = 0, 1 << 40
            while high - low > 1:  # the largest whole number whose power is at most number * 2^(32 * root)
                middle = (low + high) // 2
                low, high = (middle, high) if middle**root <= number << (32 * root) else (low, middle)
            found.append(low & 0xFFFFFFFF)
        number += 1
    return np.array(found, np.uint32)


def digests(prefix: bytes, salts: np.ndarray, ends: np.ndarray, content: np.ndarray) -> np.ndarray:
    """SHA-256(prefix ‖ salts[row] ‖ content[ends[row]:ends[row + 1]]) of each row; UInt8 of shape (rows, 32). salts: UInt8 (rows, any width, also 0)."""
    out = np.empty((len(ends) - 1, 32), np.uint8)
    _digests(np.frombuffer(prefix, np.uint8), np.ascontiguousarray(salts), ends.astype(np.int64, copy=False), content,
             _fraction_bits(2, 8), _fraction_bits(3, 64), out)
    return out


def leaves_of(commitments: np.ndarray) -> np.ndarray:
    """The leaf hash of each commitment: SHA-256(0x00 ‖ commitment)."""
    return _of_width(LEAF, commitments)


def spans_of(leaves: np.ndarray) -> np.ndarray:
    """The nodes of level SPAN_LEVELS of the tree over these leaf hashes; the last may stand over fewer leaves. UInt8 (nodes, 32)."""
    share = max(SPAN, -(-len(leaves) // (4 * (cpu_count() or 1)) // SPAN) * SPAN)
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        parts = pool.map(_raised, (leaves[first : first + share] for first in range(0, len(leaves), share)))
    return np.concatenate([*parts, np.empty((0, 32), np.uint8)])


def root_of(nodes: np.ndarray) -> bytes:
    """The root over nodes of one level; over none, the digest of nothing (RFC 9162, 2.1.1)."""
    if not len(nodes):
        return digests(b"", np.empty((1, 0), np.uint8), np.array([0, 0]), np.empty(0, np.uint8))[0].tobytes()
    while len(nodes) > 1:
        nodes = _paired(nodes)
    return nodes[0].tobytes()


def _raised(leaves: np.ndarray) -> np.ndarray:
    for _ in range(SPAN_LEVELS):
        leaves = _paired(leaves)
    return leaves


def _paired(nodes: np.ndarray) -> np.ndarray:
    """The level above; a last node without a neighbour is taken up as it is, which gives the tree of RFC 9162."""
    if len(nodes) < 2:
        return nodes
    even = len(nodes) // 2 * 2
    above = _of_width(NODE, np.ascontiguousarray(nodes[:even]).reshape(-1, 64))
    return np.concatenate([above, nodes[even:]])


def _of_width(prefix: bytes, rows: np.ndarray) -> np.ndarray:
    count, width = rows.shape
    return digests(prefix, np.empty((count, 0), np.uint8), np.arange(count + 1, dtype=np.int64) * width, np.ascontiguousarray(rows).reshape(-1))


@compiled
def _turned(word, by):
    return (word >> uint32(by)) | (word << uint32(32 - by))


@compiled
def _compress(state, words, counts, rounds):
    """One block of each lane into its state, where the lane still counts."""
    now = np.empty((8, _LANES), np.uint32)
    for place in range(8):
        for lane in range(_LANES):
            now[place, lane] = state[place, lane]
    for step in range(64):
        here = step & 15
        if step >= 16:
            for lane in range(_LANES):
                old, late = words[(step - 15) & 15, lane], words[(step - 2) & 15, lane]
                words[here, lane] += ((_turned(old, 7) ^ _turned(old, 18) ^ (old >> uint32(3))) + words[(step - 7) & 15, lane]
                                      + (_turned(late, 17) ^ _turned(late, 19) ^ (late >> uint32(10))))
        a, b, c, d = (64 - step) & 7, (65 - step) & 7, (66 - step) & 7, (67 - step) & 7
        e, f, g, h = (68 - step) & 7, (69 - step) & 7, (70 - step) & 7, (71 - step) & 7
        for lane in range(_LANES):
            high, low = now[e, lane], now[a, lane]
            first = (now[h, lane] + (_turned(high, 6) ^ _turned(high, 11) ^ _turned(high, 25))
                     + ((high & now[f, lane]) ^ (~high & now[g, lane])) + rounds[step] + words[here, lane])
            second = ((_turned(low, 2) ^ _turned(low, 13) ^ _turned(low, 22))
                      + ((low & now[b, lane]) ^ (low & now[c, lane]) ^ (now[b, lane] & now[c, lane])))
            now[d, lane] += first
            now[h, lane] = first + second
    for place in range(8):
        for lane in range(_LANES):
            state[place, lane] += now[place, lane] & counts[lane]


@compiled
def _fill(words, lane, at, prefix, salt, content, begin, size):
    """The block from byte `at` of the lane's message, with the padding where the message has ended."""
    head = len(prefix) + len(salt)
    if at >= head and at + 64 <= size:
        first = begin + at - head
        for place in range(16):
            byte = first + 4 * place
            words[place, lane] = ((uint32(content[byte]) << uint32(24)) | (uint32(content[byte + 1]) << uint32(16))
                                  | (uint32(content[byte + 2]) << uint32(8)) | uint32(content[byte + 3]))
        return
    for place in range(16):
        word = uint32(0)
        for byte in range(at + 4 * place, at + 4 * place + 4):
            if byte < len(prefix):
                value = prefix[byte]
            elif byte < head:
                value = salt[byte - len(prefix)]
            elif byte < size:
                value = content[begin + byte - head]
            else:
                value = uint8(0x80) if byte == size else uint8(0)
            word = (word << uint32(8)) | uint32(value)
        words[place, lane] = word
    if at + 64 >= size + 9:
        bits = uint64(size) << uint64(3)
        words[14, lane], words[15, lane] = uint32(bits >> uint64(32)), uint32(bits & uint64(0xFFFFFFFF))


@compiled
def _digests(prefix, salts, ends, content, start, rounds, out):
    state, words, counts = np.empty((8, _LANES), np.uint32), np.zeros((16, _LANES), np.uint32), np.zeros(_LANES, np.uint32)
    head = len(prefix) + salts.shape[1]
    for first in range(0, len(out), _LANES):
        lanes, most = min(_LANES, len(out) - first), 0
        for lane in range(_LANES):
            state[:, lane] = start
            counts[lane] = uint32(0)
        for lane in range(lanes):
            most = max(most, (head + ends[first + lane + 1] - ends[first + lane] + 72) >> 6)
        for block in range(most):
            for lane in range(lanes):
                row = first + lane
                size = head + ends[row + 1] - ends[row]
                counts[lane] = uint32(0xFFFFFFFF) if block < (size + 72) >> 6 else uint32(0)
                if counts[lane]:
                    _fill(words, lane, block * 64, prefix, salts[row], content, ends[row], size)
            _compress(state, words, counts, rounds)
        for lane in range(lanes):
            for byte in range(32):
                out[first + lane, byte] = uint8((state[byte >> 2, lane] >> uint32(24 - 8 * (byte & 3))) & uint32(255))
