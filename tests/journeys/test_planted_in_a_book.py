"""Marked people come by the lender's files: loaded, a night, taken in as cases, worked on, exported, backed up, shown by a real server. Then every file and every word said is searched."""

import os
import signal
import socket
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from arrears.days import moment_of
from ingest.lender_files import payment_row
from ingest.vaulted_files import COLUMNS, VAULT_MAPPING, VaultLender, people_row
from journeys.test_planted import SOURCE, Planted
from plain_books import arrears
from work.rights.made_people import account_made

AS_OF = "2026-04-30"


class MarkedLender(VaultLender):
    """Its book holds the public key of the home's vault."""

    def __init__(self, folder: Path, key: str):
        super().__init__(folder, VAULT_MAPPING)
        (self.book / "vault.pub").write_text(f"{key}\n", encoding="utf-8")


def _faces(found: Planted, *words) -> None:
    """One of the commands between the planes; what it says is kept."""
    from arrears.cli import working

    app = typer.Typer()
    app.command("intake")(working.intake)
    app.command("export")(working.export)
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, (done.stdout, done.stderr, "".join(traceback.format_exception(done.exception)) if done.exception else "")
    found.heard(f"output of {words[0]}", done.stdout + done.stderr)


@pytest.fixture(scope="module")
def book(work, tmp_path_factory):
    """Folder, lender and marks after the whole way down and up."""
    from arrears.work.sealing import vault

    found, folder = Planted(), tmp_path_factory.mktemp("planted")
    found.begun = time.time() - 2
    lender = MarkedLender(folder, str(vault().handover_public_key(work.now)))
    code = f"planted-{os.urandom(4).hex()}"
    (lender.book / "lender.yaml").write_text(f"id: {code}\nname: Planted\nlaw: cn\nlicence: bank\nproducts: {{}}\nother_product: consumer_loan\n", encoding="utf-8")
    marks = found.marks
    people = (marks["phone"], "", marks["address"], marks["name"], marks["phone"][:-1] + "0", marks["name"], marks["id_number"], marks["email"], marks["account"])
    changes = {"姓名": marks["name"], "身份证号": marks["id_number"]}
    lender.write_people([people_row(1, *people, **changes), people_row(2, *people, **{**changes, "金额": "9,9O9.00"}), people_row(3, *people, **{**changes, "年利率": marks["phone"]})], COLUMNS)
    lender.write("payments", [payment_row("P1", 1, amount="100.00")])
    for words in (("ingest", lender.files, "--mapping", lender.mapping, "--book", lender.book, "--threshold", "90%"), ("quarantine", "--book", lender.book), ("quarantine", "--book", lender.book, "--export", folder / "wrong.xlsx"),
                  ("book", lender.book), ("night", "--book", lender.book, "--as-of", AS_OF)):
        ran = arrears(*words)
        assert ran.status == 0, (words, ran.error)
        found.heard(f"output of {words[0]}", ran.out + ran.error)
    _faces(found, "intake", "--book", lender.book, "--as-of", AS_OF, "--home", work.home)
    _work_on(work, code, marks)
    _faces(found, "export", "--out", folder / "outcomes", "--lender", code, "--home", work.home)
    return code, found, folder


def _work_on(work, code: str, marks: dict[str, str]) -> None:
    """A contact with a note about the case that was taken in."""
    from arrears.work.actions.action import perform
    from arrears.work.actor import system
    from arrears.work.models import Case, Party
    from arrears.work.tenancy import seen_by

    with seen_by(system(code)):
        case = Case.objects.get(lender=code)
        party = Party.objects.get(case=case, role="debtor")
    lead = account_made(work, code, "team_lead", via="web")
    perform(lead, "contact.note", {"attempted_at": moment_of(work.now), "channel": "call", "outcome": "answered", "party": party.id, "note": f"{marks['words']} {marks['phone']}"}, work.now, thing=case.id)


