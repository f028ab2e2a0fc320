"""The facts of a partition as they were known at a moment; what is wrong with a visible row refuses the run.

Source: spec positions, Inputs ("Refused at load").
"""

from datetime import date

import numpy as np
import polars as pl

from arrears import store
from arrears.money import total
from arrears.refusal import Refused
from arrears.store import Book, Manifest
from arrears.tables import FACTS
from arrears.tables.facts import Facts
from arrears.tables.visible import broken_rules, is_visible

_WALKED = {
    "instalments": ["loan", "number", "due_on", "principal_minor", "interest_minor", "fee_minor"],
    "payments": ["loan", "paid_on", "amount_minor"],
    "adjustments": ["loan", "effective_on", "kind", "number", "amount_minor", "until_on"],
    "holds": ["loan", "kind", "placed_on", "lifted_on"],
}
_JUDGED_BY = {
    "contacts": ["borrower_id", "loan_id", "attempted_at", "channel", "direction", "relation", "outcome"],
    "consents": ["borrower_id", "kind", "channel", "from_hour", "to_hour", "given_at", "revoked_at"],
}
"""What the gate reads of the past."""
_DECIDED_BY = {
    "borrowers": ["borrower_id", "kind", "industry"],
    "promises": ["loan", "promised_on", "pay_by_on", "amount_minor"],
    "plans": ["loan", "plan_id", "agreed_on", "number", "due_on", "amount_minor", "ended_on"],
    "placements": ["borrower_id", "held_by", "placed_on", "returned_on", "returned_why"],
}
"""What the conditions of a strategy and the giving out of cases read beside that."""
_SCORED_BY = {
    "guarantors": ["loan", "guarantor_id"],
    "cash_flows": [column for column in FACTS["cash_flows"].names() if column != "recorded_at"],
    "projects": ["borrower_id", "currency", "budget_minor", "started_on", "finish_by_on", "finished_on"],
    "milestones": ["borrower_id", "planned_on", "reached_on"],
    "events": ["borrower_id", "kind", "happened_at"],
}
"""What features read beside those. Protected attributes are left where they lie: what is not read cannot be decided by."""
_WHEREABOUTS = ["borrower_id", "region", "language"]
"""What the giving out of cases reads of a person, and nothing else does."""
_GROUPED_BY = ["borrower_id", "sex", "age_band", "region"]
_NAMED_BY = {
    "payments": "payment_id", "adjustments": "adjustment_id", "holds": "hold_id",
    **{table.name: table.key[-1] for table in FACTS.values() if table.name not in ("loans", "payments", "adjustments", "holds")},
}


def judge_book(book: Book, manifest: Manifest, known_at: int) -> None:
    """Raises Refused where a visible row belongs to no loan, or where two different rows claim one key and moment."""
    for conflict in manifest.conflicts:
        if conflict["recorded_at"] <= known_at < conflict["superseded_at"]:
            table, key = conflict["table"], conflict["key"]
            raise Refused(
                f"{table}.parquet: two different rows of the key {key} bear the same recorded_at"
                f"{_rows(book, table, FACTS[table].key[0], key.split('/')[0])}; keep one, or give the later one its own "
                "recorded_at",
                f"{table}.parquet：键 {key} 在同一 recorded_at 有两行不同内容；请只留一行，或给较晚的一行写上它自己的 recorded_at",
            )
    for table in (table for table in FACTS if table in manifest.orphans):
        path = book.store / manifest.snapshot / table / "orphans.parquet"
        lost = store.read_columns(path).filter(is_visible(known_at))
        if not lost.is_empty():
            row = lost.row(0, named=True)
            raise _unknown_loan(book, table, row["loan_id"], row.get(_NAMED_BY.get(table, "loan_id")))


