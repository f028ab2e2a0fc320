"""YAML is taken at its word: text stays text, and whatever could be read two ways is refused with its line."""

import pytest

from arrears.strict_yaml import BadYaml, expect_keys, parse, read


def test_every_scalar_stays_the_text_it_is():
    text = "{a: no, b: on, c: 21:00, d: 012, e: 1.0, f: null, g: 2026-03-31, h: '', i: ~, j: 0x1F, k: yes, l: .inf}"
    assert parse(text, "x.yaml") == {
        "a": "no", "b": "on", "c": "21:00", "d": "012", "e": "1.0", "f": "null", "g": "2026-03-31", "h": "", "i": "~",
        "j": "0x1F", "k": "yes", "l": ".inf",
    }


def test_lists_and_mappings_nest():
    assert parse("- {a: [1, {b: c}]}\n- d", "x.yaml") == [{"a": ["1", {"b": "c"}]}, "d"]


@pytest.mark.parametrize("text,line", [("a: 1\nb: 2\na: 3\n", 3), ("x:\n  - {a: 1, b: 2, a: 1}\n", 2), ("x:\n  y:\n    a: 1\n    a: 1\n", 4)])
def test_a_key_that_stands_twice_is_refused_with_its_line(text, line):
    with pytest.raises(BadYaml, match=rf"^x\.yaml: line {line}: the key 'a' stands twice"):
        parse(text, "x.yaml")


def test_an_alias_is_refused_with_its_line():
    with pytest.raises(BadYaml, match=r"^x\.yaml: line 2: aliases"):
        parse("a: &one 1\nb: *one\n", "x.yaml")


def test_a_merge_key_brings_nothing_in():
    with pytest.raises(BadYaml, match="aliases"):
        parse("a: &one {x: 1}\nb:\n  <<: *one\n", "x.yaml")


@pytest.mark.parametrize("text", ["? [a, b]\n: 1\n", "{{a: b}: c}"])
def test_a_key_that_is_no_text_is_refused(text):
    with pytest.raises(BadYaml, match="line 1: a key must be plain text"):
        parse(text, "x.yaml")


@pytest.mark.parametrize("text", ["a: [1, 2", "a: b: c", "\tx", "--- 1\n--- 2\n", "a: 'b"])
def test_what_is_no_yaml_is_refused_with_the_name_of_the_file(text):
    with pytest.raises(BadYaml, match=r"^x\.yaml: not valid YAML: line [12], column \d+: [^\n]+$"):
        parse(text, "x.yaml")


@pytest.mark.parametrize("text", ["a: !!python/object/apply:os.getcwd []", "a: !!int 3", "a: !mine x"])
def test_a_tag_makes_nothing_but_text_and_lists(text):
    assert parse(text, "x.yaml")["a"] in ("3", "x", [])


def test_a_missing_and_an_unknown_key_are_named():
    with pytest.raises(BadYaml, match="x.yaml: missing b, c"):
        expect_keys({"a": "1"}, {"a", "b", "c"}, set(), "x.yaml")
    with pytest.raises(BadYaml, match="x.yaml: unknown key z; known are a, d"):
        expect_keys({"a": "1", "z": "2"}, {"a"}, {"d"}, "x.yaml")
    with pytest.raises(BadYaml, match="x.yaml: expected a mapping"):
        expect_keys(["a"], {"a"}, set(), "x.yaml")
    expect_keys({"a": "1", "d": "2"}, {"a"}, {"d"}, "x.yaml")


def test_a_file_is_named_by_its_own_name(tmp_path):
    (tmp_path / "y.yaml").write_text("a: 1\na: 2\n", encoding="utf-8")
    with pytest.raises(BadYaml, match=r"^y\.yaml: line 2"):
        read(tmp_path / "y.yaml")
    (tmp_path / "z.yaml").write_bytes("a: 停催\n".encode("gb18030"))
    with pytest.raises(BadYaml, match=r"^z\.yaml: .*UTF-8"):
        read(tmp_path / "z.yaml")