def _decoded(path: Path) -> bytes:
    """The file's bytes, and what a packed kind of file says."""
    raw = path.read_bytes()
    if raw.startswith(b"PAR1"):
        return raw + str(pl.read_parquet(path).to_dicts()).encode()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as package:
            return raw + b"".join(package.read(name) for name in package.namelist())
    return raw


def test_the_people_of_the_file_are_in_the_vault_and_in_no_file_of_the_book(book, work):
    from arrears.work.actor import system
    from arrears.work.models import Party
    from arrears.work.sealing import opened
    from arrears.work.tenancy import seen_by

    code, found, folder = book
    with seen_by(system(code)):
        debtor = Party.objects.get(lender=code, role="debtor")
    assert opened(code, debtor.person, debtor, "name_sealed") == found.marks["name"] and opened(code, debtor.person, debtor, "id_number_sealed") == found.marks["id_number"]
    read, leaks = set(), []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and folder / "files" not in path.parents:
            read.add(path.suffix)
            leaks += found.found_in(str(path.relative_to(folder)), _decoded(path))
    assert {".parquet", ".json", ".xlsx", ".yaml"} <= read and any((folder / "outcomes").glob("*.parquet"))
    assert not leaks


def test_no_command_said_a_mark(book):
    _, found, _ = book
    assert len(found.said) >= 7
    assert not [line for where, content in found.said for line in found.found_in(where, content)]


def test_no_backup_of_the_cases_holds_a_mark_when_it_is_unpacked(book, work, tmp_path):
    from arrears import postgres
    from arrears.postgres.binaries import binaries_found

    code, found, _ = book
    made = postgres.backup(work.home, work.now + os.getpid())
    for one in made:
        done = subprocess.run([binaries_found()[0].pg_restore, "-f", "-", one.path], capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr.decode()
        assert not found.found_in(f"backup of {one.database}", done.stdout) and not found.found_in("the file itself", one.path.read_bytes())
        if one.database == postgres.CASES:
            assert code.encode() in done.stdout and b"COPY public.work_party" in done.stdout and b"vault.data_key" not in done.stdout
    assert {one.database for one in made} == {postgres.CASES, postgres.KEYS}


def test_a_real_server_says_no_mark_whatever_is_asked_of_it(book, work):
    """Addresses, queries, headers and forms with marks in them, right to the socket; the pages of errors, and all that the process wrote."""
    _, found, _ = book
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from arrears.cli import main; main()", "serve", "--home", str(work.home), "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    with open(work.home / "planted-server.txt", "wb") as said:
        server = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONPATH": str(SOURCE)}, start_new_session=True)
    try:
        _until_it_answers(port, server)
        statuses = {status for mark in found.marks.values() for status, page in _asked(port, mark) if not _heard_in(found, page)}
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
    assert {404, 403, 400} <= statuses
    log = (work.home / "planted-server.txt").read_bytes()
    assert b"404" in log and not found.found_in("what the server wrote", log)


def _heard_in(found: Planted, page: bytes) -> bool:
    assert not found.found_in("page", page)
    return False


def _until_it_answers(port: int, server: subprocess.Popen) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer")


def _asked(port: int, mark: str):
    """Status and page of each request."""
    coded, base = quote(mark), f"http://127.0.0.1:{port}"
    requests = [urllib.request.Request(f"{base}/{coded}"), urllib.request.Request(f"{base}/cases/{coded}?q={coded}"), urllib.request.Request(f"{base}/login", data=f"name={coded}&password={coded}".encode()),
                urllib.request.Request(f"{base}/account", headers={"User-Agent": coded, "Referer": f"{base}/{coded}", "Cookie": f"arrears={coded}; arrears-language={coded}"}),
                urllib.request.Request(f"{base}/login", headers={"Host": f"{mark.encode().hex()[:40]}.example"}), urllib.request.Request(f"{base}/{coded}", data=coded.encode(), method="PUT")]
    for one in requests:
        try:
            with urllib.request.urlopen(one, timeout=60) as answer:
                yield answer.status, answer.read() if answer.status >= 400 else b""
        except urllib.error.HTTPError as refused:
            yield refused.code, refused.read()
