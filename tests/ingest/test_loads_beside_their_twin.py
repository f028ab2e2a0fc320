"""Random sequences of loads, in every mode, of take-backs, and of corrections from quarantine: the book says what a plain twin says."""

import csv
import os
import random
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from arrears import store
from arrears.days import microseconds_of
from arrears.ingest.amend import quarantined_loads, take_corrections
from arrears.ingest.corrections import export
from arrears.ingest.loads import Terms, ingest, rows_in_force
from arrears.ingest.loads_taken_back import take_back
from arrears.ingest.mapping import read_mapping
from arrears.ingest.sources import find_sources
from arrears.refusal import Refused
from ingest.plain_loads import ALWAYS, KEY, is_sound, judge, latest

DAY = 86_400_000_000
SEEDS = range(400 if os.environ.get("ARREARS_LONG") else 6)
LOANS = """loans: {loan_id: loan, borrower_id: who, product: {constant: quick}, currency: {constant: CNY}, principal_minor: principal,
        annual_rate_ppm: {constant: "1"}, penalty_rate_ppm: {constant: "1"}, day_count: {constant: "360"}, grace_days: grace,
        waterfall_scope: {constant: instalment}, waterfall_order: {constant: "fee,penalty,interest,principal"},
        penalty_on_interest: {constant: "no"}, disbursed_on: day, regime: {constant: cn_licensed}%s}"""
SOURCES = {
    "loans": (["loan", "who", "principal", "grace", "day"], [LOANS]),
    "inst": (["loan", "no", "due", "principal", "interest"], [
        "instalments: {loan_id: loan, number: no, due_on: due, principal_minor: principal, interest_minor: interest, fee_minor: {constant: '0'}%s}"]),
    "both": (["loan", "who", "principal", "grace", "day", "n", "interest", "kind"], [
        LOANS,
        "instalments: {repeat: {times: n}, loan_id: loan, number: {number: true}, due_on: {column: day, every: month}, "
        "principal_minor: {column: principal, share: equal}, interest_minor: interest, fee_minor: {constant: '0'}%s}",
        "borrowers: {borrower_id: who, kind: kind%s}"]),
    "pay": (["id", "loan", "day", "amount", "rev"], ["payments: {payment_id: id, loan_id: loan, paid_on: day, amount_minor: amount, reverses: rev%s}"]),
    "plan": (["id", "loan", "no", "due", "amount"], [
        "plans: {plan_id: id, loan_id: loan, agreed_on: {constant: '2026-02-01'}, number: no, due_on: due, amount_minor: amount%s}"]),
}
TABLES = {"loans": ["loans"], "inst": ["instalments"], "both": ["loans", "instalments", "borrowers"], "pay": ["payments"], "plan": ["plans"]}


def mapping_text(bearing: bool) -> str:
    lines = ["mapping: a twin", "sources:"]
    for name, (_, parts) in SOURCES.items():
        lines += [f"  - source: {name}", f"    files: ['{name}_*.csv']", "    tables:"]
        lines += ["      " + part % (", recorded_at: rec" if bearing else "") for part in parts]
    return "\n".join(lines) + "\n"


def rows_of(source: str, said: dict, recorded_at: int) -> list[tuple[str, dict]]:
    """The rows that a record says, worked out by hand."""
    rows = []
    if source in ("loans", "both"):
        rows.append(("loans", {"loan_id": said["loan"], "borrower_id": said["who"], "principal_minor": said["principal"],
                               "grace_days": said["grace"], "disbursed_on": said["day"]}))
    if source == "both":
        share = said["principal"] // said["n"]
        for number in range(1, said["n"] + 1):
            last = said["principal"] - share * (said["n"] - 1)
            rows.append(("instalments", {"loan_id": said["loan"], "number": number, "due_on": said["day"].replace(month=said["day"].month + number - 1),
                                         "principal_minor": last if number == said["n"] else share, "interest_minor": said["interest"]}))
        rows.append(("borrowers", {"borrower_id": said["who"], "kind": said["kind"]}))
    if source == "inst":
        rows.append(("instalments", {"loan_id": said["loan"], "number": said["no"], "due_on": said["due"], "principal_minor": said["principal"],
                                     "interest_minor": said["interest"]}))
    if source == "pay":
        rows.append(("payments", {"payment_id": said["id"], "loan_id": said["loan"], "paid_on": said["day"], "amount_minor": said["amount"],
                                  "reverses": said["rev"]}))
    if source == "plan":
        rows.append(("plans", {"plan_id": said["id"], "loan_id": said["loan"], "number": said["no"], "due_on": said["due"], "amount_minor": said["amount"]}))
    return [(table, {**row, "recorded_at": recorded_at}) for table, row in rows]