def facts_of(book: Book, manifest: Manifest, partition: str, known_at: int, *, names: bool = False, scored: bool = True, decided: bool = True) -> Facts:
    """The visible rows of one partition; with `names`, also the ids that only an explanation needs; without `scored`, nothing that
    only features read; without `decided` either, no more than positions and the gate need.
    """
    about = manifest.partitions[partition]["tables"]
    loans = _visible(book, manifest, partition, "loans", known_at, None)
    shift = None
    if len(loans) < manifest.partitions[partition]["loans"]:
        shift = np.full(manifest.partitions[partition]["loans"], -1, np.int32)
        shift[loans["loan"].to_numpy()] = np.arange(len(loans), dtype=np.int32)
    frames = {}
    for table, columns in _WALKED.items():
        wanted = list(columns)
        if names or about.get(table, {}).get("suspect"):
            wanted = [c for c in ["loan", *FACTS[table].names()] if c not in ("loan_id", "recorded_at")]
        frame, rows = _children(book, manifest, partition, table, known_at, wanted)
        if about.get(table, {}).get("suspect"):
            _judge_rows(book, table, frame, loans)
        frames[table] = _renumbered(book, table, frame, shift, manifest, partition, known_at)
        if table == "payments":
            payment_rows = rows
    if about["loans"]["suspect"]:
        _judge_rows(book, "loans", loans, loans)
    for table in FACTS.keys() - _WALKED.keys() - {"loans"}:
        if about.get(table, {}).get("suspect"):
            _judge_rows(book, table, _visible(book, manifest, partition, table, known_at, None), loans)
    _judge_dates(book, manifest, partition, loans, frames["payments"], known_at)
    reversals = _reversals(book, manifest, partition, frames["payments"], payment_rows, known_at)
    gate = {table: _visible(book, manifest, partition, table, known_at, columns) if table in about else pl.DataFrame()
            for table, columns in _JUDGED_BY.items()}
    return Facts(partition, loans, frames["instalments"], frames["payments"], frames["adjustments"], frames["holds"], reversals, **gate,
                 **_beside(book, manifest, partition, known_at, shift, (_DECIDED_BY if decided or scored else {}) | (_SCORED_BY if scored else {})),
                 **({"whereabouts": _of_people(book, manifest, partition, known_at, _WHEREABOUTS)} if decided else {}))


def capacity_on(book: Book, manifest: Manifest, known_at: int, day: date) -> pl.DataFrame | None:
    """The rows of the table capacity for the day, as they were known at the moment: works_on, team, channel, people, attempts_max; None where the book has no such table."""
    columns = ["works_on", "team", "channel", "people", "attempts_max"]
    found = [_visible(book, manifest, name, "capacity", known_at, columns) for name, about in manifest.partitions.items() if "capacity" in about["tables"]]
    return pl.concat(found).filter(pl.col("works_on") == day).sort("team", "channel") if found else None


def groups_of(book: Book, manifest: Manifest, partition: str, known_at: int) -> pl.DataFrame:
    """borrower_id, sex, age_band, region of one partition as they were known at the moment, for reports on fairness and nothing else;
    no columns where the book has no borrowers, and without those that an older version did not store.
    """
    return _of_people(book, manifest, partition, known_at, _GROUPED_BY)


def _of_people(book, manifest, partition, known_at, columns: list[str]) -> pl.DataFrame:
    """Columns of the table borrowers, those that an older version did not store left out."""
    if "borrowers" not in manifest.partitions[partition]["tables"]:
        return pl.DataFrame()
    stored = pl.read_parquet_schema(store.partition_path(book, manifest, "borrowers", partition))
    return _visible(book, manifest, partition, "borrowers", known_at, [column for column in columns if column in stored])


def _beside(book, manifest, partition, known_at, shift, wanted: dict[str, list[str]]) -> dict[str, pl.DataFrame]:
    """The tables wanted, each where the partition has it; those that name a loan sorted by it."""
    about, frames = manifest.partitions[partition]["tables"], {}
    for table, columns in wanted.items():
        if table not in about:
            continue
        if columns[0] != "loan":
            frames[table] = _visible(book, manifest, partition, table, known_at, columns)
            continue
        frame = _children(book, manifest, partition, table, known_at, columns)[0]
        frames[table] = _renumbered(book, table, frame, shift, manifest, partition, known_at).sort(columns)
    return frames


def fault_of_walk(book: Book, facts: Facts, loan_id: str, fault: int) -> Refused:
    """The sentence for a loan that the walk could not take; fault is the walk's own number."""
    loan = facts.loans.row(by_predicate=pl.col("loan_id") == loan_id, named=True)
    of_loan = facts.instalments.filter(pl.col("loan") == facts.loans["loan_id"].index_of(loan_id))
    summed = total(of_loan["principal_minor"])
    en, zh = {
        1: ("its amounts and rates pass 64 bits together; check their units", "金额与利率合计超出 64 位整数；请检查单位"),
        2: ("it has no instalments, so nobody can say when it is due; add its schedule to instalments.parquet, or remove "
            "the loan", "没有任何分期，无法判断到期日；请在 instalments.parquet 补上还款计划，或删去该贷款"),
        3: (f"principal_minor is {loan['principal_minor']:,}, but its {len(of_loan)} instalments in "
            f"instalments.parquet add up to {summed:,}; "
            "mend one of the two files",
            f"principal_minor 为 {loan['principal_minor']:,}，而 instalments.parquet 中 {len(of_loan)} 期本金之和为 {summed:,}；"
            "请更正其中一个文件"),
    }[fault]
    row = _rows(book, "loans", "loan_id", loan_id)
    return Refused(f"loans.parquet{row}: loan {loan_id}: {en}", f"loans.parquet{_in_chinese(row)}：贷款 {loan_id}：{zh}")


