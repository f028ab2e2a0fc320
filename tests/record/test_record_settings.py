"""Whom the settings name as witnesses and stamping authorities is read to the letter; everything else is refused with a sentence in both languages."""

import re
from pathlib import Path

import pytest

from arrears import strict_yaml
from arrears.record.limits import read_limits
from arrears.record.notes import VerifierKey
from arrears.record.settings import SECTIONS, RecordSettings, read_settings
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml

ONE = VerifierKey("bank.example/w1", 4, bytes(range(32))).vkey
TWO = VerifierKey("bank.example/w1", 6, bytes(1312)).vkey
OTHER = VerifierKey("other.example/w", 4, bytes(range(1, 33))).vkey
SETTINGS = f"""keys:
  provider: sealed-file
record:
  witnesses:
    - name: bank.example/w1
      vkeys:
        - {ONE}
        - {TWO}
      url: https://witness.bank.example:8443/prefix/
      certificate: ca.pem
    - vkeys: [{OTHER}]
  stamps:
    - url: http://127.0.0.1:3161/
      certificate: ca.pem
"""


def said(home, text: str) -> RecordSettings:
    (home / "settings.yaml").write_text(text, encoding="utf-8")
    (home / "ca.pem").write_text("-")
    return read_settings(home)


def test_nobody_vouches_unless_the_settings_say_so(tmp_path):
    assert read_settings(tmp_path) == said(tmp_path, "keys: {provider: sealed-file}") == said(tmp_path, "record: {}") == RecordSettings((), ())


def test_witnesses_and_authorities_are_read(tmp_path):
    settings = said(tmp_path, SETTINGS)
    first, second = settings.witnesses
    assert (first.name, [key.vkey for key in first.keys], first.url, first.certificate) == ("bank.example/w1", [ONE, TWO], "https://witness.bank.example:8443/prefix", tmp_path / "ca.pem")
    assert (second.name, second.url, second.certificate) == ("other.example/w", "", None), "one that is asked by files has no address"
    assert [(one.url, one.certificate) for one in settings.stamps] == [("http://127.0.0.1:3161", tmp_path / "ca.pem")]


@pytest.mark.parametrize(("before", "after"), [
    ("https://witness.bank.example:8443/prefix/", "http://witness.bank.example/"), ("https://witness.bank.example:8443/prefix/", "ftp://127.0.0.1/"), ("https://witness.bank.example:8443/prefix/", "https://user:secret@bank.example/"),
    ("https://witness.bank.example:8443/prefix/", "https://bank.example/?a=1"), ("https://witness.bank.example:8443/prefix/", "https://bank.example:99999/"), ("https://witness.bank.example:8443/prefix/", "https:///x"),
    ("https://witness.bank.example:8443/prefix/", "http://127.0.0.1.evil.example/"), ("https://witness.bank.example:8443/prefix/", "[x]"), ("http://127.0.0.1:3161/", "http://tsa.example/"), ("http://127.0.0.1:3161/", "\"https://tsa.example/\\r\\nX: y\""),
    ("certificate: ca.pem", "certificate: gone.pem"), ("certificate: ca.pem", "certificate: ''"), (ONE, ONE[:-4]), (ONE, VerifierKey("lender.example/record", 1, bytes(range(2, 34))).vkey), (ONE, OTHER), (TWO, VerifierKey("bank.example/w1", 4, bytes(32)).vkey), ("name: bank.example/w1", "name: another"),
    (f"[{OTHER}]", OTHER), (f"[{OTHER}]", "[]"), (OTHER, ONE), (SETTINGS, "record: [a]"), (SETTINGS, "record:\n  witnesses: a"), (SETTINGS, "[a]"),
    ("  stamps:\n", "  stamps:\n    - {url: 'http://127.0.0.1:3161', certificate: ca.pem}\n"),
])
def test_what_is_not_right_is_refused_in_both_languages(tmp_path, before, after):
    assert before in SETTINGS
    with pytest.raises(Refused) as refused:
        said(tmp_path, SETTINGS.replace(before, after))
    assert re.search("[一-鿿]", refused.value.zh) and not re.search("[一-鿿]", refused.value.en) and "secret" not in refused.value.en


@pytest.mark.parametrize(("before", "after"), [("url: http://127", "uri: http://127"), ("record:\n", "record:\n  other: a\n"), (f"- vkeys: [{OTHER}]", "- name: x"), (f"- vkeys: [{OTHER}]", "- x")])
def test_unknown_and_missing_keys_are_named(tmp_path, before, after):
    with pytest.raises(BadYaml, match="record"):
        said(tmp_path, SETTINGS.replace(before, after))


@pytest.mark.parametrize("reads", [read_settings, read_limits])
def test_a_misspelt_section_is_refused_and_not_passed_over(tmp_path, reads):
    (tmp_path / "settings.yaml").write_text("record_wacth:\n  backlog_minutes: '3'\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        reads(tmp_path)
    assert "record_wacth" in refused.value.en and "record_watch" in refused.value.en and "record_wacth" in refused.value.zh


def test_every_section_that_any_part_of_the_program_reads_is_known():
    read = set()
    for path in (Path(strict_yaml.__file__).parent).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        read |= set(re.findall(r'(?:whole_numbers|section)\(home, "(\w+)"', text))
        if '"settings.yaml"' in text:
            read |= set(re.findall(r'(?:(?:document|found)\.get\(|section_of\(path, )"(\w+)"', text))
    assert read == SECTIONS
