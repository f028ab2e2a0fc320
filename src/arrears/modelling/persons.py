"""One person's scores in words, before and after something that just happened."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

from arrears.days import read_day, read_moment
from arrears.delinquency.buckets import read_buckets
from arrears.ingest.judge import facts_of, judge_book
from arrears.law.caps import read_law
from arrears.nightly.models import models_in_use, released_models
from arrears.nightly.positions import opened
from arrears.nightly.standings import are_read, standings_on
from arrears.refusal import Refused
from arrears.rescore import Happened, person_of, rescore
from arrears.scoring.families import TARGETS
from arrears.scoring.model import Model
from arrears.store import Book, Manifest, read_columns
from arrears.store import partition_path as path_of

_KEYS = {"kind", "on", "at", "loan_id", "amount_minor", "pay_by_on", "channel", "outcome"}


def released(book: Book, as_of: date) -> dict[str, Model]:
    """The released models that a night of as_of uses, by name. Raises Refused where none is, or one is not as it was released."""
    used, _, unused = models_in_use(book, as_of)
    if used:
        return released_models(book, used)
    if not unused:
        raise Refused(f"{book.models}: no model is released; arrears score list shows what is kept, arrears score release MODEL releases one",
                      f"{book.models}：没有已发布的模型；arrears score list 可查看，arrears score release 模型 可发布")
    raise Refused(f"{book.models}: none of the released models can speak of {as_of}: {', '.join(unused)} were fitted on a file or on later days; take a later --as-of, or fit and release one on this book",
                  f"{book.models}：已发布的模型均不适用于 {as_of}：{'、'.join(unused)} 由文件或更晚的数据拟合；请用更晚的 --as-of，或在此账册上拟合并发布")


def person_lines(book: Book, borrower: str, as_of: date, known_at: int, event: str | None, lang: str) -> list[str]:
    """What each released model says of each loan of the person, with reasons; and again with the event counted, where one is given."""
    happened = None if event is None else happened_from(event, as_of)
    models, law, buckets = released(book, as_of), read_law(), read_buckets()
    with opened(book.root, as_of, known_at) as (laid_out, manifest):
        judge_book(laid_out, manifest, known_at)
        partition = _partition_of(laid_out, manifest, borrower)
        person = person_of(facts_of(laid_out, manifest, partition, known_at, decided=False), borrower)
        if "guarantor_id" in person.guarantors.columns and are_read(models.values()):
            answering = person.guarantors["guarantor_id"].unique()
            person = replace(person, standings=standings_on(laid_out, manifest, {as_of: known_at}, answering, law, buckets)[as_of])
    now = rescore(person, (), law, buckets, models, as_of)
    after = None if happened is None else rescore(person, (happened,), law, buckets, models, as_of)
    return _worded(now, after, models, lang)


def happened_from(text: str, as_of: date) -> Happened:
    """The event that this JSON says; on and at default to the end of as_of. Raises Refused naming what is wrong."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise Refused(f'--event is not JSON ({problem}); write for example {{"kind": "log_in"}}', f'--event 不是 JSON（{problem}）；例如 {{"kind": "log_in"}}') from None
    if not isinstance(said, dict) or "kind" not in said or said.keys() - _KEYS:
        raise Refused(f"--event needs the key kind and knows {', '.join(sorted(_KEYS))}", f"--event 须含 kind，可用键：{'、'.join(sorted(_KEYS))}")
    wrong = next((key for key in sorted(said.keys() - {"amount_minor"}) if not isinstance(said[key], str)), None)
    if wrong is not None:
        raise Refused(f"--event: {wrong} is {said[wrong]!r}; write it as a text in double quotes, or leave it out", f"--event：{wrong} 为 {said[wrong]!r}；请写成带双引号的文本，或省略")
    amount = said.get("amount_minor")
    if amount is not None and (not isinstance(amount, int) or isinstance(amount, bool) or abs(amount) >= 2**62):
        raise Refused(f"--event: amount_minor is {amount!r}; write a whole number of minor units", f"--event：amount_minor 为 {amount!r}；请写最小货币单位的整数")
    on = read_day(said["on"], "on") if "on" in said else as_of
    if on > as_of:
        raise Refused(f"--event: on is {on}, after --as-of {as_of}; the scores are those at the end of that day", f"--event：日期 {on} 晚于 --as-of {as_of}")
    at = read_moment(said["at"], "at") if "at" in said else datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    if at.date() > as_of:
        raise Refused(f"--event: at is {at.isoformat()}, after the end of --as-of {as_of}; the scores are those at the end of that day", f"--event：时刻 {at.isoformat()} 晚于 --as-of {as_of}")
    pay_by = read_day(said["pay_by_on"], "pay_by_on") if "pay_by_on" in said else None
    return Happened(said["kind"], on, at, said.get("loan_id"), amount, pay_by, said.get("channel"), said.get("outcome"))


def _partition_of(book: Book, manifest: Manifest, borrower: str) -> str:
    for name in manifest.partitions:
        if borrower in read_columns(path_of(book, manifest, "loans", name), ["borrower_id"])["borrower_id"]:
            return name
    raise Refused(f"there is no loan of the borrower {borrower} in {book.root}; check the number", f"{book.root} 中没有借款人 {borrower} 的贷款；请检查编号")


def _worded(now, after, models: dict[str, Model], lang: str) -> list[str]:
    zh = lang == "zh"
    was = {(row["loan_id"], row["model"]): row for row in now.loans.iter_rows(named=True)}
    then = {} if after is None else {(row["loan_id"], row["model"]): row for row in after.loans.iter_rows(named=True)}
    lines = []
    for loan_id, name in sorted({*was, *then}):
        shown = " → ".join(_estimate(rows.get((loan_id, name))) for rows in ((was, then) if after is not None else (was,)))
        event = TARGETS[name].event
        lines.append(f"{loan_id}  {name}  {shown}  {event[0] if zh else event[1]}")
        words = {feature.name: feature.zh if zh else feature.en for feature in models[name].features}
        told = (then if after is not None else was).get((loan_id, name)) or {}
        reasons = [words[reason] for reason in (told.get("reasons") or "").split("; ") if reason]
        if reasons:
            lines.append(("    原因：" if zh else "    reasons: ") + ("、" if zh else "; ").join(reasons))
    reach = (now if after is None else after).reach
    for row in reach.iter_rows(named=True):
        lines.append(f"最可能联系到：{row['reach_channel']}，{row['reach_hour']} 时，{row['reach_probability']:.0%}" if zh else
                     f"likeliest reached by {row['reach_channel']} at {row['reach_hour']}:00, {row['reach_probability']:.0%}")
    return lines or (["此人当前没有适用的模型"] if zh else ["no released model is asked about this person"])


def _estimate(row: dict | None) -> str:
    if row is None:
        return "–"
    shown = f"{row['estimate']:.1%}"
    return shown if row["low"] is None else f"{shown} [{row['low']:.0%}, {row['high']:.0%}]"

