"""Where there is no browser: it is brought where it can be, said loudly where it cannot, and with CI=true a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ONE = HERE / "test_frame.py::test_alpine_runs_in_its_build_for_strict_policies"


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def brought(folder: Path, ci: str = "") -> tuple[int, str, str]:
    """Exit status of bring.sh where only the programs of the folder are found, what it said, and how apt-get was called."""
    ran = subprocess.run(["/bin/sh", HERE / "bring.sh"], env={"PATH": str(folder), "CI": ci}, capture_output=True, text=True, timeout=60)
    called = folder / "called"
    return ran.returncode, ran.stderr, called.read_text(encoding="utf-8") if called.exists() else ""


@pytest.mark.parametrize("ci, status", [("", 0), ("true", 1)])
def test_the_tests_of_the_desk_are_skipped_loudly_without_a_browser_and_fail_in_ci(tmp_path, ci, status):
    env = {name: value for name, value in os.environ.items() if name != "CHROMIUM"} | {"PATH": str(tmp_path), "CI": ci}
    ran = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--basetemp", tmp_path / "of-pytest", ONE], env=env, cwd=HERE.parents[1], capture_output=True, text=True, timeout=600)
    assert ran.returncode == status, ran.stdout + ran.stderr
    assert ("NO BROWSER" if ci else "THE DESK WAS NOT LOOKED AT IN A BROWSER: 1 tests skipped") in ran.stdout


def test_a_browser_that_is_there_is_taken(tmp_path):
    program(tmp_path, "chromium", "true")
    program(tmp_path, "apt-get", f'echo "$*" >> {tmp_path}/called')
    program(tmp_path, "id", "echo 0")
    assert brought(tmp_path) == (0, "", "")


def test_it_is_brought_where_apt_get_may(tmp_path):
    program(tmp_path, "id", "echo 0")
    program(tmp_path, "apt-get", f'echo "$*" >> {tmp_path}/called\n[ "$1" = update ] || {{ echo "#!/bin/sh" > {tmp_path}/chromium; /bin/chmod +x {tmp_path}/chromium; }}')
    status, said, called = brought(tmp_path, ci="true")
    assert status == 0 and "NO BROWSER" not in said and called == "update -qq\ninstall -y -qq chromium fonts-noto-cjk\n"


@pytest.mark.parametrize("user", ["0", "1000"])
@pytest.mark.parametrize("ci, status", [("", 0), ("true", 1)])
def test_it_is_said_loudly_where_it_cannot_be_brought(tmp_path, user, ci, status):
    program(tmp_path, "id", f"echo {user}")
    program(tmp_path, "apt-get", f'echo "$*" >> {tmp_path}/called\nexit 100')
    found, said, called = brought(tmp_path, ci)
    assert found == status and "NO BROWSER" in said and bool(called) == (user == "0")
