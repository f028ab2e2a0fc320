"""The operator's own numbers: what holds is what their readers say; settings.yaml is changed by one line; limit.set in a home of one lender, as a run of the program."""

import subprocess
import sys
from pathlib import Path

import pytest

from arrears import strict_yaml
from arrears.refusal import Refused
from arrears.work.operator_limits import limits, with_limit, write_settings
from postgres.clusters import new_home

TEXT = """# ours
backup:   # days
  cases_days: "40"

unmasking: {an_hour: "20"}
record:
  origin: bank.example/record
"""


def held(home: Path, section: str, name: str):
    return next(one for one in limits(home) if (one.section, one.name) == (section, name))


def test_a_default_holds_where_nothing_is_said_and_the_own_number_where_it_is(tmp_path, work):
    assert held(tmp_path, "unmasking", "an_hour").own is None and held(tmp_path, "unmasking", "an_hour").value == 60
    (tmp_path / "settings.yaml").write_text(TEXT, encoding="utf-8")
    found = held(tmp_path, "unmasking", "an_hour")
    assert (found.value, found.default, found.own) == (20, 60, 20)
    assert held(tmp_path, "backup", "cases_days").value == 40 and held(tmp_path, "backup", "keys_days").own is None


@pytest.mark.parametrize(("section", "name", "value"), [("backup", "cases_days", 50), ("backup", "keys_days", 9), ("backup", "cases_days", None), ("unmasking", "an_hour", 30), ("unmasking", "a_day", 200), ("unmasking", "an_hour", None),
                                                        ("attachments", "size_most_bytes", 1000), ("access", "idle_minutes", 10)])
def test_one_number_is_changed_and_all_else_stays(tmp_path, work, section, name, value):
    (tmp_path / "settings.yaml").write_text(TEXT, encoding="utf-8")
    before = strict_yaml.parse(TEXT, "x")
    write_settings(tmp_path, with_limit(tmp_path, section, name, value))
    assert held(tmp_path, section, name).own == value
    after = strict_yaml.read(tmp_path / "settings.yaml")
    assert after["record"] == before["record"] and (tmp_path / "settings.yaml").read_text(encoding="utf-8").startswith("# ours\n")
    left = {other: {key: one for key, one in said.items() if (other, key) != (section, name)} for other, said in before.items()}
    assert {other: {key: one for key, one in said.items() if (other, key) != (section, name)} for other, said in after.items() if other in before} == {other: said for other, said in left.items() if other in after}


@pytest.mark.parametrize(("section", "name", "value", "why"), [("access", "password_least", 3, "looser"), ("access", "idle_minutes", 999, "looser"), ("backup", "keys_days", 0, "number of days"), ("record", "origin", 1, "no limit"),
                                                               ("unmasking", "a_week", 1, "no limit"), ("unmasking", "an_hour", 10**9, "whole number"), ("team", "idle_days", 0, "1 to 500"), ("team", "move_most", 501, "whole number")])
def test_what_its_reader_would_not_take_is_refused_and_nothing_is_written(tmp_path, work, section, name, value, why):
    (tmp_path / "settings.yaml").write_text(TEXT, encoding="utf-8")
    with pytest.raises(Refused, match=why):
        with_limit(tmp_path, section, name, value)
    assert (tmp_path / "settings.yaml").read_text(encoding="utf-8") == TEXT


PROGRAM = """
import sys
from pathlib import Path
from work_home import NOW, Work
from arrears import postgres
from arrears.refusal import Refused
from arrears.vault.vault import init_vault
from arrears.web.settings import configure
from arrears.web.upgrade import upgrade
home = Path(sys.argv[1])
postgres.ensure_running(home)
upgrade(home)
init_vault(home, NOW)[0].close()
configure(home)
import arrears.work.actions
from arrears.work.actions.action import perform
from arrears.work.operator_limits import limits
work = Work(home)
keeper = work.actor(work.lender(), "administrator")
perform(keeper, "limit.set", {"section": "unmasking", "name": "an_hour", "value": 7}, NOW, reason="等保整改")
print([one.value for one in limits(home) if one.name == "an_hour"], oct((home / "settings.yaml").stat().st_mode & 0o777))
work.lender()
try:
    perform(keeper, "limit.set", {"section": "unmasking", "name": "an_hour", "value": 8}, NOW, reason="x")
except Refused as refused:
    print("several lenders" in refused.en)
"""


def test_limit_set_writes_the_file_of_a_home_of_one_lender_and_refuses_where_several_share_it():
    with new_home() as home:
        done = subprocess.run([sys.executable, "-c", PROGRAM, str(home)], capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False)
        assert done.stdout.split("\n")[:2] == ["[7] 0o600", "True"], done.stderr
