"""What one fresh process does to be measured: `gate_measurements.py NAME PEOPLE CONTACTS RECORDS` prints one line of JSON.

The book is made anew in each process, by the same dice; its making is not counted, nor the reading of the pack, nor compiling.
"""

import json
import sys
import time
from functools import cache

import gate_book
import numpy as np

from arrears.compliance.may import answers
from arrears.compliance.proposals import screened
from arrears.compliance.screen import Prepared, Verdicts, prepare, screen
from arrears.law.packs import shipped_pack
from arrears.law.rules import VERDICTS
from arrears.nightly.local import each
from arrears.strategy.reading import default_strategy_text, strategy_from

SEED = 1
WARMED_BY = 2_000
"""Rows that are screened first, so that every loop is compiled and every text was read once, as on any night but the first."""
CALLS = 3_000
SINGLE = {
    "allow": [{"action.channel": "call"}, {"action.channel": "sms", "text": gate_book.TEXTS[0]}, {"product": "credit_card"}],
    "deny": [
        {"at": "2026-10-31T23:10:00+08:00"}, {"history": gate_book.past_contacts(60, 4)}, {"holds": ["dispute"]}, {"debtor.status": ["deceased"]},
        {"action.channel": "sms", "text": gate_book.TEXTS[3]}, {"action.channel": "sms", "text": gate_book.TEXTS[2]},
        {"action.recorded": False}, {"party.relation": "other", "party.id": "P1"},
    ],
}
"""Contacts that may be made and that may not, by what differs from an ordinary call."""


@cache
def _prepared(law: str) -> Prepared:
    return prepare(shipped_pack(law))


def screen_alone(people: int, contacts: int, records: int) -> dict:
    """The screen on ready columns, all rows at once, in one thread."""
    asked, gate = gate_book.book_of(people, contacts, SEED).asked, _prepared("cn")
    screen(asked.take(np.arange(min(people, WARMED_BY))), gate)
    begun, worked = time.perf_counter(), time.process_time()
    verdicts = screen(asked, gate)
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    return {"inside_s": took, "inside_cpu_s": worked, "rows": people, "grounds": len(gate.grounds), "verdicts": _told(verdicts),
            "grounds_that_speak": int(verdicts.speaks.any(axis=1).sum())}


def night_of_proposals(people: int, contacts: int, records: int) -> dict:
    """Proposals and contacts as a night has them, partition by partition, on the threads of a night."""
    gate, ways = _prepared("cn"), {**strategy_from(default_strategy_text()).contacts, "bot": ("voice_bot", gate_book.TEXTS[0])}
    partitions = gate_book.partitions_of(gate_book.book_of(people, contacts, SEED))

    def judged(name: str):
        return screened(*partitions[name], gate, gate_book.LENDER, ways, gate_book.AS_OF)["verdict"]

    first = next(iter(partitions))
    judged(first)
    begun, worked = time.perf_counter(), time.process_time()
    done = dict(each(judged, partitions))
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    found = {verdict: sum(int((verdicts == verdict).sum()) for verdicts in done.values()) for verdict in VERDICTS}
    assert sum(found.values()) == people, "every proposal is a contact here, so every one has a verdict"
    return {"inside_s": took, "inside_cpu_s": worked, "rows": people, "partitions": len(partitions), "verdicts": found}


def zen_engine(people: int, contacts: int, records: int) -> dict:
    """The same pack as a decision table of zen-engine, record by record, on people spread evenly over the book.

    Three ways to ask it: a record as a dict, as JSON, and all records in one call. The table is parsed and compiled before. Each way
    gives the same grounds and verdicts as the screen, or the run ends.
    """
    import gate_zen
    import zen

    book, gate = gate_book.book_of(people, contacts, SEED), _prepared("cn")
    places = np.linspace(0, people - 1, records).astype(np.int64)
    verdicts = screen(book.asked.take(places), gate)
    ready = gate_zen.records(book, places, gate)
    texts = [json.dumps(record) for record in ready]
    content = gate_zen.table(gate.pack)
    # Decisions of this loader are compiled once; those of create_decision take several times as long for each record.
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"cn": content}}})
    requests = [{"key": "cn", "context": record} for record in ready]
    ways = {
        "dict": lambda: [engine.evaluate("cn", record)["result"] for record in ready],
        "json": lambda: [engine.evaluate("cn", text)["result"] for text in texts],
        "batch": lambda: [done["data"]["result"] for done in engine.evaluate_batch(requests)],
    }
    found = {}
    engine.evaluate("cn", ready[0])
    for name, way in ways.items():
        begun, worked = time.perf_counter(), time.process_time()
        results = way()
        took, worked = time.perf_counter() - begun, time.process_time() - worked
        _demand_same(results, verdicts, gate)
        found[name] = {"inside_s": took, "inside_cpu_s": worked}
    return {"ways": found, "rows": records, "rows_of_table": len(content["nodes"][1]["content"]["rules"]),
            "verdicts": _told(verdicts), "same_verdicts": records}


def _demand_same(results: list, verdicts: Verdicts, gate: Prepared) -> None:
    import gate_zen

    level = {ground.id: ground.level for ground in gate.grounds} | {gate_zen.UNCOVERED: VERDICTS.index("review")}
    for place, result in enumerate(results):
        theirs = gate_zen.grounds_of(result)
        ours = sorted(gate.grounds[rule].id for rule in np.flatnonzero(verdicts.speaks[:, place]))
        ours += [gate_zen.UNCOVERED] * int(verdicts.uncovered[place]).bit_count()
        assert theirs == sorted(ours), f"record {place}: zen-engine says {theirs}, the screen {sorted(ours)}"
        strictest = max((level[name] for name in theirs), default=0)
        assert strictest == verdicts.level[place], f"record {place}: zen-engine says {VERDICTS[strictest]}, the screen {VERDICTS[verdicts.level[place]]}"


def single(people: int, contacts: int, records: int) -> dict:
    """One contact at its moment: a line of facts with 60 past contacts in, one answer out, again and again."""
    found = {}
    for verdict, changes in SINGLE.items():
        lines = [gate_book.single_facts(change) for change in changes]
        for line in lines:
            answer = next(answers([line], _prepared))
            assert answer.get("verdict") == verdict, f"{verdict} was expected: {answer}"
        took = np.empty(CALLS)
        for call in range(CALLS):
            line = lines[call % len(lines)]
            begun = time.perf_counter()
            next(answers([line], _prepared))
            took[call] = time.perf_counter() - begun
        found[verdict] = {"calls": CALLS, **{name: float(np.percentile(took, share)) * 1e3 for name, share in (("median_ms", 50), ("p99_ms", 99), ("most_ms", 100))}}
    return {"answers": found}


def _told(verdicts: Verdicts) -> dict[str, int]:
    counts = np.bincount(verdicts.level, minlength=len(VERDICTS))
    return {name: int(count) for name, count in zip(VERDICTS, counts, strict=True)}


NAMED = {function.__name__: function for function in (screen_alone, night_of_proposals, zen_engine, single)}


if __name__ == "__main__":
    name, *sizes = sys.argv[1:]
    print(json.dumps(NAMED[name](*(int(size) for size in sizes))))
