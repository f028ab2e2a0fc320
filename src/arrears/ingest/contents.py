"""What is in a book: counts, sums, spans, loads, what waits in quarantine, and what is missing."""

from datetime import date
from itertools import pairwise
from typing import Any

import polars as pl

from arrears.ingest.fault_words import shown
from arrears.ingest.figures import UNKNOWN, Figures, doubts, figures_of_loans
from arrears.ingest.quarantine import counts_by_rule
from arrears.money import in_major_units
from arrears.tables import FACTS, Table
from arrears.tables.names import said

_DIGEST_SHOWN = 12
MODES_ZH = {"delta": "增量", "correction": "更正", "snapshot": "全量快照", "snapshot_part": "快照更正", "mixed": "多种方式"}


def contents_of(
    book: str,
    frames: dict[str, pl.LazyFrame],
    loads: list[dict],
    open_faults: pl.DataFrame,
    nights: list[date],
    today: date,
) -> dict[str, Any]:
    """The contents of a book as one JSON object; amounts are whole minor units by currency, dates are YYYY-MM-DD.

    `frames` holds for each table that the book has the rows in force, the latest of each key; `loads` the ledger's
    loads, oldest first, those taken back too; `open_faults` what `quarantine.open_faults` gives. `today` is only
    compared with the last payment. Each table is read once to three times, in batches, whatever its size.
    """
    currencies = _currencies(frames)
    tables, by_loan, figures = {}, {}, Figures()
    for name in FACTS:
        if name in frames:
            about, loans, rows = _table(FACTS[name], frames[name], currencies)
            if about["rows"]:
                tables[name], by_loan[name] = about, loans
                figures.rows[name], figures.sums[name] = rows, about["sums"]
    if "loans" in tables:
        figures.median_principal, figures.rates = figures_of_loans(frames["loans"])
    return {
        "book": book,
        "tables": tables,
        "doubts": doubts(figures, lambda table, column: f"{table}.{column}"),
        "absent": [name for name in FACTS if name not in tables],
        "gaps": _gaps({name: frames[name] for name in tables}, by_loan, today),
        "loads": [_load(load) for load in loads],
        "quarantine": _quarantine(open_faults),
        "nights": {
            "count": len(nights),
            "first": min(nights).isoformat() if nights else None,
            "last": max(nights).isoformat() if nights else None,
        },
    }


def contents_lines(contents: dict[str, Any], language: str, loads_shown: int = 5) -> list[str]:
    """The contents as lines for a terminal, in Chinese or English."""
    zh = language == "zh"
    lines = [f"账册 {contents['book']}" if zh else f"Book {contents['book']}"]
    if not contents["tables"]:
        lines.append(
            "  没有任何数据；请用 arrears ingest 装载"
            if zh
            else "  holds nothing yet; load something by arrears ingest"
        )
    for name, about in contents["tables"].items():
        lines += _table_lines(name, about, zh)
    if contents["absent"] and contents["tables"]:
        lines.append(
            ("没有数据的表：" if zh else "Tables without rows: ") + ("、" if zh else ", ").join(said(name, zh=zh) for name in contents["absent"])
        )
    lines += doubt_lines(contents["doubts"], zh)
    lines += _gap_lines(contents["gaps"], zh)
    lines += _load_lines(contents["loads"], zh, loads_shown)
    lines += _quarantine_lines(contents["quarantine"], zh)
    nights = contents["nights"]
    if nights["count"]:
        lines.append(
            f"夜批：{nights['count']:,} 次，{nights['first']} 至 {nights['last']}"
            if zh
            else f"Nights: {nights['count']:,}, {nights['first']} to {nights['last']}"
        )
    else:
        lines.append("夜批：尚未跑过" if zh else "Nights: none yet")
    return lines


# — the figures —


def _currencies(frames: dict[str, pl.LazyFrame]) -> pl.LazyFrame | None:
    """loan_id and currency of every loan: most amounts bear their currency at their loan only."""
    if "loans" not in frames:
        return None
    loans = frames["loans"].select("loan_id", pl.col("currency").cast(pl.String))
    return loans.unique("loan_id", keep="any").collect(engine="streaming").lazy()


