"""What loads do to a book, in plain Python: a slow twin written from docs/algorithms/ingest.md, row by row and without a table.

It knows five tables, each row a dict that bears `recorded_at` in microseconds; a record is a list of such rows.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

ALWAYS = -(2**63)
KEY = {"loans": ("loan_id",), "instalments": ("loan_id", "number"), "payments": ("payment_id",), "borrowers": ("borrower_id",),
       "plans": ("plan_id", "number")}
GROUP = {**KEY, "instalments": ("loan_id",), "plans": ("plan_id",)}
OF_LOANS = ("instalments", "payments", "plans")

Rows = dict[str, list[dict]]


def key_of(table: str, row: dict) -> tuple:
    return tuple(row[column] for column in KEY[table])


def group_of(table: str, row: dict) -> tuple:
    return tuple(row[column] for column in GROUP[table])


def content_of(row: dict) -> tuple:
    return tuple(sorted((name, str(value)) for name, value in row.items() if name != "recorded_at"))


def latest(loads: list[Rows]) -> Rows:
    """Of each key (of a schedule, each loan) the rows recorded last."""
    every = {table: [row for rows in loads for row in rows.get(table, [])] for table in KEY}
    found = {}
    for table, rows in every.items():
        last: dict[tuple, int] = {}
        for row in rows:
            last[group_of(table, row)] = max(last.get(group_of(table, row), ALWAYS), row["recorded_at"])
        found[table] = [row for row in rows if row["recorded_at"] == last[group_of(table, row)]]
    return found


def faults_among(rows: list[tuple[str, object, dict]]) -> set:
    """The owners of the rows (table, owner, row) of which some are wrong among each other."""
    by_table = {table: [(owner, row) for name, owner, row in rows if name == table] for table in KEY}
    loans = {row["loan_id"]: row for _, row in by_table["loans"]}
    wrong = set()
    sums, many = Counter(), Counter()
    for _, row in by_table["instalments"]:
        sums[row["loan_id"]] += row["principal_minor"]
        many[row["loan_id"]] += 1
    unsound = {loan for loan, row in loans.items() if sums[loan] != row["principal_minor"] or (not many[loan] and row["principal_minor"])}
    wrong |= {owner for table in ("loans", "instalments") for owner, row in by_table[table] if row["loan_id"] in unsound}
    wrong |= {owner for table in OF_LOANS for owner, row in by_table[table] if row["loan_id"] not in loans}
    late = {owner for owner, row in by_table["payments"] if row["loan_id"] in loans and row["paid_on"] < loans[row["loan_id"]]["disbursed_on"]}
    return wrong | late


def faulty_reversals(rows: list[tuple[str, object, dict]]) -> set:
    payments = {row["payment_id"]: (owner, row) for table, owner, row in rows if table == "payments"}
    wrong = set()
    for owner, row in payments.values():
        if row["reverses"] is not None:
            target_owner, target = payments.get(row["reverses"], (None, None))
            if target is None or target["loan_id"] != row["loan_id"] or target["reverses"] is not None:
                wrong.add(target_owner if owner is None else owner)
    return wrong


def reversed_twice(rows: list[tuple[str, object, dict]]) -> set:
    """Of several reversals of one payment all but the first: what the book has comes first, then the order of the records."""
    of_one = defaultdict(list)
    for table, owner, row in rows:
        if table == "payments" and row["reverses"] is not None:
            of_one[row["reverses"]].append((-1 if owner is None else owner, row["payment_id"]))
    return {owner for several in of_one.values() for owner, _ in sorted(several)[1:]} - {-1}


def is_sound(book: Rows) -> bool:
    rows = [(table, number, row) for table in KEY for number, row in enumerate(book[table])]
    keys = [(table, key_of(table, row)) for table, _, row in rows]
    return not (faults_among(rows) or faulty_reversals(rows) or reversed_twice(rows)) and len(keys) == len(set(keys))


@dataclass
class Outcome:
    """What becomes of a load."""

    bad: set[int] = field(default_factory=set)
    rows: Rows = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


class _Load:
    """A load that is judged: `flat` is every row as (record, row), `known` those that say nothing new, `copies` equal ones."""

    def __init__(self, records, spoilt, tables, book: list[Rows], modes: list[str], bearing: bool):
        self.modes, self.bearing, self.tables, self.bad = modes, bearing, [table for table in KEY if table in tables], set(spoilt)
        self.past, self.every = latest(book), {table: [row for rows in book for row in rows.get(table, [])] for table in KEY}
        self.flat = {table: [(record, row) for record, rows in enumerate(records) for name, row in rows if name == table] for table in KEY}
        self.known: dict[str, set[int]] = {table: set() for table in KEY}
        self.copies: dict[str, dict[int, tuple]] = {table: {} for table in KEY}

    def sound(self, table: str) -> list[int]:
        return [place for place, (record, _) in enumerate(self.flat[table]) if record not in self.bad and place not in self.known[table]]

    def find_keys_twice(self, table: str) -> None:
        several = defaultdict(list)
        for place in self.sound(table):
            row = self.flat[table][place][1]
            several[key_of(table, row), row["recorded_at"]].append(place)
        for key, places in several.items():
            rows = [self.flat[table][place] for place in places]
            if len(places) > 1 and len({content_of(row) for _, row in rows}) == 1 and len({record for record, _ in rows}) == len(rows):
                self.copies[table].update(dict.fromkeys(places, key))
            elif len(places) > 1:
                self.bad |= {record for record, _ in rows}

    def hold_against_book(self, table: str) -> None:
        theirs = defaultdict(list)
        for row in self.past[table]:
            theirs[group_of(table, row)].append(row)
        said = {(content_of(row), row["recorded_at"]) for row in self.every[table]} if self.bearing else set()
        groups: dict[tuple, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for place in self.sound(table):
            row = self.flat[table][place][1]
            if (content_of(row), row["recorded_at"]) in said:
                self.known[table].add(place)
            else:
                groups[group_of(table, row)][row["recorded_at"]].append(place)
        for group, versions in groups.items():
            if group not in theirs:
                records = {self.flat[table][place][0] for places in versions.values() for place in places}
                self.bad |= {record for record in records if self.modes[record] == "correction"}
                continue
            before, says = max(row["recorded_at"] for row in theirs[group]), {content_of(row) for row in theirs[group]}
            replaced = False
            for moment, places in sorted(versions.items()):
                mine = {content_of(self.flat[table][place][1]) for place in places}
                if mine == says and not replaced:
                    self.known[table].update(places)
                    continue
                records = {self.flat[table][place][0] for place in places}
                may = {record for record in records if moment > before and (self.bearing or self.modes[record] != "delta")}
                replaced |= bool(may)
                self.bad |= records - may

    def fresh(self, table: str) -> list[tuple[int, dict]]:
        first: dict[tuple, int] = {}
        for place in self.sound(table):
            if place in self.copies[table]:
                record = self.flat[table][place][0]
                first[self.copies[table][place]] = min(first.get(self.copies[table][place], record), record)
        return [self.flat[table][place] for place in self.sound(table)
                if place not in self.copies[table] or first[self.copies[table][place]] == self.flat[table][place][0]]

    def after(self) -> list[tuple[str, object, dict]]:
        """What the book would say, each row with the record it came by (None: the book's own)."""
        rows = []
        for table in KEY:
            fresh, last = self.fresh(table), {}
            for _, row in fresh:
                last[group_of(table, row)] = max(last.get(group_of(table, row), ALWAYS), row["recorded_at"])
            rows += [(table, record, row) for record, row in fresh if row["recorded_at"] == last[group_of(table, row)]]
            rows += [(table, None, row) for row in self.past[table] if group_of(table, row) not in last]
        return rows

    def torn(self) -> set[int]:
        found = set()
        for table in ("instalments", "plans"):
            torn = {group_of(table, row) for record, row in self.flat[table] if record in self.bad}
            found |= {record for record, row in self.fresh(table) if group_of(table, row) in torn}
        return found

    def astray(self) -> set[int]:
        """Rows of no loan, and payments before it was disbursed; those too that a later row of the load replaces."""
        loans = {row["loan_id"]: row for table, _, row in self.after() if table == "loans"}
        return {record for table in OF_LOANS for record, row in self.fresh(table) if row["loan_id"] not in loans or (
            table == "payments" and row["paid_on"] < loans[row["loan_id"]]["disbursed_on"])}

    def recorded_too_early(self) -> set[int]:
        if not self.bearing:
            return set()
        known: dict[str, int] = {}
        for row in [*(row for _, row in self.fresh("loans")), *self.every["loans"]]:
            known[row["loan_id"]] = min(known.get(row["loan_id"], row["recorded_at"]), row["recorded_at"])
        return {record for table in OF_LOANS for record, row in self.fresh(table)
                if row["recorded_at"] < known.get(row["loan_id"], ALWAYS)}

    def disbursed_late(self) -> set[int]:
        paid = defaultdict(lambda: date.max)
        for table, owner, row in self.after():
            if table == "payments" and owner is None:
                paid[row["loan_id"]] = min(paid[row["loan_id"]], row["paid_on"])
        return {record for record, row in self.fresh("loans") if paid[row["loan_id"]] < row["disbursed_on"]}


def judge(records, spoilt, tables, book: list[Rows], modes: list[str], bearing: bool, *, is_snapshot: bool = False) -> Outcome:
    """`records` are lists of (table, row), each meant in one of `modes`; `spoilt` those that could not be read; `tables` those the
    sources feed; of a snapshot, what is not among the records has vanished.
    """
    load = _Load(records, spoilt, tables, book, modes, bearing)
    for table in load.tables:
        load.find_keys_twice(table)
        load.hold_against_book(table)
    while True:
        before = set(load.bad)
        load.bad |= load.torn() | load.astray() | load.recorded_too_early() | load.disbursed_late()
        load.bad |= (faults_among(load.after()) | faulty_reversals(load.after())) - {None}
        if load.bad == before:
            load.bad |= reversed_twice(load.after())
            if load.bad == before:
                break
    outcome = Outcome(load.bad)
    for table in load.tables:
        fresh, has = load.fresh(table), {group_of(table, row) for row in load.past[table]}
        good = sum(record not in load.bad for record, _ in load.flat[table])
        unchanged = sum(load.flat[table][place][0] not in load.bad for place in load.known[table])
        changed = sum(group_of(table, row) in has for _, row in fresh)
        vanished = has - {group_of(table, row) for _, row in load.flat[table]} if is_snapshot else ()
        outcome.rows[table] = [row for _, row in fresh]
        outcome.counts[table] = {"rows": len(fresh), "changed": changed, "new": len(fresh) - changed, "unchanged": unchanged,
                                 "twice": good - len(fresh) - unchanged, "vanished": len(vanished)}
    return outcome
