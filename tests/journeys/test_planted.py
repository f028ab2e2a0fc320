"""Marked personal data is put in wherever the work plane takes it, faulty and hostile ways too; then everything that is kept or said is searched for it, in every spelling.

Searched: every table of both databases as raw rows, every file of the home (the server's data, its write-ahead log, its log, what stands beside it), an uncompressed dump,
all that was logged, pages of errors, answers that are kept, the output of commands. None may hold a mark but what the vault opens for who may. What comes by files of the
book is planted by tests/ingest/test_vaulted_search.py.
"""

import base64
import importlib
import json
import logging
import os
import secrets
import subprocess
import sys
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from arrears.refusal import Refused
from work.action_scenes import SCENES, World
from work.rights.made_people import Person, account_made, case_made, collector_made, lender_made

SOURCE = Path(__file__).parents[2] / "src"
for _scenes in sorted((SOURCE.parent / "tests" / "work").glob("scenes_*.py")):
    importlib.import_module(f"work.{_scenes.stem}")  # each registers its own
NO_DEBTOR = {"record.collect", "record.resume", "approval.ask", "account.sign_in", "account.change_password", "account.enrol_second_factor", "dial.redeem", "case.take_in", "payment.take_in", "outcome.export", "run.report", "run.end"}
"""What of these is kept out of Entries is the terms of a thing, the staff's own secret, a token, the place of files, or what a run of the program said; no free words about a debtor are typed there."""
_HAN = "麤龘靐齉爩麣鱻灪龖厵滟爨癵驫麷"
"""Rare signs, so that no page of ours has three of them in a row."""


def _marks() -> dict[str, str]:
    """One mark of each kind, new in every run, so that nothing else in a home holds it."""
    digits, han = f"{secrets.randbelow(10**8):08d}", "".join(secrets.choice(_HAN) for _ in range(5))
    return {"name": f"{han}甲", "phone": f"199{digits}", "id_number": f"99010119{secrets.randbelow(10**10):010d}", "email": f"{secrets.token_hex(6)}@planted.example", "address": f"{han}路乙号",
            "account": f"6222{secrets.randbelow(10**15):015d}", "words": f"备{han}丙", "secret": secrets.token_hex(9)}


