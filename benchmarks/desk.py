"""The desk under load: each page's server time under 20 requests a second, the queries it asks at two sizes, the time of the next account, and hand-outs that race.

    .venv/bin/python benchmarks/desk_rows.py --home HOME --cases 1000000 --contacts 5000000
    .venv/bin/python benchmarks/desk_rows.py --home SMALL --cases 10000 --contacts 50000
    .venv/bin/python benchmarks/desk.py --home HOME --small SMALL [--rate 20] [--seconds 15] [--races 100000] [--only queue,case] [--out benchmarks/results/desk.json]

The server is the program's own (`arrears serve`, two processes). Requests come from another process at fixed moments, whether or not earlier ones were answered (an open loop), by the
sessions of many accounts of the role, on cases drawn by a fixed seed. Server time is what the server itself writes of each request; what the client waited counts from the moment at
which the request was due. The queries of a page are counted in-process, at both sizes; they must be the same number. Races: threads of several processes ask for the next account, note
nothing and put the case back under another account's eyes only when their reservation is over, so a case that two hold at once is a fault, and ends the run.
"""

import argparse
import http.client
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from desk_page import page
from desk_rows import COLLECTORS_A_TEAM, LENDER, TEAMS, ident

HERE = Path(__file__).parent
ARREARS = [sys.executable, "-c", "from arrears.cli import main; main()"]
LOGGED = re.compile(r"arrears\.requests (GET|POST) ([\w-]+) (\d{3}) (\d+)ms")
VISITS = 10
OWN = TEAMS * COLLECTORS_A_TEAM
PAGES: tuple[tuple[str, str, str], ...] = (
    ("home", "collector", "/"), ("queue", "collector", "/queue"), ("case", "collector", "/cases/{own}"), ("lamps", "collector", "/cases/{own}/lamps"), ("plan_new", "collector", "/cases/{own}/plan"),
    ("parties", "collector", "/cases/{own}/parties"), ("search", "collector", "/search?q={borrower}"), ("approvals", "collector", "/approvals"), ("own_sheets", "collector", "/scores"), ("team_me", "collector", "/team/me"),
    ("home", "team_lead", "/"), ("ledger", "team_lead", "/ledger"), ("team", "team_lead", "/team"), ("team_figures", "team_lead", "/team/figures"), ("team_list", "team_lead", "/team/list?name=idle"), ("case", "team_lead", "/cases/{team}"), ("coaching", "team_lead", "/team/coaching"),
    ("absences", "team_lead", "/team/absences"), ("approvals", "team_lead", "/approvals"), ("matters", "team_lead", "/matters"), ("exports", "team_lead", "/exports"), ("roster", "team_lead", "/roster"),
    ("home", "compliance_officer", "/"), ("ledger", "compliance_officer", "/ledger"), ("samples", "compliance_officer", "/samples"), ("law", "compliance_officer", "/law"), ("matters", "compliance_officer", "/matters"),
    ("matter_clocks", "compliance_officer", "/matters/clocks"), ("case", "compliance_officer", "/cases/{any}"), ("entries", "compliance_officer", "/entries"), ("search", "compliance_officer", "/search?q={borrower}"), ("approvals", "compliance_officer", "/approvals"),
    ("home", "auditor", "/"), ("entries", "auditor", "/entries"), ("ledger", "auditor", "/ledger"),
    ("home", "administrator", "/"), ("runs", "administrator", "/runs"), ("roster", "administrator", "/roster"), ("limits", "administrator", "/limits"), ("accounts", "administrator", "/accounts"), ("calendar", "administrator", "/calendar"),
)
"""Name of the route, role, address; {own}: a case one holds, {team}: of one's team, {any}: any, {borrower}: a customer's number of one's own."""