class World:
    """A lender with few loans, borrowers and ids, so that most of what it sends meets something."""

    def __init__(self, seed: int, folder: Path, bearing: bool):
        self.dice, self.bearing, self.folder = random.Random(seed), bearing, folder
        (folder / "mapping.yaml").write_text(mapping_text(bearing), encoding="utf-8")
        self.mapping = read_mapping(folder / "mapping.yaml")
        (folder / "book").mkdir()
        self.book = store.book_for_load(folder / "book")
        self.now = microseconds_of(datetime(2026, 6, 1, tzinfo=UTC))
        self.loads: dict[int, dict] = {}
        self.sent: dict[str, list[list[dict]]] = {source: [] for source in SOURCES}

    def in_force(self) -> list[dict]:
        return [load for load in self.loads.values() if load["in_force"]]

    def record(self, source: str) -> dict:
        pick = self.dice.choice
        said = {"loan": f"L{self.dice.randint(1, 3)}", "who": f"B{pick([1, 2])}", "principal": pick([1000, 1000, 1000, 2000]), "grace": pick([0, 0, 3]),
                "day": pick([date(2026, 1, 10)] * 4 + [date(2026, 2, 20)]), "n": pick([1, 2, 2, 2]), "interest": pick([5, 5, 7]),
                "kind": pick(["person"] * 6 + ["enterprise"])}
        if source == "pay":
            own, back = self.dice.randint(1, 6), pick([None, None, None, self.dice.randint(1, 6)])
            said |= {"id": f"P{own}", "day": pick([date(2026, 2, 12)] * 3 + [date(2026, 3, 1), date(2026, 1, 15)]), "amount": pick([100, 100, 200]),
                     "rev": None if back is None else f"P{back}"}
            if self.dice.random() < 0.8:
                said["loan"] = f"L{1 + (own if back is None else back) % 3}"
        if source == "inst":
            said |= {"principal": pick([500, 500, 1000]), "no": self.dice.randint(1, 2), "due": date(2026, 2 + self.dice.randint(1, 2), 10)}
        if source == "plan":
            said |= {"id": f"K{self.dice.randint(1, 2)}", "no": self.dice.randint(1, 3), "due": date(2026, 3, self.dice.randint(1, 2)), "amount": pick([10, 20])}
        return {name: said[name] for name in SOURCES[source][0]}

    def records(self, source: str) -> list[dict]:
        """New ones, or what was sent before, sometimes twice, sometimes with one cell changed."""
        pick, chance = self.dice.choice, self.dice.random
        found = [self.record(source) for _ in range(pick([1, 2, 3, 4]))]
        if source == "inst":
            found = [{"loan": loan, "no": number, "due": date(2026, 2 + number, 10), "principal": 500, "interest": pick([5, 5, 7])}
                     for loan in self.dice.sample(["L1", "L2", "L3"], 2) for number in (1, 2)]
        if chance() < 0.25:
            found.append(dict(pick(found)))
        if self.sent[source] and chance() < 0.6:
            found = [dict(one) for one in pick(self.sent[source])] + (found if chance() < 0.4 else [])
            if chance() < 0.6:
                one, other = pick(found), self.record(source)
                name = pick([name for name in one if name != "id"])
                one[name] = other[name]
        self.sent[source].append([dict(one) for one in found])
        return found

    def load(self) -> None:
        dice = self.dice
        wanted = dice.sample(list(SOURCES), dice.choice([1, 2, 3])) if self.loads and dice.random() < 0.75 else ["loans", "inst", "both", "pay"]
        mode = dice.choice(["delta", "delta", "correction", "snapshot"])
        folder = self.folder / f"files{len(list(self.folder.glob('files*')))}"
        folder.mkdir()
        sent, spoilt = [], set()
        for source in (source for source in SOURCES if source in wanted):
            with (folder / f"{source}_1.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow([*SOURCES[source][0], *(["rec"] if self.bearing else [])])
                for said in self.records(source) if dice.random() < 0.95 else []:
                    at = self.now - dice.choice([1, 2, 3, 5, 8, 13, 40]) * DAY
                    shown = {name: "" if value is None else str(value) for name, value in said.items()}
                    if dice.random() < 0.04:
                        spoilt.add(len(sent))
                        shown["principal" if "principal" in shown else "amount"] = "x!"
                    moment = [datetime.fromtimestamp(at / 1e6, UTC).isoformat()] if self.bearing else []
                    writer.writerow([*shown.values(), *moment])
                    sent.append((source, said, at))
        done = ingest(self.book, find_sources([str(folder)], self.mapping), self.mapping, Terms(mode, Decimal(1)), self.now)
        if done.made_now:
            self.account(done.load, sent, spoilt, wanted, [mode] * len(sent), is_snapshot=mode == "snapshot")

    def correct(self) -> None:
        """Some of what waits comes back, with what was spoilt mostly mended, each record in the mode in which it was first sent."""
        dice, path = self.dice, self.folder / f"waits{len(list(self.folder.glob('waits*')))}.csv"
        try:
            export(quarantined_loads(self.book), path)
        except Refused:
            return
        with path.open(newline="", encoding="utf-8-sig") as file:
            header, *lines = csv.reader(file)
        lines = [line for line in lines if dice.random() < 0.8] or lines
        back: dict[tuple[int, int], bool] = {}
        for line in lines:
            load, record = (int(cell.lstrip("'")) for cell in line[:2])
            waited = self.loads[load]
            assert waited["in_force"] and record in waited["bad"]
            back[load, record] = record in waited["spoilt"]
            if back[load, record] and dice.random() < 0.7:
                said = waited["sent"][record][1]
                amount = "principal" if "principal" in said else "amount"
                line[header.index(amount)] = str(said[amount])
                back[load, record] = False
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file).writerows([header, *lines])
        made = take_corrections(self.book, path, None, self.now).loaded.load
        answers = store.read_columns(self.book.load_folder(made["id"]) / "resolved.parquet").drop_nulls("became").sort("became")
        came = list(answers.select("load", "record").iter_rows())
        assert sorted(came) == sorted(back) and answers["became"].to_list() == list(range(len(came)))
        sent = [self.loads[load]["sent"][record] for load, record in came]
        modes = [self.loads[load]["modes"][record].replace("snapshot", "replaces") for load, record in came]
        self.account(made, sent, {place for place, key in enumerate(came) if back[key]}, {source for source, _, _ in sent}, modes)

    def account(self, made: dict, sent: list, spoilt: set[int], sources, modes: list[str], *, is_snapshot: bool = False) -> None:
        """The load made of what was sent is what the twin makes of it."""
        before = [load["rows"] for load in self.in_force()]
        own = ALWAYS if made["first"] else made["moment"]
        assert made["first"] == (not any(rows for load in before for rows in load.values()))
        assert all(made["moment"] > load["moment"] for load in self.in_force())
        records = [rows_of(source, said, at if self.bearing else own) for source, said, at in sent]
        fed = {table for source in sources for table in TABLES[source]}
        outcome = judge(records, spoilt, fed, before, modes, self.bearing, is_snapshot=is_snapshot)
        waits = set(store.read_columns(self.book.load_folder(made["id"]) / "quarantine.parquet")["record"])
        assert waits == outcome.bad, [(number, sent[number]) for number in waits ^ outcome.bad]
        assert {table: {name: made["tables"][table][name] for name in counts} for table, counts in outcome.counts.items()} == outcome.counts
        self.loads[made["id"]] = {"in_force": True, "rows": outcome.rows, "counts": outcome.counts, "moment": made["moment"], "sent": sent,
                                  "spoilt": spoilt, "bad": outcome.bad, "modes": modes}

    def take_back(self) -> None:
        number = self.dice.choice(list(self.loads)[-3:])
        load = self.loads[number]
        if not load["in_force"]:
            return
        load["in_force"] = False
        rests = not is_sound(latest([one["rows"] for one in self.in_force()])) or any(
            counts["unchanged"] and load["rows"].get(table) for other, one in self.loads.items() if one["in_force"] and other > number
            for table, counts in one["counts"].items())
        try:
            take_back(self.book, number, self.now)
        except Refused:
            load["in_force"] = True
            assert rests, f"load {number} could have been taken back"
        else:
            assert not rests, f"load {number} should not have been taken back"

    def assert_book_says_so(self) -> None:
        want, have = latest([load["rows"] for load in self.in_force()]), rows_in_force(self.book)
        assert is_sound(want)
        for table in KEY:
            found = have[table].collect().to_dicts() if table in have else []
            assert _counted(found, want[table]) == _counted(want[table], want[table]), table


def _counted(rows: list[dict], like: list[dict]) -> Counter:
    names = [name for name in like[0] if name != "recorded_at"] if like else ["loan_id"]
    moments = [row["recorded_at"] for row in rows]
    numbers = [ALWAYS if at is None else at if isinstance(at, int) else microseconds_of(at) for at in moments]
    return Counter((at, *(str(row.get(name)) for name in names)) for at, row in zip(numbers, rows, strict=True))


@pytest.mark.parametrize("bearing", [False, True], ids=["plain", "with recorded_at"])
@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_sequence_of_loads_corrections_and_take_backs_the_book_says_what_the_plain_twin_says(tmp_path, seed, bearing):
    world = World(seed, tmp_path, bearing)
    for _ in range(7):
        world.now += world.dice.choice([1, DAY // 24, DAY])
        (world.dice.choice([world.take_back, world.correct, world.load, world.load]) if world.loads else world.load)()
        world.assert_book_says_so()
