"""One process of the race: each of its threads asks for accounts and puts each back until the evening, until none is left. Prints who got which."""

import os
import sys
import threading
from pathlib import Path
from uuid import UUID


def main() -> None:
    home, lender, now, *people = sys.argv[1:]
    from arrears.web.settings import configure

    configure(Path(home))
    import arrears.work.actions  # noqa: F401
    from arrears.work import access
    from arrears.work.actions.action import perform
    from arrears.work.actor import Actor

    access.check_policies()
    wrong: list[BaseException] = []

    def run(person: str) -> None:
        account, collector = (UUID(one) for one in person.split("/"))
        actor = Actor(account, "racing", lender, frozenset({"collector"}), ("a",), collector, via="cli")
        try:
            while (told := perform(actor, "case.next", {}, int(now)))["case"] is not None:
                os.write(1, f"{collector} {told['case']}\n".encode())
                perform(actor, "case.put_back", {"why": "no_time"}, int(now), thing=UUID(told["case"]))
        except BaseException as problem:
            wrong.append(problem)
            raise

    threads = [threading.Thread(target=run, args=(person,)) for person in people]
    os.write(1, b"ready\n")
    sys.stdin.readline()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