def _table(
    table: Table, rows: pl.LazyFrame, currencies: pl.LazyFrame | None
) -> tuple[dict[str, Any], pl.LazyFrame | None, dict[str, int]]:
    """What a table holds; its rows per loan (loan_id, rows), where its rows are of loans whose currency is their own; and its
    rows by currency."""
    names = rows.collect_schema().names()
    held = [column for column in table.columns if column.name in names and column.name != "recorded_at"]
    days = [column.name for column in held if column.dtype.is_temporal()]
    sums = _sums(table, [column.name for column in held if column.unit == "minor units"])
    figures = [
        *sums.values(),
        *(getattr(pl.col(name).cast(pl.Date), end)().alias(f"{end} {name}") for name in days for end in ("min", "max")),
    ]
    by_loan = None
    if "loan_id" in names and "currency" not in names:
        by_loan = rows.group_by("loan_id").agg(pl.len().alias("rows"), *figures).collect(engine="streaming").lazy()
        joined = by_loan if currencies is None else by_loan.join(currencies, on="loan_id", how="left")
        again = [
            pl.col(f"{end} {name}").min() if end == "min" else pl.col(f"{end} {name}").max()
            for name in days
            for end in ("min", "max")
        ]
        summed = (_known_sum(f"sum {name}").alias(f"sum {name}") for name in sums)
        keyed, figures = joined, [pl.col("rows").sum(), *summed, *again]
    else:
        keyed, figures = rows, [pl.len().alias("rows"), *figures]
    if "currency" not in keyed.collect_schema().names():
        keyed = keyed.with_columns(currency=pl.lit(None, pl.String))
    found = keyed.group_by(pl.col("currency").cast(pl.String)).agg(figures).collect(engine="streaming").sort("currency")
    about: dict[str, Any] = {"rows": int(found["rows"].sum() or 0)}
    if "loan_id" in names:
        about["loans"] = _distinct(rows if by_loan is None else by_loan, "loan_id")
    if "borrower_id" in names:
        about["borrowers"] = _distinct(rows, "borrower_id")
    about["sums"] = {
        name: {
            row["currency"] or UNKNOWN: int(row[f"sum {name}"])
            for row in found.drop_nulls(f"sum {name}").iter_rows(named=True)
        }
        for name in sums
        if found[f"sum {name}"].count()
    }
    spans = {name: (found[f"min {name}"].min(), found[f"max {name}"].max()) for name in days}
    about["dates"] = {
        name: [first.isoformat(), last.isoformat()] for name, (first, last) in spans.items() if first is not None
    }
    by_currency = {row["currency"] or UNKNOWN: int(row["rows"]) for row in found.iter_rows(named=True)}
    return about, None if by_loan is None else by_loan.select("loan_id", "rows"), by_currency


def _sums(table: Table, amounts: list[str]) -> dict[str, pl.Expr]:
    """The exact sum of each amount; what was received and what was taken back are two sums."""
    if table.name == "payments":
        amount, is_reversal = pl.col("amount_minor").cast(pl.Int128), pl.col("reverses").is_not_null()
        return {
            "amount_minor": amount.filter(~is_reversal).sum().alias("sum amount_minor"),
            "taken_back_minor": amount.filter(is_reversal).sum().alias("sum taken_back_minor"),
        }
    return {name: _known_sum(name).cast(pl.Int128).alias(f"sum {name}") for name in amounts}


def _known_sum(name: str) -> pl.Expr:
    """The sum of what is known; null where nothing is, which is not 0."""
    return pl.when(pl.col(name).count() > 0).then(pl.col(name).cast(pl.Int128).sum())


def _distinct(rows: pl.LazyFrame, name: str) -> int:
    return rows.select(pl.col(name).drop_nulls().n_unique()).collect(engine="streaming").item()