def main() -> None:
    """Measures and writes the results; ends with 1 where a page asks more queries of more rows, or a case was handed to two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="the large home")
    parser.add_argument("--small", type=Path, help="the small one")
    parser.add_argument("--page", action="store_true", help="print the section of docs/benchmarks.md from the results, and measure nothing")
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=15, help="how long each page is asked")
    parser.add_argument("--races", type=int, default=100_000)
    parser.add_argument("--only", default="", help="names of routes, by commas")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "desk.json")
    parser.add_argument("--inside", choices=["queries", "sessions", "race"], help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.page:
        print(page(json.loads(asked.out.read_text(encoding="utf-8"))))
        return
    if asked.inside:
        print(json.dumps({"queries": queries, "sessions": sessions, "race": race}[asked.inside](asked)))
        return
    chosen = [one for one in PAGES if not asked.only or one[0] in asked.only.split(",")]
    result = {"measured_on": datetime.now(UTC).date().isoformat(), "machine": _machine(), "load_before": os.getloadavg()[0], "rows": _inside(asked, "sessions")["rows"], "rate": asked.rate, "seconds": asked.seconds}
    big, small = _inside(asked, "queries"), _inside(asked, "queries", home=asked.small)
    result["queries"] = {name: {"large": one["queries"], "small": small[name]["queries"], "equal": one["queries"] == small[name]["queries"], "program_ms": one["program_ms"], "database_ms": one["database_ms"]} for name, one in big.items()}
    result["pages"] = under_load(asked, chosen)
    result["next_account"] = result["pages"].pop("next_case POST collector", None)
    result["races"] = races(asked)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    sys.exit(result["races"]["twice"] > 0 or any(not one["equal"] for one in result["queries"].values()))


def _machine() -> dict:
    from night import machine

    return machine()


def _inside(asked, what: str, *, home: Path | None = None, number: int = 0, races: int | None = None):
    """What the program finds in a process of its own, since Django knows one home."""
    command = [sys.executable, __file__, "--home", str(home or asked.home), "--small", str(asked.small), "--inside", what, "--number", str(number), "--races", str(asked.races if races is None else races), "--only", asked.only]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def _configured(home: Path) -> None:
    from arrears.web.settings import configure

    configure(home)
    import arrears.work.actions  # noqa: F401


def _accounts() -> dict[str, list[tuple[str, str, str, str]]]:
    """By role: account, name, team, collector of those who ask."""
    found = {"collector": [(ident("account", c), f"c-{c:03}", f"team-{c // COLLECTORS_A_TEAM:02}", ident("collector", c)) for c in range(0, OWN - 2 * COLLECTORS_A_TEAM, 5)],
             "team_lead": [(ident("lead", t), f"lead-{t:02}", f"team-{t:02}", "") for t in range(TEAMS - 2)]}
    return found | {role: [(ident("role", role), role.replace("_", "-"), "*", "")] for role in ("compliance_officer", "auditor", "administrator")}


def sessions(asked) -> dict:
    """A session for each account that asks, and cases that each may see; how many rows there are."""
    _configured(asked.home)
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connection

    from arrears.days import microseconds_of
    from arrears.work.actor import system
    from arrears.work.models import Case
    from arrears.work.tenancy import seen_by

    now, made = microseconds_of(datetime.now(UTC)), {}
    with seen_by(system(LENDER)):
        anywhere = [(str(key), name) for key, name in Case.objects.filter(lender=LENDER, state="open").order_by("rank").values_list("id", "borrower_id")[:2000:10]]
        cases = {}
        for several in _accounts().values():
            for account, _, team, collector in several:
                rows = Case.objects.filter(lender=LENDER, state="open")
                rows = rows.filter(held_by=collector) if collector else rows.filter(team__code=team) if team != "*" else None
                cases[account] = anywhere if rows is None else [(str(key), name) for key, name in rows.order_by("rank").values_list("id", "borrower_id")[:60]]
    for role, several in _accounts().items():
        for account, name, _, _ in several:
            session = SessionStore()
            session.update({"account": account, "lender": LENDER, "epoch": 0, "begun": now, "seen": now, "proven": True, "language": "zh"})
            session.save()
            made.setdefault(role, []).append({"account": account, "name": name, "session": session.session_key, "cases": cases[account]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reltuples::bigint FROM pg_class WHERE relkind = 'r' AND relname IN ('work_case', 'work_contact', 'work_entry', 'work_party', 'work_promise') ORDER BY 1")
        rows = {name: count for name, count in cursor.fetchall()}
    return {"rows": rows, "sessions": made}


def _address(pattern: str, one: dict, dice: random.Random) -> str:
    case, borrower = dice.choice(one["cases"])
    return pattern.format(own=case, team=case, any=case, borrower=borrower)


def queries(asked) -> dict[str, dict]:
    """By page and role how many statements it sends to the database, the most of its first two visits: the first counts what the second may still show; and over VISITS more the processor's time a visit, of the program and of PostgreSQL's process, which a busy machine hardly changes."""
    made = sessions(asked)["sessions"]
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from arrears.work.queries import counted_lately

    found, dice = {}, random.Random(3)
    for name, role, pattern in PAGES:
        if asked.only and name not in asked.only.split(","):
            continue
        one = made[role][0]
        browser = Client(SERVER_NAME="localhost", raise_request_exception=False)
        browser.cookies[settings.SESSION_COOKIE_NAME] = one["session"]
        address = _address(pattern, one, dice)
        number = 0
        counted_lately._places.clear()  # nothing is kept of the page before
        for _ in range(2):
            with CaptureQueriesContext(connection) as seen:
                answer = browser.get(address)
            number = max(number, len(seen) if answer.status_code == 200 else 0)  # the next request forgets them
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backend = cursor.fetchone()[0]
        worked, told = time.process_time(), _processor_ms(backend)
        for _ in range(VISITS):
            browser.get(address)
        found[f"{name} GET {role}"] = {"queries": number if answer.status_code == 200 else -answer.status_code, "program_ms": round(1000 * (time.process_time() - worked) / VISITS, 1),
                                       "database_ms": None if told is None else round((_processor_ms(backend) - told) / VISITS, 1)}
        print(f"{name} GET {role}", found[f"{name} GET {role}"], file=sys.stderr, flush=True)
    return found


def _processor_ms(pid: int) -> float | None:
    """The processor's time of a process so far; None where the system does not tell, or the connection is another's by then."""
    try:
        parts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(parts[11]) + int(parts[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def under_load(asked, chosen) -> dict[str, dict]:
    """By page and role: server time and what the client waited, in milliseconds, at the median and 95 and 99 of 100."""
    made, port, found = _inside(asked, "sessions")["sessions"], _free_port(), {}
    log = asked.home / "desk-benchmark.log"
    with log.open("w", encoding="utf-8") as written, subprocess.Popen([*ARREARS, "serve", "--home", str(asked.home), "--bind", f"127.0.0.1:{port}", "--workers", "2", "--lang", "en"], stderr=written, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as server:
        try:
            _until_alive(port)
            for name, role, pattern in [*chosen, *([("next_case", "collector", "POST /queue/next")] if not asked.only or "next_case" in asked.only else [])]:
                for session in made[role] * 3:  # warm: nearly always each worker has its policies, its templates, and what it has counted for this account
                    _ask(port, pattern, session, random.Random(1))
                    _ask(port, pattern, session, random.Random(2))
                time.sleep(0.5)
                place, waited = log.stat().st_size, _open_loop(port, pattern, made[role], asked.rate, asked.seconds)
                time.sleep(1)
                with log.open(encoding="utf-8") as read:
                    read.seek(place)
                    lines = [(match[2], int(match[3]), int(match[4])) for match in map(LOGGED.search, read) if match]
                served = [took for route, status, took in lines if route == name and status in (200, 302, 303)]
                key = f"{name} {'POST' if pattern.startswith('POST') else 'GET'} {role}"
                found[key] = {"requests": len(waited), "answered": len(served), "other_status": sorted({status for route, status, _ in lines if route == name and status not in (200, 302, 303)}), "server_ms": _spread(served), "client_ms": _spread(waited)}
                print(key, found[key], flush=True)
        finally:
            server.terminate()
            server.wait(60)
    return found


def _spread(took: list[float]) -> dict[str, float] | None:
    if not took:
        return None
    ranked = sorted(took)
    return {"p50": round(statistics.median(ranked), 1), "p95": round(ranked[min(len(ranked) * 95 // 100, len(ranked) - 1)], 1), "p99": round(ranked[min(len(ranked) * 99 // 100, len(ranked) - 1)], 1), "max": round(ranked[-1], 1)}


def _open_loop(port: int, pattern: str, several: list[dict], rate: float, seconds: float) -> list[float]:
    """Milliseconds from the moment at which each request was due to its answer; requests are due one after another, whatever became of the others."""
    dice, waited, threads, begun = random.Random(7), [], [], time.perf_counter()
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        one, own = several[number % len(several)], random.Random(dice.random())
        time.sleep(max(0.0, due - time.perf_counter()))

        def ask(one=one, due=due, own=own) -> None:
            _ask(port, pattern, one, own)
            waited.append((time.perf_counter() - due) * 1000)

        threads.append(threading.Thread(target=ask))
        threads[-1].start()
    for thread in threads:
        thread.join(60)
    return waited


def _ask(port: int, pattern: str, one: dict, dice: random.Random) -> int:
    token = "b" * 32
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": f"arrears={one['session']}; arrears-form={token}", "Host": "localhost", "Accept-Language": "zh"}
    if pattern.startswith("POST "):
        body = urlencode({"csrfmiddlewaretoken": token})
        connection.request("POST", pattern.removeprefix("POST "), body, {**headers, "Content-Type": "application/x-www-form-urlencoded"})
    else:
        connection.request("GET", _address(pattern, one, dice), headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def _until_alive(port: int) -> None:
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server does not answer")


def races(asked) -> dict:
    """Several processes of several threads ask for the next account until so many were handed out; twice: how many cases two held at the same time."""
    processes = 2
    begun = time.perf_counter()
    jobs = [subprocess.Popen([sys.executable, __file__, "--home", str(asked.home), "--small", str(asked.small), "--inside", "race", "--number", str(number), "--races", str(asked.races // processes)], stdout=subprocess.PIPE, text=True)
            for number in range(processes)]
    told = [json.loads(job.communicate()[0].splitlines()[-1]) for job in jobs]
    handed: list[tuple[str, str, int, int]] = [tuple(one) for part in told for one in part["handed"]]
    by_case: dict[str, list[tuple[int, int, str]]] = {}
    for case, account, begins, ends in handed:
        by_case.setdefault(case, []).append((begins, ends, account))
    twice = sum(1 for spans in by_case.values() for one, other in zip(sorted(spans), sorted(spans)[1:], strict=False) if other[0] < one[1] and other[2] != one[2])
    return {"asked": sum(part["asked"] for part in told), "handed_out": len(handed), "nobody_waited": sum(part["none"] for part in told), "twice": twice, "seconds": round(time.perf_counter() - begun, 1), "took_ms": _spread([took for part in told for took in part["took"]])}


def race(asked) -> dict:
    """One process of the races. Each thread is one of a team after another's turn, its clock half an hour on each time, so that nothing is reserved for it any more. None of them holds cases
    of their own, so that all ten of a team ask for the same: with cases of their own nobody would be in anybody's way."""
    _configured(asked.home)
    from uuid import UUID

    from django.db import connection

    from arrears.days import microseconds_of
    from arrears.work.actions.action import perform
    from arrears.work.actor import Actor

    turn, lock = iter(range(asked.races)), threading.Lock()
    handed, took, none = [], [], [0]
    people = [(c, Actor(UUID(ident("account", c)), f"c-{c:03}", LENDER, frozenset({"team_lead"}), (f"team-{c // COLLECTORS_A_TEAM:02}",), None, "web", True)) for c in range(OWN - 2 * COLLECTORS_A_TEAM)]
    now = microseconds_of(datetime.now(UTC))

    def ask(thread: int) -> None:
        mine = people[(asked.number * 4 + thread)::8]
        for count, _ in enumerate(iter(lambda: _next(turn, lock), None)):
            who = mine[count % len(mine)][1]
            at = now + (count // len(mine)) * 31 * 60_000_000
            begun = time.perf_counter()
            told = perform(who, "case.next", {}, at)
            took.append(round((time.perf_counter() - begun) * 1000, 2))
            if told["case"] is None:
                none[0] += 1
            else:
                handed.append((str(told["case"]), str(who.account), at, at + 30 * 60_000_000))
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return {"asked": asked.races, "handed": handed, "took": took, "none": none[0]}


def _next(turn, lock) -> int | None:
    with lock:
        return next(turn, None)


if __name__ == "__main__":
    main()
