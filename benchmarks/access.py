"""How many decisions about access a second, with the ids of the policies that decided; how long a filter of rows takes; beside other ways.

    .venv/bin/python benchmarks/access.py [--seconds 5] [--rounds 3] [--out benchmarks/results/access.json]

The questions are those of tests/work/role_world.py: every role and verb on things on both sides of every border, some 30,000. All ways must answer every one as the table of roles
says, or the run ends. What they answer with differs: Cedar names the policies, casbin and the predicates say yes or no.

plain_predicates is the table of roles read by plain Python functions (tests/work/role_world.py): no policy language, no names, no forbids over everything. casbin is pycasbin with the
reach of the table as its policies and the rest as a function of its matcher; it is left out where it is not installed.
"""

import argparse
import importlib.util
import json
import logging
import os
import random
import statistics
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
from night import machine

from arrears.work import access
from arrears.work.roles import role_table
from work.role_world import expected, questions

CASBIN = """
[request_definition]
r = who, verb, thing, said
[policy_definition]
p = role, verb
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.verb == p.verb && holds(r.who, p.role, r.verb, r.thing, r.said)
"""


def main() -> None:
    """Measures every way in turn, prints the medians and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="how long each way is asked, each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "access.json", help="the JSON file to write")
    asked = parser.parse_args()
    listed = questions(role_table().rows)
    random.Random(7).shuffle(listed)
    ways = {"cedar": cedar, "plain_predicates": plain, **({"casbin": casbin()} if importlib.util.find_spec("casbin") else {}), "filter_made": filter_made()}
    begun = time.perf_counter()
    access.check_policies()
    first = time.perf_counter() - begun
    runs: dict[str, list[dict]] = {name: [] for name in ways}
    loads = []
    for _ in range(asked.rounds):
        loads.append(round(os.getloadavg()[0], 2))
        for name, way in ways.items():
            runs[name].append(timed(way, listed, asked.seconds))
            print(name, runs[name][-1], flush=True)
    measured = {name: {figure: statistics.median(run[figure] for run in every) for figure in every[0]} for name, every in runs.items()}
    result = {"measured_on": date.today().isoformat(), "machine": {**machine(), "cedarpy": version("cedarpy"), **({"casbin": version("casbin")} if "casbin" in ways else {})},
              "questions": len(listed), "policies": len(access.policies().sentences), "reading_and_checking_policies_ms": round(1000 * first, 1), "load_before_rounds": loads,
              "rounds": asked.rounds, "measured": measured}
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: value for name, value in result.items() if name != "machine"}, indent=1))


def timed(way, listed: list, seconds: float) -> dict:
    """Asks in turn for some seconds; decisions a second on the wall and of the processor, and milliseconds of one at the median and 95 of 100. Ends the run at a wrong answer."""
    took, until, number = [], time.perf_counter() + seconds, 0
    begun, worked = time.perf_counter(), time.process_time()
    while (at := time.perf_counter()) < until:
        one = listed[number % len(listed)]
        assert way(one) in (one.expected, None), one
        number += 1
        took.append(time.perf_counter() - at)
    wall, processor = time.perf_counter() - begun, time.process_time() - worked
    took.sort()
    return {"a_second": round(number / wall), "a_processor_second": round(number / processor), "p50_ms": round(1000 * took[len(took) // 2], 4), "p95_ms": round(1000 * took[len(took) * 95 // 100], 4)}


def cedar(one) -> bool:
    """arrears.work.access.decide: the resource and context are new in each question, the actor is often one seen before."""
    decision = access.decide(one.actor, one.verb, one.thing, one.context)
    assert not decision.allowed or decision.policies
    return decision.allowed


def filter_made():
    """arrears.work.residuals.filter_for: the condition of a list, made anew each time; the query itself is not counted."""
    from arrears.web.settings import configure_without_database

    configure_without_database()
    from arrears.work.models import Account, Approval, Case, Entry, Lender
    from arrears.work.residuals import filter_for

    models = {"Account": Account, "Approval": Approval, "Case": Case, "Entry": Entry, "Lender": Lender}

    def make(one) -> None:
        filter_for(one.actor, one.verb, models[one.thing.kind], one.context)

    return make


def plain(one) -> bool:
    """The line of the table, read by plain Python."""
    return expected(role_table().rows[one.verb], one.role, one.actor, one.verb, one.thing, one.context)


def casbin():
    """pycasbin: the role and verb of each cell as a policy, the rest by a function."""
    from casbin import Enforcer, Model

    logging.getLogger("casbin").setLevel(logging.ERROR)
    model = Model()
    model.load_model_from_text(CASBIN)
    enforcer = Enforcer(model)
    for verb, row in role_table().rows.items():
        for role in row.reach:
            enforcer.add_policy(role, verb)
    enforcer.add_function("holds", lambda who, role, verb, thing, said: role in who.roles and expected(role_table().rows[verb], role, who, verb, thing, said))
    return lambda one: enforcer.enforce(one.actor, one.verb, one.thing, one.context)


if __name__ == "__main__":
    main()