def _gaps(frames: dict[str, pl.LazyFrame], by_loan: dict[str, pl.LazyFrame | None], today: date) -> dict[str, Any]:
    """What is missing or strange; only what the book's tables allow to say."""
    gaps: dict[str, Any] = {}
    if "loans" in frames:
        loans = frames["loans"]
        gaps["loans_without_a_cap"] = _count(loans.filter(pl.col("regime").cast(pl.String) == "none"))
        for name in ("instalments", "payments"):
            if name in frames:
                gaps[f"loans_without_{name}"] = _count(loans.join(by_loan[name], on="loan_id", how="anti"))
        if "borrowers" in frames:
            unknown = loans.join(frames["borrowers"], on="borrower_id", how="anti")
            gaps["borrowers_of_loans_unknown"] = _distinct(unknown, "borrower_id")
        orphans = {
            name: rows.drop_nulls("loan_id")
            .join(loans, on="loan_id", how="anti")
            .select(pl.col("rows").sum())
            .collect()
            .item()
            for name, rows in by_loan.items()
            if rows is not None
        }
        gaps["rows_without_their_loan"] = {name: count for name, count in orphans.items() if count}
    if "unscheduled" in frames:
        gaps["debts_without_schedule"] = _count(frames["unscheduled"])
    if "payments" in frames:
        months = (
            frames["payments"].select(pl.col("paid_on").dt.truncate("1mo").alias("month"), "paid_on").group_by("month")
        )
        counted = months.agg(pl.col("paid_on").max()).collect(engine="streaming").drop_nulls().sort("month")
        last = counted["paid_on"].max()
        gaps["months_without_payments"] = _missing_months(counted["month"].to_list())
        gaps["last_payment_on"] = None if last is None else last.isoformat()
        gaps["days_since_last_payment"] = None if last is None else (today - last).days
    return gaps


def _count(rows: pl.LazyFrame) -> int:
    return rows.select(pl.len()).collect(engine="streaming").item()


def _missing_months(months: list[date]) -> list[str]:
    """The months between the first and the last that are not there, as YYYY-MM."""
    numbers = [month.year * 12 + month.month - 1 for month in months]
    return [
        f"{number // 12}-{number % 12 + 1:02d}"
        for one, next_one in pairwise(numbers)
        for number in range(one + 1, next_one)
    ]


def _load(load: dict) -> dict[str, Any]:
    tables = load.get("tables", {})
    return {
        "id": load["id"],
        "at": load["at"],
        "mode": load.get("mode"),
        "mapping": load.get("mapping"),
        "taken_back_at": load.get("taken_back_at"),
        "sources": [
            {"name": source["name"], "digest": source["digest"][:_DIGEST_SHOWN], "records": source.get("records")}
            for source in load.get("sources", [])
        ],
        "rows": {name: about["rows"] for name, about in tables.items() if about.get("rows")},
        "quarantined": load.get("quarantined", sum(about.get("quarantined", 0) for about in tables.values())),
    }


def _quarantine(faults: pl.DataFrame) -> dict[str, Any]:
    counts = counts_by_rule(faults)
    whole = (
        faults.select(pl.struct("load", pl.coalesce("record", -pl.col("line")), "file").n_unique()).item()
        if len(faults)
        else 0
    )
    rules = {row["rule"]: {"faults": row["faults"], "records": row["records"]} for row in counts.iter_rows(named=True)}
    return {"records": whole, "faults": len(faults), "rules": rules}


# — the lines —


def _table_lines(name: str, about: dict, zh: bool) -> list[str]:
    of = [
        f"{about[key]:,} {word}"
        for key, word in (("loans", "笔贷款" if zh else "loans"), ("borrowers", "名借款人" if zh else "borrowers"))
        if key in about
    ]
    head = f"{said(name, zh=True)}：{about['rows']:,} 行" if zh else f"{name}: {about['rows']:,} rows"
    lines = ["  " + head + (("，涉及 " + "、".join(of) if zh else " of " + ", ".join(of)) if of else "")]
    lines += sum_lines(about["sums"], zh)
    for column, (first, last) in about["dates"].items():
        lines.append(f"    {column}：{first} 至 {last}" if zh else f"    {column}: {first} to {last}")
    return lines


def sum_lines(sums: dict[str, dict[str, int]], zh: bool) -> list[str]:
    """A line for each amount: its sum in each currency."""
    lines = []
    for column, by_currency in sums.items():
        told = [
            f"{currency} {in_major_units(minor, currency)}"
            if currency != UNKNOWN
            else (f"币种不明 {minor:,} 分" if zh else f"{minor:,} minor units of unknown currency")
            for currency, minor in by_currency.items()
        ]
        lines.append(f"    {said(column, zh=zh)}{'：' if zh else ': '}{('；' if zh else '; ').join(told)}")
    return lines


def doubt_lines(found: list, zh: bool) -> list[str]:
    """What to check before the book is used."""
    return [f"  {'注意：' if zh else 'Look: '}{doubt[zh]}" for doubt in found]


