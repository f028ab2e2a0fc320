"""The guides to the record are true. The auditor's: a log is made, a witness signs it, each thing that the guide spoils is spoilt, and what it quotes is what verify.py says. The operator's: its settings, its alerts."""

import re
import shutil
from pathlib import Path

import pytest

from arrears.record import verify
from arrears.record.limits import Limits, read_limits
from arrears.record.settings import read_settings
from docs import record_sample

TOP = Path(__file__).parents[2]
GUIDE = (TOP / "docs/guides/audit.md").read_text(encoding="utf-8")
OPERATOR = (TOP / "docs/guides/record.md").read_text(encoding="utf-8")
LANGUAGES = ("zh", "en")
SEVERAL = {"zh": "（另有 {} 处）", "en": " (and {} more)"}


def quoted_alike(text: str) -> str:
    """The text with what differs from run to run made equal: the times of cosignatures, ends of lines."""
    return "\n".join(line.rstrip() for line in re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text).splitlines())


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> record_sample.Sample:
    return record_sample.made(tmp_path_factory.mktemp("audit"))


def findings(said: str) -> list[str]:
    part = re.search(r"(?:发现不实之处|Found false).*?(?=\n\n|\Z)", said, re.S)[0]
    return [line[2:].rstrip() for line in part.splitlines()[1:]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_whole_log_it_says_what_the_guide_quotes(sample, language):
    ran = record_sample.ask("log", sample.log, "--key", sample.key, "--witness", sample.witness, "--lang", language)
    assert ran.returncode == 0, ran.stdout
    assert quoted_alike(ran.stdout.replace(f"{sample.folder}/", "")) in quoted_alike(GUIDE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_bundle_it_says_what_the_guide_quotes(sample, language, tmp_path):
    asked = ["bundle", sample.bundle, "--key", sample.key, "--witness", sample.witness, "--lang", language]
    quoted = quoted_alike(GUIDE).splitlines()
    for more in ([], ["--field", f"note={sample.note}"]):
        ran = record_sample.ask(*asked, *more)
        assert ran.returncode == 0, ran.stdout
        lines = [line for line in quoted_alike(ran.stdout.replace(f"{sample.folder}/", "")).splitlines() if line and not line.startswith(("  entry = ", "已核对", "Checked") if more else "  entry = ")]
        assert len(lines) > 20 and [line for line in lines if line not in quoted] == []
    other = tmp_path / "changed.json"
    other.write_text(sample.bundle.read_text(encoding="utf-8").replace("50000", "5000000"), encoding="utf-8")
    ran = record_sample.ask(asked[0], other, *asked[2:])
    assert ran.returncode == 1
    assert all(f"- {one}" in quoted for one in findings(ran.stdout.replace(f"{tmp_path}/", "")))


@pytest.mark.parametrize("name", record_sample.SPOILT)
def test_what_was_spoilt_is_found_in_the_words_of_the_guide(sample, name, tmp_path, capsys):
    shutil.copytree(sample.log, tmp_path / "LOG")
    shutil.copy(sample.folder / "record.key", tmp_path / "record.key")
    *done, spoil = record_sample.SPOILT[name]
    spoil(tmp_path / "LOG")
    for language, said in zip(("en", "zh"), done, strict=True):
        assert verify.main(["log", str(tmp_path / "LOG"), "--key", str(sample.key), "--witness", str(sample.witness), "--lang", language]) == 1
        found = findings(capsys.readouterr().out.replace(f"{tmp_path}/", ""))
        more = SEVERAL[language].format(len(found) - 1) if len(found) > 1 else ""
        assert f"| {said} | {found[0]}{more} |" in GUIDE


def test_a_rewritten_log_is_true_to_whoever_asks_no_witness_and_kept_nothing(sample, tmp_path, capsys):
    shutil.copytree(sample.log, tmp_path / "LOG")
    shutil.copy(sample.folder / "record.key", tmp_path / "record.key")
    record_sample.SPOILT["rewritten"][2](tmp_path / "LOG")
    asked = ["log", str(tmp_path / "LOG"), "--key", str(sample.key), "--lang"]
    for language in LANGUAGES:
        assert verify.main([*asked, language]) == 0
        assert f"| **{capsys.readouterr().out.splitlines()[0].replace(f'{tmp_path}/', '')}** |" in GUIDE
        assert verify.main([*asked, language, "--seen", str(sample.seen)]) == 1
        assert f"| {findings(capsys.readouterr().out.replace(f'{sample.folder}/', ''))[0]} |" in GUIDE


def test_what_could_not_be_judged_is_told_from_what_is_true(sample, tmp_path, capsys):
    assert verify.main(["log", str(tmp_path / "nowhere"), "--key", str(sample.key)]) == 2
    assert verify.main(["log", str(sample.log)]) == 2
    said = re.findall(r"^\| (\d) \|", GUIDE, re.MULTILINE)
    assert said == ["0", "1", "2"] * 2


def test_the_settings_of_the_operators_guide_are_read_as_they_stand(tmp_path):
    blocks = re.findall(r"^```yaml\n(.*?)^```$", OPERATOR, re.MULTILINE | re.DOTALL)
    (tmp_path / "settings.yaml").write_text("".join(blocks), encoding="utf-8")
    for name in ("partner.pem", "tsa.pem"):
        (tmp_path / name).touch()
    settings = read_settings(tmp_path)
    assert [one.name for one in settings.witnesses] == ["witness.partner.example"] and [one.url for one in settings.stamps] == ["https://tsa.example"]
    assert read_limits(tmp_path) == Limits(), "the numbers that the guide gives are those that hold where nothing is said"


def test_every_kind_of_alert_is_in_the_operators_guide_with_what_to_do():
    told = {name for row in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", OPERATOR, re.MULTILINE) for name in re.findall(r"\w+", row)}
    sources = "".join((TOP / "src/arrears" / name).read_text(encoding="utf-8") for name in ("record/monitor.py", "cli/record_keeping.py"))
    raised = set(re.findall(r'Finding\((?:f?"[^"]*"|\w+), "(\w+)"', sources))
    assert len(raised) >= 7 and raised == told
