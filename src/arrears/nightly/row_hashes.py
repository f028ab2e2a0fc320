"""SHA-256 of many short texts at once, and the Merkle tree over them: compiled, without the interpreter lock.

Sixteen messages are hashed side by side, block by block, so that the compiler can keep them in vector registers.
Source: FIPS 180-4, 6.2 (SHA-256); RFC 9162, 2.1.1 (the tree).
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from os import cpu_count

import numba
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
    _digests(np.frombuffer(prefix, np.uint8), _read_only(salts), _read_only(ends.astype(np.int64, copy=False)), _read_only(content),
             _fraction_bits(2, 8), _fraction_bits(3, 64), out)
    return out


def _read_only(array: np.ndarray) -> np.ndarray:
    """The same numbers as one kind of array, so that the loop is compiled once."""
    seen = np.ascontiguousarray(array).view()
    seen.flags.writeable = False
    return seen


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


_inlined = numba.njit(nogil=True, forceinline=True, error_model="numpy")
"""Decorates a piece of a compiled loop: it is set into the loop itself, so that the messages stay in registers side by side."""


@_inlined
def _turned(word, by):
    return (word >> uint32(by)) | (word << uint32(32 - by))


@_inlined
def _grown(w0, w1, w9, w14):
    return uint32(w0 + (_turned(w1, 7) ^ _turned(w1, 18) ^ (w1 >> uint32(3))) + w9 + (_turned(w14, 17) ^ _turned(w14, 19) ^ (w14 >> uint32(10))))


@_inlined
def _first(e, f, g, h, word):
    return uint32(h + (_turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25)) + (g ^ (e & (f ^ g))) + word)


@_inlined
def _second(a, b, c):
    return uint32((_turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22)) + ((a & b) | (c & (a | b))))


@_inlined
def _eight(a, b, c, d, e, f, g, h, k, r, w0, w1, w2, w3, w4, w5, w6, w7):
    """Eight rounds, after which each letter has its own place again."""
    x = _first(e, f, g, h, k[r] + w0)
    d, h = uint32(d + x), uint32(x + _second(a, b, c))
    x = _first(d, e, f, g, k[r + 1] + w1)
    c, g = uint32(c + x), uint32(x + _second(h, a, b))
    x = _first(c, d, e, f, k[r + 2] + w2)
    b, f = uint32(b + x), uint32(x + _second(g, h, a))
    x = _first(b, c, d, e, k[r + 3] + w3)
    a, e = uint32(a + x), uint32(x + _second(f, g, h))
    x = _first(a, b, c, d, k[r + 4] + w4)
    h, d = uint32(h + x), uint32(x + _second(e, f, g))
    x = _first(h, a, b, c, k[r + 5] + w5)
    g, c = uint32(g + x), uint32(x + _second(d, e, f))
    x = _first(g, h, a, b, k[r + 6] + w6)
    f, b = uint32(f + x), uint32(x + _second(c, d, e))
    x = _first(f, g, h, a, k[r + 7] + w7)
    e, a = uint32(e + x), uint32(x + _second(b, c, d))
    return a, b, c, d, e, f, g, h


@_inlined
def _next(w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf):
    """The sixteen words of the next sixteen rounds."""
    w0, w1 = _grown(w0, w1, w9, we), _grown(w1, w2, wa, wf)
    w2, w3 = _grown(w2, w3, wb, w0), _grown(w3, w4, wc, w1)
    w4, w5 = _grown(w4, w5, wd, w2), _grown(w5, w6, we, w3)
    w6, w7 = _grown(w6, w7, wf, w4), _grown(w7, w8, w0, w5)
    w8, w9 = _grown(w8, w9, w1, w6), _grown(w9, wa, w2, w7)
    wa, wb = _grown(wa, wb, w3, w8), _grown(wb, wc, w4, w9)
    wc, wd = _grown(wc, wd, w5, wa), _grown(wd, we, w6, wb)
    we, wf = _grown(we, wf, w7, wc), _grown(wf, w0, w8, wd)
    return w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf


@compiled
def _compress(state, words, counts, k):
    """One block of each lane into its state, where the lane still counts. state: 8 words of each lane, words: 16, lanes side by side."""
    n = _LANES
    for at in range(_LANES):
        w0, w1, w2, w3, w4, w5, w6, w7 = words[at], words[n + at], words[2 * n + at], words[3 * n + at], words[4 * n + at], words[5 * n + at], words[6 * n + at], words[7 * n + at]
        w8, w9, wa, wb = words[8 * n + at], words[9 * n + at], words[10 * n + at], words[11 * n + at]
        wc, wd, we, wf = words[12 * n + at], words[13 * n + at], words[14 * n + at], words[15 * n + at]
        a, b, c, d = state[at], state[n + at], state[2 * n + at], state[3 * n + at]
        e, f, g, h = state[4 * n + at], state[5 * n + at], state[6 * n + at], state[7 * n + at]
        a, b, c, d, e, f, g, h = _eight(a, b, c, d, e, f, g, h, k, 0, w0, w1, w2, w3, w4, w5, w6, w7)
        a, b, c, d, e, f, g, h = _eight(a, b, c, d, e, f, g, h, k, 8, w8, w9, wa, wb, wc, wd, we, wf)
        w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf = _next(w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf)
        a, b, c, d, e, f, g, h = _eight(a, b, c, d, e, f, g, h, k, 16, w0, w1, w2, w3, w4, w5, w6, w7)
        a, b, c, d, e, f, g, h = _eight(a, b, c, d, e, f, g, h, k, 24, w8, w9, wa, wb, wc, wd, we, wf)
        w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf = _next(w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf)
        a, b, c, d, e, f, g, h = _eight(a, b, c, d, e, f, g, h, k, 32, w0, w1, w2, w3, w4, w5, w6, w7)
        a, b, c, d, e, f, g, h = _eight(a, b, c, d, e, f, g, h, k, 40, w8, w9, wa, wb, wc, wd, we, wf)
        w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf = _next(w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf)
        a, b, c, d, e, f, g, h = _eight(a, b, c, d, e, f, g, h, k, 48, w0, w1, w2, w3, w4, w5, w6, w7)
        a, b, c, d, e, f, g, h = _eight(a, b, c, d, e, f, g, h, k, 56, w8, w9, wa, wb, wc, wd, we, wf)
        state[at] += a & counts[at]
        state[n + at] += b & counts[at]
        state[2 * n + at] += c & counts[at]
        state[3 * n + at] += d & counts[at]
        state[4 * n + at] += e & counts[at]
        state[5 * n + at] += f & counts[at]
        state[6 * n + at] += g & counts[at]
        state[7 * n + at] += h & counts[at]


@_inlined
def _word(bytes_, at):
    return (uint32(bytes_[at]) << uint32(24)) | (uint32(bytes_[at + uint64(1)]) << uint32(16)) | (uint32(bytes_[at + uint64(2)]) << uint32(8)) | uint32(bytes_[at + uint64(3)])


@_inlined
def _take(words, lane, bytes_, at):
    """64 bytes as the lane's words. Places bear no sign, so that none counts from the end."""
    for place in range(uint64(16)):
        words[place * uint64(_LANES) + uint64(lane)] = _word(bytes_, uint64(at) + place * uint64(4))


