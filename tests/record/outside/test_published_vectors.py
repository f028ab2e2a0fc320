"""Values that others published: the tree of RFC 6962 as Certificate Transparency's reference tests have it, the JSON of RFC 8785 with the test data of its author, and a signed note of Go's.

pymerkle (GPL-3) is not among them and is never imported: it runs as a program of its own in benchmarks/.
"""

import json
from hashlib import sha256

import pytest
import rfc8785

from arrears.record import proofs
from arrears.record.hashing import EMPTY_ROOT, canonical, leaf_hash, node_hash
from arrears.record.notes import is_signed_by, read_note, read_vkey
from arrears.refusal import Refused

LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"]
"""By size. Source: certificate-transparency, cpp/merkletree/merkle_tree_test.cc; the same in trillian and transparency-dev/merkle."""
A, B, C = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D, E, F = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"


def node(level: int, index: int) -> bytes:
    """The hash over 2^level leaves, by its definition."""
    return leaf_hash(LEAVES[index]) if level == 0 else node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))


def test_the_roots_of_the_published_leaves_are_the_published_ones():
    assert [proofs.root(size, node).hex() for size in range(9)] == ROOTS
    assert EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("index", "size", "path"), [(0, 1, []), (0, 8, [A, B, C]), (5, 8, [D, E, ROOTS[4]]), (2, 3, [ROOTS[2]]), (1, 5, [ROOTS[1], B, D])])
def test_the_published_inclusion_paths_are_ours_and_hold(index, size, path):
    assert [one.hex() for one in proofs.inclusion(index, size, node)] == path
    assert proofs.is_included(leaf_hash(LEAVES[index]), index, size, [bytes.fromhex(one) for one in path], bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new", "proof"), [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, E, ROOTS[4]]), (2, 5, [B, D])])
def test_the_published_consistency_proofs_are_ours_and_hold(old, new, proof):
    assert [one.hex() for one in proofs.consistency(old, new, node)] == proof
    assert proofs.is_consistent(old, new, [bytes.fromhex(one) for one in proof], bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))


JSON = {
    "arrays": ('[\n  56,\n  {\n    "d": true,\n    "10": null,\n    "1": [ ]\n  }\n]', '[56,{"1":[],"10":null,"d":true}]'),
    "french": ('{"peach": "This sorting order", "p\u00e9ch\u00e9": "is wrong according to French", "p\u00eache": "but canonicalization MUST", "sin":   "ingnore locale"}',
               '{"peach":"This sorting order","p\u00e9ch\u00e9":"is wrong according to French","p\u00eache":"but canonicalization MUST","sin":"ingnore locale"}'),
    "structures": ('{"1": {"f": {"f": "hi","F": 5} ,"\\n": 56.0}, "10": { }, "": "empty", "a": { }, "111": [ { } ], "A": { }}',
                   '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}'),
    "unicode": ('{"Unnormalized Unicode":"\\u1e0d\\u0307"}', '{"Unnormalized Unicode":"\u1e0d\u0307"}'),
    "values": ('{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], "string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}',
               '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'),
    "weird": ('{"\\u20ac": "Euro Sign", "\\r": "Carriage Return", "\\u000a": "Newline", "1": "One", "\\u0080": "Control\\u007f", "\\ud83d\\ude02": "Smiley", "\\u00f6": "Latin Small Letter O With Diaeresis", '
              '"\\ufb33": "Hebrew Letter Dalet With Dagesh", "</script>": "Browser Challenge"}',
              '{"\\n":"Newline","\\r":"Carriage Return","1":"One","</script>":"Browser Challenge","\u0080":"Control\u007f","\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",'
              '"\U0001f602":"Smiley","\ufb33":"Hebrew Letter Dalet With Dagesh"}'),
}
"""Input and canonical output. Source: RFC 8785 sections 3.2.2 and 3.2.3, and the test data beside it (cyberphone/json-canonicalization, testdata)."""


@pytest.mark.parametrize("name", JSON)
def test_the_published_json_is_written_as_published(name):
    given, wanted = JSON[name]
    assert rfc8785.dumps(json.loads(given)) == wanted.encode()


@pytest.mark.parametrize("name", ["arrays", "french", "unicode", "weird"])
def test_what_has_no_fractions_is_written_so_by_the_record_too(name):
    given, wanted = JSON[name]
    assert canonical(json.loads(given)) == wanted


@pytest.mark.parametrize("name", ["structures", "values"])
def test_the_record_takes_no_fractions_at_all(name):
    with pytest.raises(Refused, match="fraction"):
        canonical(json.loads(JSON[name][0]))


def test_the_published_numbers_at_the_edge_of_what_every_program_reads_are_written_or_refused():
    assert canonical([2**53 - 1, 1 - 2**53, 0]) == "[9007199254740991,-9007199254740991,0]"
    for beyond in (2**53, -(2**53)):
        with pytest.raises(Refused, match=r"2\^53"):
            canonical([beyond])


PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""Source: golang.org/x/mod/sumdb/note, note_test.go; the note is in example_test.go too."""
NOTE = ("If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n")


def test_the_published_note_is_signed_by_its_published_key():
    key = read_vkey(PETER)
    assert key.vkey == PETER
    assert is_signed_by(read_note(NOTE), key)
    assert not is_signed_by(read_note(NOTE.replace("answer", "Answer")), key)


@pytest.mark.parametrize("vkey", [
    "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T", "", "+", "a+b+c",
])
def test_the_keys_that_go_s_tests_refuse_are_refused(vkey):
    with pytest.raises(Refused):
        read_vkey(vkey)


EXAMPLE = ("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
           "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
           "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n")


def test_the_specification_s_example_is_read_as_it_describes_it():
    """C2SP tlog-cosignature shows it without the witness's public key, so its signatures cannot be verified by anybody; the time in it is the one that the text gives."""
    log, witness = read_note(EXAMPLE).signatures
    assert (log.name, len(log.signature)) == ("example.com/behind-the-sofa", 64)
    assert (witness.name, len(witness.signature), int.from_bytes(witness.signature[:8], "big")) == ("witness.example.com/w1", 72, 1_679_315_147)
    assert sha256(b"").hexdigest() == ROOTS[0]