def _visible(book, manifest, partition, table, known_at, columns) -> pl.DataFrame:
    about = manifest.partitions[partition]["tables"][table]
    path = store.partition_path(book, manifest, table, partition)
    if columns is None:
        frame = store.read_columns(path)
        return frame.filter(is_visible(known_at)) if _has_unseen(about, known_at) else frame
    if not _has_unseen(about, known_at):
        return store.read_columns(path, columns)
    return store.read_columns(path, [*columns, "recorded_at", "superseded_at"]).filter(is_visible(known_at)).select(columns)


def _has_unseen(about: dict, known_at: int) -> bool:
    return about["replaces"] or (about["rows"] > 0 and about["recorded_last"] > known_at)


def _children(book, manifest, partition, table, known_at, columns) -> tuple[pl.DataFrame, np.ndarray | None]:
    """The visible rows, and (where some are not) which of the stored rows they are."""
    about = manifest.partitions[partition]["tables"].get(table)
    if about is None:
        types = {"loan": pl.Int32, **FACTS[table].schema}
        return pl.DataFrame(schema={column: types[column] for column in columns}), None
    if not _has_unseen(about, known_at):
        return _visible(book, manifest, partition, table, known_at, columns), None
    path = store.partition_path(book, manifest, table, partition)
    frame = store.read_columns(path, [*columns, "recorded_at", "superseded_at"])
    seen = frame.select(is_visible(known_at)).to_series()
    return frame.select(columns).filter(seen), seen.to_numpy()


def _renumbered(book, table, frame, shift, manifest, partition, known_at) -> pl.DataFrame:
    """Loans by their row among the visible ones; a row of a loan that is not visible is a row of an unknown loan."""
    if shift is None or frame.is_empty():
        return frame
    loan = shift[frame["loan"].to_numpy()]
    if (loan < 0).any():
        place = int(np.argmax(loan < 0))
        every = store.read_columns(store.partition_path(book, manifest, "loans", partition), ["loan", "loan_id"])
        loan_id = every.filter(pl.col("loan") == frame["loan"][place])["loan_id"][0]
        named = _children(book, manifest, partition, table, known_at, [_NAMED_BY[table]])[0]
        raise _unknown_loan(book, table, loan_id, named.to_series()[place])
    return frame.with_columns(pl.Series("loan", loan))


def _judge_rows(book: Book, table: str, frame: pl.DataFrame, loans: pl.DataFrame) -> None:
    rows = frame if "loan_id" in frame.columns else frame.with_columns(loan_id=pl.lit(""))
    for fault, row in broken_rules(FACTS[table], rows):
        loan_id = _loan_id(loans, row["loan"]) if "loan" in row else None
        key = _NAMED_BY.get(table, "loan_id")
        named = ", ".join(
            [*([] if table == "loans" else [f"{key} {row.get(key)}"]), *([] if loan_id is None else [f"loan {loan_id}"])]
        )
        found = row[fault.column]
        value = "" if found is None else f" {found:,}" if isinstance(found, int) else f" {found}"
        where = _rows(book, table, key, row.get(key), loan_id)
        raise Refused(
            f"{table}.parquet{where}: {named}: {fault.column}{value} {fault.en}; "
            "correct the row",
            f"{table}.parquet{_in_chinese(where)}：{named}：{fault.column}{value} {fault.zh}；请更正该行",
        )


def _judge_dates(book, manifest, partition, loans, payments, known_at) -> None:
    if payments.is_empty():
        return
    early = payments["paid_on"].to_physical().to_numpy() < loans["disbursed_on"].to_physical().to_numpy()[
        payments["loan"].to_numpy()
    ]
    if not early.any():
        return
    place = int(np.argmax(early))
    row, loan = payments.row(place, named=True), loans.row(payments["loan"][place], named=True)
    named = _children(book, manifest, partition, "payments", known_at, ["payment_id"])[0]["payment_id"][place]
    where = _rows(book, "payments", "payment_id", named)
    raise Refused(
        f"payments.parquet{where}: loan {loan['loan_id']}: payment {named} of "
        f"{row['paid_on']} is before disbursement on {loan['disbursed_on']}; correct paid_on, or disbursed_on in "
        "loans.parquet",
        f"payments.parquet{_in_chinese(where)}：贷款 {loan['loan_id']} 的还款 {named}（{row['paid_on']}）早于放款日 {loan['disbursed_on']}；请更正",
    )


