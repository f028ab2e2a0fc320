"""A process that is killed: it waits to be told, forks a child with everything imported, and the child performs actions on several threads until somebody kills it.

Each answer is printed once it is acknowledged. Lines in: `go FIRST…`, the next number of each thread. Lines out: `child PID`, answers as JSON, `dead` when the child is.
"""

import json
import os
import sys
import threading
from pathlib import Path
from uuid import UUID


def call_of(number: int, cases: list[dict]) -> tuple[str, UUID, dict, str, str]:
    """Verb, case, parameters, key and reason of the action of that number: the same whenever it is tried."""
    case = cases[number % len(cases)]
    verb, parameters = [
        ("promise.take", {"loan_id": case["loan"], "amount_minor": 1 + number % 50, "pay_by_on": "2026-11-20"}),
        ("contact.note", {"attempted_at": "2026-11-02T09:30:00+08:00", "channel": "call", "outcome": "no_answer", "relation": "debtor", "note": f"number {number}"}),
        ("hold.place", {"kind": "cease", "text": f"hold {number}"}),
        ("plan.propose", {"loan_id": case["loan"], "instalments": [{"due_on": "2026-12-01", "amount_minor": 1 + number % 50}]}),
        ("contact_point.add", {"party": case["party"], "kind": "phone", "value": f"1990{number:07}"}),
        ("talk.note", {"outcome": "promise", "loan_id": case["loan"], "amount_minor": 1 + number % 50, "pay_by_on": "2026-11-20", "pay_channel": "app", "note": f"talk {number}"}),
    ][number % 6]
    return verb, UUID(case["id"]), parameters, f"doomed-{number:06}", f"reason {number}"


def _child(told: dict, firsts: list[int]) -> None:
    from arrears.work.actions.action import perform
    from arrears.work.actor import Actor

    actor = Actor(UUID(told["account"]), "doomed", told["lender"], frozenset({"team_lead"}), ("*",), via="cli")

    def run(number: int) -> None:
        while True:
            verb, case, parameters, key, reason = call_of(number, told["cases"])
            answer = perform(actor, verb, parameters, told["now"], thing=case, key=key, reason=reason)
            os.write(1, (json.dumps({"number": number, "key": key, "answer": answer}) + "\n").encode())
            number += len(firsts)

    os.write(1, f"child {os.getpid()}\n".encode())
    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in firsts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(1)  # a thread ended, which none should: nobody killed us


def main() -> None:
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    from arrears.web.settings import configure

    configure(Path(told["home"]))
    import arrears.work.actions  # noqa: F401
    from arrears.work import access
    from arrears.work.sealing import vault

    access.check_policies()
    vault().blinds(told["lender"], "answer", "warm")
    os.write(1, b"ready\n")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                _child(told, [int(number) for number in line.split()[1:]])
            finally:
                os._exit(2)
        _, status = os.waitpid(pid, 0)
        os.write(1, f"dead {os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)}\n".encode())


if __name__ == "__main__":
    main()
