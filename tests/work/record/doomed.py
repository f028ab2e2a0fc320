"""A process that is killed: it waits to be told, forks a child with everything imported, and the child performs actions on two threads and integrates on a third until somebody kills it.

Lines in: `go FIRST…`, the next number of each thread. Lines out: `child PID`, answers as JSON, `size N` of each integration, `dead` when the child is.
"""

import json
import os
import sys
import threading
from pathlib import Path
from uuid import UUID

from work.actions.doomed import call_of


def _child(told: dict, firsts: list[int]) -> None:
    from arrears.refusal import Refused
    from arrears.work.actions.action import perform
    from arrears.work.actor import Actor
    from arrears.work.recording import integrate

    actor = Actor(UUID(told["account"]), "doomed", told["lender"], frozenset({"team_lead"}), ("*",), via="cli")

    acted = threading.Event()
    acted.set()

    def act(number: int) -> None:
        while True:
            verb, case, parameters, key, reason = call_of(number, told["cases"])
            perform(actor, verb, parameters, told["now"], thing=case, key=key, reason=reason)
            os.write(1, (json.dumps({"number": number, "key": key}) + "\n").encode())
            acted.set()
            number += len(firsts)

    def record() -> None:
        while True:
            acted.wait()
            acted.clear()
            try:
                os.write(1, f"size {integrate(Path(told['home']), told['now']).size}\n".encode())
            except Refused as refused:
                if "another process integrates" not in str(refused):  # the server has not noticed yet that the one before is dead
                    raise

    os.write(1, f"child {os.getpid()}\n".encode())
    threads = [threading.Thread(target=act, args=(number,), daemon=True) for number in firsts] + [threading.Thread(target=record, daemon=True)]
    for thread in threads:
        thread.start()
    while all(thread.is_alive() for thread in threads):
        threads[-1].join(0.05)
    os._exit(1)  # a thread ended, which none should: nobody killed us


def main() -> None:
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    from arrears.web.settings import configure

    configure(Path(told["home"]))
    from arrears.work import access, recording
    from arrears.work.sealing import vault

    recording.PIECE, recording.PUBLISHED_EVERY = 2, 3  # so that a run has many pieces to be killed between
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