def _reversals(book, manifest, partition, payments, seen, known_at) -> pl.DataFrame:
    """Visible reversals: row and target as places among the visible payments, and the reversal's paid_on."""
    none = pl.DataFrame(schema={"row": pl.Int32, "target": pl.Int32, "paid_on": pl.Date})
    if "reversals" not in manifest.partitions[partition]["tables"]:
        return none
    pairs = store.read_columns(store.partition_path(book, manifest, "reversals", partition))
    row, target = pairs["row"].to_numpy(), pairs["target"].to_numpy()
    if seen is not None:
        place = np.where(seen, np.cumsum(seen) - 1, -1).astype(np.int32)
        row, target = place[row], np.where(target >= 0, place[target], -1)
    every = np.unique(row[row >= 0])
    if len(every) == 0:
        return none
    named = (row >= 0) & (target >= 0)
    row, target = row[named], target[named]
    loan = payments["loan"].to_numpy()
    wrong = np.setdiff1d(every, row)
    foreign = row[loan[row] != loan[target]]
    again = row[np.isin(target, every)]
    for places, kind in ((wrong, "unknown"), (foreign, "foreign"), (again, "again")):
        if len(places):
            raise _bad_reversal(book, manifest, partition, int(places[0]), kind, known_at)
    return pl.DataFrame({"row": row, "target": target}).with_columns(payments["paid_on"].gather(row))


def _bad_reversal(book, manifest, partition, place, kind, known_at) -> Refused:
    named = _children(book, manifest, partition, "payments", known_at, ["payment_id", "reverses"])[0].row(place, named=True)
    back, of = named["payment_id"], named["reverses"]
    if kind == "unknown" and _stands(book, "payments", "payment_id", of):
        kind = "foreign"
    en, zh = {
        "unknown": (f"reverses {of}, but there is no such payment", f"冲销的 {of} 不存在"),
        "foreign": (f"reverses {of}, which is a payment of another loan", f"冲销的 {of} 属于另一笔贷款"),
        "again": (f"reverses {of}, which is a reversal itself", f"冲销的 {of} 本身就是冲销"),
    }[kind]
    where = _rows(book, "payments", "payment_id", back)
    return Refused(
        f"payments.parquet{where}: payment {back} {en}; correct its column reverses",
        f"payments.parquet{_in_chinese(where)}：还款 {back} {zh}；请更正 reverses 列",
    )


def _unknown_loan(book: Book, table: str, loan_id, named) -> Refused:
    what = f"{_NAMED_BY.get(table, 'row')} {named}" if named is not None else "a row"
    if loan_id is None:
        return Refused(
            f"{table}.parquet{_rows(book, table, 'loan_id', None)}: {what}: loan_id is empty; every row needs it, write it "
            "or remove the row",
            f"{table}.parquet:{what} 的 loan_id 为空；每行都必须有值，请补上或删去该行",
        )
    where = _rows(book, table, _NAMED_BY.get(table, "loan_id"), named, loan_id)
    return Refused(
        f"{table}.parquet{where}: {what} belongs to the loan {loan_id}, which loans.parquet does not have (at this "
        "moment); add the loan, or remove the row",
        f"{table}.parquet{_in_chinese(where)}：{what} 所属贷款 {loan_id} 不在 loans.parquet 中（或当时尚无记录）；请补上贷款或删去该行",
    )


def _in_chinese(where: str) -> str:
    """What _rows says, in Chinese."""
    return f"，第 {where.removeprefix(', row ').replace(' and ', '、')} 行" if where else ""


def _loan_id(loans: pl.DataFrame, loan: int) -> str:
    found = loans.filter(pl.col("loan") == loan)["loan_id"]
    return found[0] if len(found) else "?"


def _stands(book: Book, table: str, column: str, value) -> bool:
    path = book.plain(table)
    return path.is_file() and not pl.scan_parquet(path, glob=False).filter(pl.col(column) == value).head(1).collect().is_empty()


def _rows(book: Book, table: str, column: str, value, loan_id=None) -> str:
    """Where in the lender's file the row stands, as ", row 17", counted from 1; empty where it cannot be said."""
    path = book.plain(table)
    if not path.is_file():
        return ""
    names = pl.scan_parquet(path, glob=False).collect_schema().names()
    found = pl.scan_parquet(path, glob=False).with_row_index("__row", offset=1)
    if column in names:
        found = found.filter(pl.col(column).eq_missing(pl.lit(value)))
    if loan_id is not None and "loan_id" in names:
        found = found.filter(pl.col("loan_id") == loan_id)
    try:
        rows = found.select("__row").head(2).collect()["__row"].to_list()
    except pl.exceptions.PolarsError:
        return ""
    return f", row {' and '.join(str(row) for row in rows)}" if rows else ""