def spellings(mark: str) -> list[bytes]:
    """The mark as any of the usual ways of writing would leave it; of Base64 the part that does not depend on where it begins."""
    plain = mark.encode()
    found = [plain, mark.encode("utf-16-le"), mark.encode("utf-16-be"), plain.hex().encode(), plain.hex().upper().encode(), json.dumps(mark)[1:-1].encode(), json.dumps(mark)[1:-1].upper().encode(),
             quote(mark).encode(), quote(mark).lower().encode(), mark.encode("gb18030"), mark.encode("gb18030").hex().encode()]
    for lead in range(3):
        coded = base64.b64encode(b"\0" * lead + plain)
        found.append(coded[(lead * 8 + 5) // 6 : (lead + len(plain)) * 8 // 6])
    return list(dict.fromkeys(found))


@dataclass
class Planted:
    """The marks, and everything that was said to anybody while they were put in."""

    marks: dict[str, str] = field(default_factory=_marks)
    said: list[tuple[str, bytes]] = field(default_factory=list)
    begun: float = 0.0

    def heard(self, where: str, text) -> None:
        self.said.append((where, text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogatepass")))

    def found_in(self, where: str, content: bytes) -> list[str]:
        return [f"{kind} in {where}" for kind, mark in self.marks.items() for spelling in spellings(mark) if spelling in content]


class _Heard(logging.Handler):
    """Keeps what would reach standard error or a file, with its trace: all that comes to our two loggers, and from WARNING on what comes to the root, which Python writes where nobody else does."""

    def __init__(self, planted: Planted):
        super().__init__()
        self.planted = planted

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.WARNING and not record.name.startswith("arrears."):
            return
        self.planted.heard(f"log {record.name}", logging.Formatter("%(message)s").format(record))


@pytest.fixture(scope="module")
def planted(work):
    """All is planted once; each test searches one kind of place."""
    found = Planted()
    found.begun = (work.home / "planted.begun").write_text("") or (work.home / "planted.begun").stat().st_mtime
    heard, loggers = _Heard(found), [logging.getLogger(name) for name in ("", "arrears.requests", "arrears.alarm")]
    for one in loggers:
        one.addHandler(heard)
    try:
        lender = lender_made(work, "bank")
        _plant_actions(work, lender, found)
        _plant_pages(found)
        _plant_commands(work, lender, found)
    finally:
        for one in loggers:
            one.removeHandler(heard)
    return lender, found


def _calls(work, lender: str, marks: dict[str, str]):
    """Every call that takes personal data: who, verb, parameters, case, reason, purpose."""
    from arrears.days import moment_of

    collector, lead, officer = collector_made(work, lender), account_made(work, lender, "team_lead", teams=("T1",), via="web"), account_made(work, lender, "data_officer")
    compliance = account_made(work, lender, "compliance_officer", via="web")
    made = case_made(work, lender, Person("debtor", name=marks["name"], phone=marks["phone"], id_number=marks["id_number"], address=marks["address"]), held_by=collector.collector)
    words, case, debtor = marks["words"], made.case, made.parties[0]
    yield lead, "party.add", {"role": "guarantor", "name": marks["name"], "id_number": marks["id_number"][:-2] + "77"}, case
    for kind in ("email", "account", "address", "phone"):
        yield collector, "contact_point.add", {"party": debtor, "kind": kind, "value": marks[kind] if kind != "phone" else "+86 " + marks["phone"][:3] + "-" + marks["phone"][3:]}, case
    yield collector, "contact.note", {"attempted_at": moment_of(work.now), "channel": "call", "outcome": "answered", "party": debtor, "note": f"{words} {marks['phone']}"}, case
    yield collector, "attachment.add", {"kind": "recording", "record_kind": "call_recording", "content": (words * 40).encode() + marks["secret"].encode(), "made_at": moment_of(work.now), "title": words}, case
    yield lead, "hold.place", {"kind": "cease", "text": words}, case
    yield compliance, "dispute.raise", {"ground": "amount", "text": words}, case
    yield compliance, "complaint.raise", {"ground": "hours", "text": words}, case
    yield officer, "person.find", {"phone": marks["phone"]}, None
    yield officer, "person.find", {"id_number": marks["id_number"]}, None
    yield officer, "person.correct", {"party": debtor, "field": "name", "value": marks["name"] + "丁", "identity_by": "in_person"}, case
    yield officer, "person.freeze", {"party": debtor, "because": "accuracy_disputed"}, case
    yield officer, "person.unfreeze", {"party": debtor, "because": "ordered"}, case
    for name in ("name", "id_number", "phone", "email", "address", "account"):
        yield collector, "person.unmask", {"party": debtor, "field": name}, case
    yield officer, "person.export", {"party": debtor, "identity_by": "in_person"}, case
    yield from _answers(lender, compliance, words, case)


DESK = ("talk.note", "hardship.raise", "hardship.examine", "hardship.decide", "dispute.extend", "complaint.extend", "matter.note", "matter.task", "matter.reopen", "coaching.write", "coaching.read", "sheet.fill", "sheet.dispute")


def _calls_of_the_desk(work, marks: dict[str, str]):
    """The same of what is written on the pages of the desk, each call as its scene has it, with a mark in every free text."""
    from arrears.work.actions.action import ACTIONS

    for verb in DESK:
        call = SCENES[verb](World(work))
        free = {name: marks["words"] for name in ACTIONS[verb].personal if name in ("text", "note", "answer", "comment", "wanted")}
        yield call.actor, verb, {**call.parameters, **free}, call.thing


def _answers(lender: str, compliance, words: str, case):
    from arrears.work.actor import system
    from arrears.work.models import Complaint, Dispute
    from arrears.work.tenancy import seen_by

    for model, verb in ((Dispute, "dispute"), (Complaint, "complaint")):
        with seen_by(system(lender)):
            row = model.objects.filter(lender=lender, case=case).values_list("id", flat=True).first()
        yield compliance, f"{verb}.answer", {verb: row, "outcome": "rejected", "text": words, "rests_on": ["contacts"]}, case


def _plant_actions(work, lender: str, found: Planted) -> None:
    """Each call as it should be, with a key, again with that key, and then with every kind of fault; all refusals and traces are kept."""
    done, reason, purpose = set(), f"{found.marks['words']} {found.marks['name']} {found.marks['phone']}", "person_right"
    for actor, verb, parameters, case in chain(_calls(work, lender, found.marks), _calls_of_the_desk(work, found.marks)):
        if _tried(found, work, actor, verb, parameters, case, reason, purpose):
            done.add(verb)
        key = f"key-{uuid4()}"
        for changed in (parameters, {**parameters, "role": found.marks["secret"]}):
            _tried(found, work, actor, verb, changed, case, reason, purpose, key=key)
        for name in parameters.keys() - {"loan_id"}:  # a number that is no loan is said back to whoever typed it
            for wrong in (found.marks["secret"], {found.marks["phone"]: [found.marks["words"]]}, found.marks["id_number"] + "\0", found.marks["words"] * 900):
                _tried(found, work, actor, verb, {**parameters, name: wrong}, case, reason, purpose)
        _tried(found, work, actor, verb, parameters, uuid4(), found.marks["words"] * 200, found.marks["words"][:60])
    from arrears.work.actions.action import ACTIONS

    assert {verb for verb, one in ACTIONS.items() if one.personal} - NO_DEBTOR <= done, "a verb takes personal data and nothing was planted through it"


def _tried(found: Planted, work, actor, verb: str, parameters: dict, thing, reason: str, purpose: str, **more) -> bool:
    """Whether it was done. What a refusal says goes to whoever typed it; what a defect says, and its trace, goes to the log."""
    from arrears.work.actions.action import perform

    try:
        answer = perform(actor, verb, parameters, work.now, thing=thing, reason=reason, purpose=purpose, **more)
    except Refused as refused:
        found.heard(f"refusal of {verb}", refused.en + refused.zh + json.dumps(refused.examples))
        return False
    except Exception:
        found.heard(f"trace of {verb}", traceback.format_exc())
        return False
    if verb not in ("person.unmask", "person.export", "attachment.open"):
        found.heard(f"answer of {verb}", json.dumps(answer, ensure_ascii=False))
    return True


def _plant_pages(found: Planted) -> None:
    """Addresses, queries, forms, headers and cookies with marks in them, well and ill formed; the pages are kept but for a form that shows what was typed into it."""
    from django.test import Client

    there = Client(SERVER_NAME="localhost", raise_request_exception=False)
    strict = Client(SERVER_NAME="localhost", raise_request_exception=False, enforce_csrf_checks=True)
    for mark in found.marks.values():
        for method, path, body in (("get", f"/{quote(mark)}", None), ("get", f"/cases?q={quote(mark)}", None), ("get", f"/login?next=/{quote(mark)}", None), ("post", f"/account/factors/{quote(mark)}/remove", {}),
                                   ("post", "/second-factor", {"code": mark, "kind": mark}), ("post", "/language", {"language": mark, "next": mark}), ("post", "/account/password", {"current": mark, "password": mark}),
                                   ("put", f"/account/{quote(mark)}", None)):
            answer = getattr(there, method)(path, body) if body is not None else getattr(there, method)(path)
            found.heard(f"page {method} {path.partition('?')[0][:12]} {answer.status_code}", answer.content if answer.status_code >= 400 else b"")
        forged = strict.post("/login", {"name": mark, "password": mark})
        found.heard(f"page of a forged form {forged.status_code}", forged.content)
        for headers in ({"SERVER_NAME": f"{mark.encode().hex()}.example"}, {"HTTP_REFERER": f"http://localhost/{quote(mark)}"}, {"HTTP_USER_AGENT": mark.encode().hex()}):
            answer = Client(raise_request_exception=False, **{"SERVER_NAME": "localhost", **headers}).get("/account")
            found.heard(f"page with headers {answer.status_code}", answer.content)
        there.cookies["arrears-language"] = quote(mark)
        found.heard(f"page of a log-in {there.post('/login', {'name': mark, 'password': mark}).status_code}", b"")


def _plant_commands(work, lender: str, found: Planted) -> None:
    """Numbers typed where they do not belong; the command's output is what a service's log would keep."""
    officer = account_made(work, lender, "data_officer").name
    for arguments, lines in ((["find", "--phone", found.marks["phone"], "--reason", found.marks["words"]], ["x"]), (["find", "--phone"], [found.marks["words"], found.marks["phone"]])):
        done = subprocess.run([sys.executable, "-c", "from arrears.cli import people; people.person()", *arguments, "--as", officer, "--home", str(work.home)], input="\n".join(lines) + "\n", text=True,
                              capture_output=True, env={**os.environ, "PYTHONPATH": str(SOURCE)}, timeout=300)
        found.heard("output of a command", done.stdout + done.stderr)


def test_the_search_finds_a_mark_in_every_spelling():
    """The search itself is held: what it should find in a haystack, it finds."""
    marks = Planted()
    for kind, mark in marks.marks.items():
        hidden = [mark.encode(), mark.encode("utf-16-le"), mark.encode().hex().upper().encode(), quote(mark).encode(), json.dumps({"a": [mark]}).encode(), mark.encode("gb18030"),
                  *[base64.b64encode(os.urandom(lead) + mark.encode() + os.urandom(5)) for lead in range(6)]]
        for one in hidden:
            assert f"{kind} in x" in marks.found_in("x", os.urandom(50) + one + os.urandom(50)), (kind, one)
    assert not marks.found_in("x", os.urandom(100_000))


def test_nothing_that_was_said_or_logged_holds_a_mark(planted):
    _, found = planted
    assert len(found.said) > 300
    assert not [where for where, _ in found.said if " 500" in where] and any(where == "page of a log-in 401" for where, _ in found.said)
    assert not sorted({line for where, content in found.said for line in found.found_in(where, content)})


def test_no_row_of_any_table_holds_a_mark(planted, work):
    """Entries, changes and answers are tables as all others. The owner is held by row-level security too, so the lender is said."""
    import psycopg

    from arrears import postgres

    lender, found = planted
    seen, leaks = {}, []
    for database in (postgres.CASES, postgres.KEYS):
        with psycopg.connect(**postgres.place(work.home, postgres.OWNER, database).psycopg()) as connection:
            connection.execute("SELECT set_config('arrears.lender', %s, false), set_config('arrears.teams', '*', false)", [lender])
            tables = [row[0] for row in connection.execute("SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm', 'p')"
                                                           " AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1")]
            for table in tables:
                with connection.cursor().copy(f"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT csv)") as rows:
                    content = b"".join(rows)
                seen[table] = len(content)
                leaks += found.found_in(f"table {table}", content)
    assert seen["work_entry"] > 20_000 and seen["work_party"] and seen["work_answer"] and seen["work_attachment"] and seen["vault.data_key"]
    assert not leaks


def test_no_file_of_the_home_holds_a_mark(planted, work):
    """The server's data files, write-ahead log and log, the keys' folder, alarms: as bytes on the disk, of whatever was written since the first mark was planted."""
    import psycopg

    from arrears import postgres

    _, found = planted
    with psycopg.connect(**postgres.place(work.home, postgres.OWNER, postgres.CASES).psycopg(), autocommit=True) as connection:
        connection.execute("VACUUM")
    read, leaks = 0, []
    for path in sorted(work.home.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime >= found.begun - 2:
            content = path.read_bytes()
            read += len(content)
            leaks += found.found_in(str(path.relative_to(work.home)), content)
    assert read > 1_000_000
    assert not leaks


def test_no_dump_of_the_cases_holds_a_mark_or_a_key(planted, work, tmp_path):
    """pg_dump without compression, of the lender's rows: the plain parts of a backup."""
    from arrears import postgres
    from arrears.postgres.binaries import binaries_found

    lender, found = planted
    place = postgres.place(work.home, postgres.OWNER, postgres.CASES)
    done = subprocess.run([binaries_found()[0].folder / "pg_dump", "--enable-row-security", "--inserts", "-h", place.host, "-p", str(place.port), "-U", place.user, place.dbname],
                          capture_output=True, env={**os.environ, "PGPASSWORD": place.password, "PGOPTIONS": f"-c arrears.lender={lender} -c arrears.teams=*"}, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    assert lender.encode() in done.stdout and b"INSERT INTO public.work_party" in done.stdout
    leaks = found.found_in("dump", done.stdout)
    assert not leaks
    assert b"data_key" not in done.stdout
    assert not (tmp_path / "never").exists()


def test_who_may_still_reads_what_was_planted(planted, work):
    """That nothing is found is not for want of planting."""
    from arrears.work.actor import system
    from arrears.work.attachments import content_of
    from arrears.work.models import Attachment, Contact, Party
    from arrears.work.sealing import opened
    from arrears.work.tenancy import seen_by

    lender, found = planted
    with seen_by(system(lender)):
        debtor = Party.objects.get(lender=lender, role="debtor")
        assert opened(lender, debtor.person, debtor, "name_sealed") in {found.marks["name"] + "丁", *found.marks.values()}
        notes = [opened(lender, debtor.person, one, "note_sealed") for one in Contact.objects.filter(lender=lender)]
        assert any(found.marks["words"] in note for note in notes) and any(found.marks["secret"] == note for note in notes)
        assert any(found.marks["secret"].encode() in content_of(one, debtor.person) for one in Attachment.objects.filter(lender=lender, kind="recording"))
    assert datetime.now(UTC) - datetime.fromtimestamp(found.begun, UTC) < timedelta(hours=1)


def test_the_reason_of_an_emergency_access_is_not_kept_in_clear(work):
    from arrears.work.actions.action import perform
    from arrears.work.actor import system
    from arrears.work.models import BrokenGlass
    from arrears.work.tenancy import seen_by

    lender, found = lender_made(work, "bank"), Planted()
    perform(account_made(work, lender, "data_officer"), "access.break_glass", {"minutes": 5}, work.now, reason=found.marks["words"])
    with seen_by(system(lender)):
        assert BrokenGlass.objects.get(lender=lender).reason_sealed
        assert not found.found_in("work_brokenglass", str(list(BrokenGlass.objects.filter(lender=lender).values())).encode())