@compiled
def _edge(block, at, prefix, salts, row, content, begin, size):
    """The 64 bytes from byte `at` of a row's message where these are not all content: what comes before it, and the padding where the message has ended."""
    before, head = len(prefix), len(prefix) + salts.shape[1]
    block[:] = uint8(0)
    for byte in range(at, min(before, at + 64)):
        block[byte - at] = prefix[byte]
    for byte in range(max(before, at), min(head, at + 64)):
        block[byte - at] = salts[row, byte - before]
    for byte in range(max(head, at), min(size, at + 64)):
        block[byte - at] = content[begin + byte - head]
    if at <= size < at + 64:
        block[size - at] = uint8(0x80)
    if at + 64 >= size + 9:
        for byte in range(8):
            block[63 - byte] = uint8(((size << 3) >> (8 * byte)) & 255)


@compiled
def _digests(prefix, salts, ends, content, start, rounds, out):
    state, words, counts = np.empty(8 * _LANES, np.uint32), np.zeros(16 * _LANES, np.uint32), np.zeros(_LANES, np.uint32)
    block, head = np.empty(64, np.uint8), len(prefix) + salts.shape[1]
    for first in range(0, len(out), _LANES):
        lanes, most = min(_LANES, len(out) - first), 0
        for lane in range(_LANES):
            for place in range(8):
                state[place * _LANES + lane] = start[place]
            counts[lane] = uint32(0)
        for lane in range(lanes):
            most = max(most, (head + ends[first + lane + 1] - ends[first + lane] + 72) >> 6)
        for at in range(0, 64 * most, 64):
            for lane in range(lanes):
                begin = ends[first + lane]
                size = head + ends[first + lane + 1] - begin
                if at >= head and at + 64 <= size:
                    _take(words, lane, content, begin + at - head)
                elif at < size + 9:
                    _edge(block, at, prefix, salts, first + lane, content, begin, size)
                    _take(words, lane, block, 0)
                counts[lane] = uint32(0xFFFFFFFF) if at < size + 9 else uint32(0)
            _compress(state, words, counts, rounds)
        for lane in range(lanes):
            for byte in range(32):
                out[first + lane, byte] = uint8((state[(byte >> 2) * _LANES + lane] >> uint32(24 - 8 * (byte & 3))) & uint32(255))
