"""What one fresh process does to be measured: `decision_table_measurements.py NAME LOANS RECORDS` prints one line of JSON.

The loans are made up by dice with a seed, with the fields of the table as a night has them; what is not known is null, and nobody's values are real.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import reduce
from hashlib import sha256

import numpy as np
import polars as pl

from arrears.nightly.local import each
from arrears.strategy.conditions import FIELDS, first_fit, read_when
from arrears.strategy.strategy import When

SEED = 1
PARTITION = 40_000
LATE = ["M2", "M3", "M4", "M5", "M6", "M6+"]
TABLE = [
    {"hold": ["dispute", "complaint", "cease", "legal_stay", "hardship_review", "vulnerable"]}, {"overpaid": "yes"}, {"cap": "unknown", "bucket": LATE},
    {"claimable": "<1000"}, {"bucket": "M1", "self_cure": ">=85%"}, {"bucket": "M1", "self_cure": "70%..85%", "claimable": "<500000"},
    {"hardship": "yes", "bucket": LATE}, {"bucket": "M1", "claimable": "<50000", "contacts_30": ">=4"}, {"bucket": "M1", "claimable": "<50000"},
    {"bucket": "M1", "frequency": ["weekly", "fortnightly"], "claimable": "50000..2000000"}, {"bucket": "M1", "product": ["trader", "enterprise"]},
    {"bucket": "M1", "claimable": "50000..500000", "contacts_30": "<2"}, {"bucket": "M1", "claimable": "50000..2000000"}, {"bucket": "M1"},
    {"bucket": ["M2", "M3"], "contacts_30": ">=8"}, {"bucket": ["M2", "M3"], "product": "enterprise", "claimable": ">=5000000"},
    {"bucket": ["M2", "M3"], "product": ["trader", "enterprise"]}, {"bucket": ["M2", "M3"], "claimable": "<200000", "self_cure": ">=40%"},
    {"bucket": ["M2", "M3"], "claimable": "<200000"}, {"bucket": "M2", "claimable": "200000..2000000"}, {"bucket": "M3", "claimable": "200000..2000000"},
    {"bucket": ["M2", "M3"], "kind": "person"}, {"bucket": ["M2", "M3"]}, {"bucket": ["M4", "M5", "M6"], "claimable": "<100000"},
    {"bucket": ["M4", "M5", "M6"], "claimable": "100000..500000", "frequency": "weekly"}, {"bucket": ["M4", "M5", "M6"], "claimable": "100000..500000"},
    {"bucket": ["M4", "M5", "M6"], "kind": ["sole_trader", "enterprise"]}, {"bucket": ["M4", "M5", "M6"]}, {"bucket": "M6+", "claimable": "<500000"}, {},
]
"""Thirty rows, the last of which takes what is left."""
WHENS = tuple(read_when(row, "the table") for row in TABLE)


def loans_of(count: int) -> pl.DataFrame:
    """Late loans, early and small ones most of all."""
    dice = np.random.default_rng(SEED)

    def pick(shares: dict) -> pl.Series:
        values, weights = list(shares), np.array(list(shares.values()), float)
        return pl.Series(values, dtype=pl.String).gather(dice.choice(len(values), count, p=weights / weights.sum()).astype(np.uint32))

    return pl.DataFrame({
        "bucket": pick({"M1": 45, "M2": 15, "M3": 10, "M4": 8, "M5": 6, "M6": 6, "M6+": 10}),
        "product": pick({"personal": 60, "trader": 20, "enterprise": 5, "another product of the lender": 15}),
        "hold": pick({"none": 96, "dispute": 1, "complaint": 1, "cease": 1, "hardship_review": 1}), "cap": pick({"known": 95, "unknown": 5}),
        "overpaid": pick({"no": 98, "yes": 2}), "hardship": pick({"no": 97, "yes": 3}),
        "frequency": pick({"monthly": 70, "weekly": 15, "fortnightly": 10, "once": 5}), "kind": pick({"person": 75, "sole_trader": 20, "enterprise": 5}),
        "claimable": np.exp(dice.normal(12, 1.8, count)).astype(np.int64), "contacts_30": dice.poisson(3, count),
        "self_cure": pl.Series(dice.beta(2, 2, count)).set(pl.Series(dice.random(count) < 0.02), None),
    })


def one_thread(loans: int, records: int) -> dict:
    """The whole frame at once; one thread of ours, though Polars may use more within a slice."""
    frame = loans_of(loans)
    first_fit(WHENS, frame[:100])
    return _timed(lambda: first_fit(WHENS, frame))


def threads_of_a_night(loans: int, records: int) -> dict:
    """Partition by partition, as a night decides."""
    frame = loans_of(loans)
    first_fit(WHENS, frame[:100])
    begins = {str(begin): begin for begin in range(0, loans, PARTITION)}

    def all_of_them() -> np.ndarray:
        done = dict(each(lambda name: first_fit(WHENS, frame[begins[name]:begins[name] + PARTITION]), begins))
        return np.concatenate([done[name] for name in begins])

    return _timed(all_of_them)


def polars_when_then(loans: int, records: int) -> dict:
    """A chain of when/then, all rows at once on the threads of Polars."""
    frame = loans_of(loans)
    choice = pl
    for place, when in enumerate(WHENS[:-1]):
        choice = choice.when(_expression(when)).then(pl.lit(place, pl.UInt16))
    chain = choice.otherwise(pl.lit(len(WHENS) - 1, pl.UInt16))
    frame[:100].select(chain)
    return _timed(lambda: frame.select(chain).to_series().to_numpy())


def _expression(when: When) -> pl.Expr:
    parts = []
    for name, cell in when:
        if FIELDS[name].kind == "text":
            parts.append(pl.col(name).is_in(list(cell)))
            continue
        low, high = (None if edge is None else edge / 1_000_000 if FIELDS[name].is_share else edge for edge in cell)
        parts += [pl.col(name) >= low] if low is not None else []
        parts += [pl.col(name) < high] if high is not None else []
    return reduce(lambda one, other: one & other, parts).fill_null(False)


def zen_engine(loans: int, records: int) -> dict:
    """The same table in zen-engine, record by record, on loans spread evenly: as dicts, as JSON, all in one call. Compiled before the clock starts."""
    import zen

    frame = loans_of(loans)[np.linspace(0, loans - 1, records).astype(np.int64)]
    expected = first_fit(WHENS, frame).tolist()
    ready = frame.to_dicts()
    texts = [json.dumps(record) for record in ready]
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"table": _zen_table()}}})
    requests = [{"key": "table", "context": record} for record in ready]
    ways = {
        "dict": lambda: [engine.evaluate("table", record)["result"]["row"] for record in ready],
        "json": lambda: [engine.evaluate("table", text)["result"]["row"] for text in texts],
        "batch": lambda: [done["data"]["result"]["row"] for done in engine.evaluate_batch(requests)],
    }
    engine.evaluate("table", ready[0])
    found = {}
    for name, way in ways.items():
        begun, worked = time.perf_counter(), time.process_time()
        chosen = way()
        found[name] = {"inside_s": time.perf_counter() - begun, "inside_cpu_s": time.process_time() - worked}
        assert chosen == expected, f"zen-engine chose other rows, first at {next(at for at, pair in enumerate(zip(chosen, expected, strict=True)) if pair[0] != pair[1])}"
    return {"ways": found, "rows_of_table": len(TABLE)}


def _zen_table() -> dict:
    """One decision table between an input and an output, in zen-engine's JSON; the fields that rule out most rows stand first."""
    names = sorted({name for row in TABLE for name in row}, key=lambda name: -sum(name in row for row in TABLE))
    rows = [{"_id": str(place), **{name: "" for name in names}, **{name: _zen_cell(name, cell) for name, cell in when}, "row": str(place)} for place, when in enumerate(WHENS)]
    content = {"hitPolicy": "first", "inputs": [{"id": name, "name": name, "field": name} for name in names], "outputs": [{"id": "row", "name": "row", "field": "row"}], "rules": rows}
    place = {"x": 0, "y": 0}
    return {
        "nodes": [{"id": "in", "type": "inputNode", "name": "in", "position": place}, {"id": "table", "type": "decisionTableNode", "name": "table", "position": place, "content": content},
                  {"id": "out", "type": "outputNode", "name": "out", "position": place}],
        "edges": [{"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"}, {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"}],
    }


def _zen_cell(name: str, cell: tuple) -> str:
    if FIELDS[name].kind == "text":
        return ", ".join(f"'{value}'" for value in cell)
    low, high = (None if edge is None else f"{edge / 1_000_000:g}" if FIELDS[name].is_share else str(edge) for edge in cell)
    return f"< {high}" if low is None else f">= {low}" if high is None else f"[{low}..{high})"


def _timed(work: Callable[[], np.ndarray]) -> dict:
    begun, worked = time.perf_counter(), time.process_time()
    chosen = work()
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    digest = sha256(np.ascontiguousarray(chosen, np.uint16).tobytes()).hexdigest()[:16]
    return {"inside_s": took, "inside_cpu_s": worked, "chosen": digest, "rows_of_table": len(TABLE), "rows_chosen": int((np.bincount(chosen, minlength=len(TABLE)) > 0).sum())}


NAMED = {function.__name__: function for function in (one_thread, threads_of_a_night, polars_when_then, zen_engine)}


if __name__ == "__main__":
    name, *sizes = sys.argv[1:]
    print(json.dumps(NAMED[name](*(int(size) for size in sizes))))
