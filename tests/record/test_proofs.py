"""Inclusion and consistency: the published trees, every size below 70 by the definitions, large trees by another path, and nothing false accepted."""

import random
from hashlib import sha256

import pytest

from arrears.record import proofs
from arrears.record.hashing import EMPTY_ROOT, leaf_hash
from arrears.refusal import Refused
from record import plain_tree

# The reference tree of the Certificate Transparency project, which implementations of RFC 6962 share as a test.
INPUTS = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 1): [], (5, 8): ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (0, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
PROOFS = {
    (1, 1): [], (1, 8): PATHS[0, 8],
    (6, 8): ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (2, 5): ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"],
}
SIZES = 70
LEAVES = [leaf_hash(sha256(str(number).encode()).digest()) for number in range(SIZES)]
ALL_ROOTS = [plain_tree.root(LEAVES[:size]) for size in range(SIZES + 1)]


def nodes_of(leaves: list[bytes]):
    """A source of nodes that gives only those of complete subtrees."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        levels.append([sha256(b"\x01" + levels[-1][at] + levels[-1][at + 1]).digest() for at in range(0, len(levels[-1]) - 1, 2)])
    return lambda level, index: levels[level][index]


def unhexed(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def test_the_published_trees_have_their_published_roots_paths_and_proofs():
    leaves = [leaf_hash(content) for content in INPUTS]
    for size, expected in enumerate(ROOTS, 1):
        assert proofs.root(size, nodes_of(leaves[:size])).hex() == expected
    for (index, size), path in PATHS.items():
        assert proofs.inclusion(index, size, nodes_of(leaves[:size])) == unhexed(path)
        assert proofs.is_included(leaves[index], index, size, unhexed(path), bytes.fromhex(ROOTS[size - 1]))
    for (old, new), proof in PROOFS.items():
        assert proofs.consistency(old, new, nodes_of(leaves[:new])) == unhexed(proof)
        assert proofs.is_consistent(old, new, unhexed(proof), bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1]))
    assert proofs.root(0, nodes_of(leaves)) == EMPTY_ROOT == sha256(b"").digest()


def test_every_inclusion_path_below_70_leaves_is_the_one_of_the_definition_and_accepted():
    for size in range(1, SIZES):
        node = nodes_of(LEAVES[:size])
        assert proofs.root(size, node) == ALL_ROOTS[size]
        for index in range(size):
            path = proofs.inclusion(index, size, node)
            assert path == plain_tree.path(index, LEAVES[:size])
            assert proofs.is_included(LEAVES[index], index, size, path, ALL_ROOTS[size])


def test_every_consistency_proof_below_70_leaves_is_the_one_of_the_definition_and_accepted():
    for new in range(1, SIZES):
        node = nodes_of(LEAVES[:new])
        for old in range(1, new + 1):
            proof = proofs.consistency(old, new, node)
            assert proof == plain_tree.proof(old, LEAVES[:new])
            assert proofs.is_consistent(old, new, proof, ALL_ROOTS[old], ALL_ROOTS[new])
        assert proofs.consistency(0, new, node) == []
        assert proofs.is_consistent(0, new, [], EMPTY_ROOT, ALL_ROOTS[new])


def test_a_path_is_accepted_for_its_own_leaf_index_and_size_alone():
    for size in range(1, 34):
        node = nodes_of(LEAVES[:size])
        for index in range(size):
            path, leaf, root = proofs.inclusion(index, size, node), LEAVES[index], ALL_ROOTS[size]
            for other in range(-1, size + 2):
                assert proofs.is_included(leaf, other, size, path, root) == (other == index)
            for other in range(0, 40):
                # A path of the same shape proves the same for another size only if the size says nothing of it; the definition decides.
                by_definition = plain_tree.climbed(leaf, index, other, path) == root if index < other else False
                assert proofs.is_included(leaf, index, other, path, root) == by_definition
            assert not proofs.is_included(LEAVES[(index + 1) % SIZES], index, size, path, root)
            assert not proofs.is_included(leaf, index, size, [*path, root], root)
            for at in range(len(path)):
                assert not proofs.is_included(leaf, index, size, path[:at] + path[at + 1:], root)
                assert not proofs.is_included(leaf, index, size, [*path[:at], flipped(path[at]), *path[at + 1:]], root)


def test_a_consistency_proof_is_accepted_for_its_own_sizes_and_roots_alone():
    for new in range(1, 34):
        node = nodes_of(LEAVES[:new])
        for old in range(1, new + 1):
            proof = proofs.consistency(old, new, node)
            for wrong in range(SIZES):
                assert proofs.is_consistent(old, new, proof, ALL_ROOTS[wrong], ALL_ROOTS[new]) == (wrong == old)
                assert proofs.is_consistent(old, new, proof, ALL_ROOTS[old], ALL_ROOTS[wrong]) == (wrong == new)
            assert not proofs.is_consistent(old, new, [*proof, ALL_ROOTS[1]], ALL_ROOTS[old], ALL_ROOTS[new])
            assert not proofs.is_consistent(new + 1, new, proof, ALL_ROOTS[new + 1], ALL_ROOTS[new])
            for at in range(len(proof)):
                assert not proofs.is_consistent(old, new, proof[:at] + proof[at + 1:], ALL_ROOTS[old], ALL_ROOTS[new])
                assert not proofs.is_consistent(old, new, [*proof[:at], flipped(proof[at]), *proof[at + 1:]], ALL_ROOTS[old], ALL_ROOTS[new])
        assert not proofs.is_consistent(0, new, [], ALL_ROOTS[1] if new > 1 else ALL_ROOTS[2], ALL_ROOTS[new])
        assert not proofs.is_consistent(0, new, [ALL_ROOTS[1]], EMPTY_ROOT, ALL_ROOTS[new])


def flipped(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


def test_large_trees_of_random_sizes_agree_with_peaks_and_with_paths_climbed_from_the_top():
    dice = random.Random(6962)
    size = 50_000
    commitments = dice.randbytes(32 * size)
    leaves = [sha256(b"\x00" + commitments[at:at + 32]).digest() for at in range(0, 32 * size, 32)]
    sizes = sorted(dice.sample(range(1, size), 60)) + [size]
    roots, peaks = {}, plain_tree.Peaks()
    for number, leaf in enumerate(leaves, 1):
        peaks.add(leaf)
        if number in sizes or number == size:
            roots[number] = peaks.root()
    tree = proofs.Tree(commitments)
    assert tree.root() == roots[size] and tree.size == size
    for old, new in zip(sizes, sizes[1:], strict=False):
        assert proofs.root(old, tree.node) == roots[old]
        assert proofs.is_consistent(old, new, proofs.consistency(old, new, tree.node), roots[old], roots[new])
        for index in (0, old - 1, old, new - 1, dice.randrange(new)):
            assert plain_tree.climbed(leaves[index], index, new, proofs.inclusion(index, new, tree.node)) == roots[new]


def test_what_is_not_there_is_refused_in_both_languages():
    node = nodes_of(LEAVES)
    for ask in (lambda: proofs.inclusion(5, 5, node), lambda: proofs.inclusion(-1, 5, node), lambda: proofs.inclusion(0, 0, node), lambda: proofs.consistency(6, 5, node), lambda: proofs.consistency(-1, 5, node)):
        with pytest.raises(Refused) as refusal:
            ask()
        assert "5" in refusal.value.en or "0" in refusal.value.en
        assert any("\u4e00" <= sign <= "\u9fff" for sign in refusal.value.zh)


def test_a_tree_in_memory_of_one_and_of_no_rows():
    assert proofs.Tree(b"").root() == EMPTY_ROOT
    one = proofs.Tree(b"x" * 32)
    assert (one.root(), one.inclusion(0)) == (leaf_hash(b"x" * 32), [])