_GAPS = {
    "loans_without_instalments": (
        "{:,} loans have no instalments: nobody can say how late they are",
        "{:,} 笔贷款没有还款计划，无法计算逾期",
    ),
    "loans_without_payments": ("{:,} loans have no payment", "{:,} 笔贷款没有任何还款"),
    "loans_without_a_cap": (
        "{:,} loans are of regime none: no law caps their charges",
        "{:,} 笔贷款的 regime 为 none：未适用利率上限",
    ),
    "borrowers_of_loans_unknown": (
        "{:,} borrowers of loans are not in the table borrowers",
        "{:,} 名借款人不在 borrowers 表中",
    ),
    "debts_without_schedule": (
        "{:,} debts have no schedule: they are kept, but have no position",
        "{:,} 笔债务没有还款计划：保留在账册中，但无法计算状况",
    ),
}


def _gap_lines(gaps: dict, zh: bool) -> list[str]:
    lines = [f"  {words[zh].format(gaps[key])}" for key, words in _GAPS.items() if gaps.get(key)]
    for name, count in gaps.get("rows_without_their_loan", {}).items():
        lines.append(
            f"  {said(name, zh=True)} 中有 {count:,} 行所属贷款不在账册中"
            if zh
            else f"  {count:,} rows of {name} belong to a loan that is not in the book"
        )
    months = gaps.get("months_without_payments")
    if months:
        few = ("、" if zh else ", ").join(months[:12]) + (
            "……" if zh and len(months) > 12 else " …" if len(months) > 12 else ""
        )
        lines.append(
            f"  {len(months):,} 个月没有还款：{few}" if zh else f"  {len(months):,} months without payments: {few}"
        )
    if gaps.get("last_payment_on"):
        on, days = gaps["last_payment_on"], gaps["days_since_last_payment"]
        if days >= 0:
            lines.append(
                f"  最近一笔还款：{on}，距今 {days:,} 天" if zh else f"  Last payment: {on}, {days:,} days ago"
            )
        else:
            lines.append(f"  最近一笔还款：{on}，在今天之后" if zh else f"  Last payment: {on}, which is after today")
    return [("缺口与提示：" if zh else "Gaps:"), *lines] if lines else []


def _load_lines(loads: list[dict], zh: bool, most: int) -> list[str]:
    if not loads:
        return [
            "装载：无（使用文件夹中的 Parquet 文件）" if zh else "Loads: none (the folder's own Parquet files are used)"
        ]
    back = sum(load["taken_back_at"] is not None for load in loads)
    lines = [
        f"装载：{len(loads):,} 次，其中 {back:,} 次已撤回；最近的："
        if zh
        else f"Loads: {len(loads):,}, of which {back:,} were taken back; the last ones:"
    ]
    for load in loads[::-1][:most]:
        rows = ("、" if zh else ", ").join(f"{said(name, zh=zh)} {count:,}" for name, count in load["rows"].items()) or "0"
        head = f"  {load['id']}  {load['at']}  {MODES_ZH.get(load['mode'], load['mode']) if zh else load['mode']}  {rows}"
        if load["quarantined"]:
            head += f"，隔离 {load['quarantined']:,}" if zh else f", in quarantine {load['quarantined']:,}"
        if load["taken_back_at"]:
            head += f"，已于 {load['taken_back_at']} 撤回" if zh else f", taken back {load['taken_back_at']}"
        lines.append(head)
        lines += [
            f"      {_clean(source['name'])}  {source['digest']}  {source['records'] or 0:,}"
            for source in load["sources"]
        ]
    return lines


def _clean(text: str) -> str:
    return pl.select(shown(pl.lit(text))).item()


def _quarantine_lines(waiting: dict, zh: bool) -> list[str]:
    if not waiting["records"]:
        return ["隔离区：空" if zh else "Quarantine: empty"]
    rules = ("、" if zh else ", ").join(f"{rule} {about['records']:,}" for rule, about in waiting["rules"].items())
    return [
        f"隔离区：{waiting['records']:,} 条记录等待更正：{rules}；用 arrears quarantine 查看"
        if zh
        else f"Quarantine: {waiting['records']:,} records wait: {rules}; see them by arrears quarantine"
    ]
