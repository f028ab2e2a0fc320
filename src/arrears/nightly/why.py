"""Why a loan's person gets a treatment: row by row, by the strategy, law, models, limits and roster of a finished night."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from arrears import store
from arrears.allot import LIMITS, WAITS
from arrears.decide import Decisions, decide
from arrears.ingest.judge import facts_of
from arrears.ingest.known_then import loads_to_restore
from arrears.ingest.plain import brought_in
from arrears.money import in_major_units
from arrears.nightly.earlier_nights import ASSIGNED
from arrears.nightly.inputs import Deciders, Inputs, kept_inputs
from arrears.nightly.standings import are_read, guarantors_in, standings_on
from arrears.pages.strategy_words import conditions_in_words, offer_in_words, value_in_words
from arrears.refusal import Refused
from arrears.store import Book
from arrears.strategy.conditions import FIELDS, fits
from arrears.strategy.reading import LEAVE_ALONE
from arrears.strategy.strategy import Row, Strategy
from arrears.strategy.worth import alone_minor, worth_minor
from arrears.tables.facts import of_people

_WORDS = {
    "zh": {
        "head": "{loan}（借款人 {borrower}），{as_of} 夜批，策略 {id} 版本 {version}{approved}", "approve": "（第 {number} 号，自 {from} 起生效，{by} 批准）", "rollback": "（第 {number} 号，自 {from} 起生效，由 {by} 恢复）",
        "not": "✗ {row}：{condition}", "fits": "✓ {row}：{reason}", "ladder": "  阶梯 {ladder}：逾期 {days} 天", "experiment": "  实验 {experiment}，组 {arm}，该方案的概率 {propensity}",
        "options": "该行允许的处置（此人全部逾期贷款合计）：", "option": "  {mark} {name}{verdict}{worth}", "worth": "：预期 {brings}，成本 {cost}", "deny": "，闸门拒绝（{rules}）", "review": "，须人工放行（{rules}）",
        "warn": "，须写明理由（{rules}）", "allow": "", "led": "同一人的另一笔贷款 {other} 更紧迫，由它决定处置", "chosen": "结果：{name}，{how}",
        "row": "该行只给出这一种", "arm": "该组只给出这一种", "limits": "由限额在几种之中选定", "waits": "容量已用尽，等候", "no_entry": "结果：闸门拒绝全部联系，今晚不在名单上",
        "offer": "可提供的优惠（公开条件）：{offer}：{words}", "held": "案件持有人：{held}；{why}", "nobody": "无人", "alone": "不作处置，30 天内预计自行收回 {alone}", "by_model": "（按已发布模型）", "by_strategy": "（按策略中的假设）",
        "gone": "{loan}：该夜没有这笔逾期贷款；贷款未逾期，或编号有误（业务日 {as_of}）",
    },
    "en": {
        "head": "{loan} (borrower {borrower}), night of {as_of}, strategy {id} version {version}{approved}", "approve": " (number {number}, in force from {from}, approved by {by})", "rollback": " (number {number}, in force from {from}, brought back by {by})",
        "not": "✗ {row}: {condition}", "fits": "✓ {row}: {reason}", "ladder": "  ladder {ladder}: {days} days past due", "experiment": "  experiment {experiment}, arm {arm}; these options had a chance of {propensity}",
        "options": "What the row allows, all late loans of the person together:", "option": "  {mark} {name}{verdict}{worth}", "worth": ": brings {brings} by expectation, costs {cost}", "deny": ", refused by the gate ({rules})", "review": ", a person releases it ({rules})",
        "warn": ", only with a reason ({rules})", "allow": "", "led": "another loan of this person, {other}, is more pressing and decides", "chosen": "Result: {name}, {how}",
        "row": "the one treatment the row gives", "arm": "the one treatment the arm gives", "limits": "chosen among several within the limits", "waits": "a limit is used up, so it waits", "no_entry": "Result: the gate refuses every contact; not on tonight's worklist",
        "offer": "May be offered (published criteria): {offer}: {words}", "held": "Who has the case: {held}; {why}", "nobody": "nobody", "alone": "Left alone, {alone} are expected within 30 days", "by_model": " (by the released model)", "by_strategy": " (by the strategy's assumptions)",
        "gone": "{loan}: no late loan of that night; it was not late then, or the id is wrong (business date {as_of})",
    },
}


def why_lines(root: Path, loan_id: str, as_of: date, lang: str) -> list[str]:
    """The lines that say why, from the finished night of that date: each row that did not fit and the condition that failed, the row that did, what the gate said
    of each option, what each is worth, what was chosen and how, the offer that is met, and who has the case.

    Raises Refused where there is no such night, or the loan was not late on it.
    """
    book = store.book_at(root)
    night = book.night(as_of)
    inputs = kept_inputs(night)
    if inputs is None:
        dates = [one.isoformat() for one in book.night_dates()]
        raise Refused(f"{night}: there is no finished night of that date that can be read; there are {', '.join(dates) or 'none'}", f"{night}：没有该日期可读的夜批；已有：{'、'.join(dates) or '无'}")
    words, by = _WORDS[lang], Deciders.of(inputs, book)
    decisions = _decided(book, inputs, by, loan_id)
    mine = None if decisions is None else decisions.proposals.filter(pl.col("loan_id") == loan_id)
    if mine is None or mine.is_empty():
        raise Refused(_WORDS["en"]["gone"].format(loan=loan_id, as_of=as_of), _WORDS["zh"]["gone"].format(loan=loan_id, as_of=as_of))
    loan, strategy = mine.row(0, named=True), by.strategy
    approved = words[inputs.strategy_version["action"]].format(**inputs.strategy_version) if inputs.strategy_version else ""
    lines = [words["head"].format(loan=loan_id, borrower=loan["borrower_id"], as_of=as_of, id=strategy.id, version=strategy.version, approved=approved)]
    lines += _rows(mine, loan, strategy, words, lang)
    lines += _options(decisions, mine, loan, strategy, words, lang)
    lines += _result(night, decisions, loan, strategy, words, lang)
    entry = decisions.entries.filter((pl.col("borrower_id") == loan["borrower_id"]) & (pl.col("currency") == loan["currency"]))
    met = entry["offer"][0] if len(entry) else loan["offer"]
    if met is not None:
        offer = next(one for one in strategy.offers if one.name == met)
        lines.append(words["offer"].format(offer=offer.name, words=offer_in_words(offer, lang)))
    return lines + _holder(night, loan, words, lang)


def _decided(book: Book, inputs: Inputs, by: Deciders, loan_id: str) -> Decisions | None:
    """What was decided about the loan's person, from the rows the night saw; None where it saw no such loan."""
    restored = loads_to_restore(book, inputs.loads, inputs.known_at)
    with store.passing_folder(book.nights, ".why-") as folder:
        laid_out = book if restored is None else Book(book.root, folder / "store")
        with brought_in(laid_out, lambda _: None, restored) as manifest:
            for name in manifest.partitions:
                ids = store.read_columns(store.partition_path(laid_out, manifest, "loans", name), ["loan_id", "borrower_id"])
                found = ids.filter(pl.col("loan_id") == loan_id)
                if len(found):
                    break
            else:
                return None
            facts = facts_of(laid_out, manifest, name, inputs.known_at, scored=bool(by.models))
            standings = None
            if are_read(by.models.values()):
                standings = standings_on(laid_out, manifest, {inputs.as_of: inputs.known_at}, guarantors_in(laid_out, manifest), by.law, by.buckets)[inputs.as_of]
    person = facts.loans.filter(pl.col("loan_id") == loan_id)["borrower_id"].to_list()
    if not person:
        return None
    return decide(replace(of_people(facts, person), standings=standings), by.law, by.gate, by.lender, by.strategy, by.models, by.buckets, inputs.as_of)


def _rows(mine: pl.DataFrame, loan: dict, strategy: Strategy, words: dict, lang: str) -> list[str]:
    """Each row down to the one that fits; of one that does not, the first condition that fails, with the loan's own value."""
    lines = []
    for row in strategy.rows:
        if row.name == loan["rule"]:
            lines.append(words["fits"].format(row=row.name, reason=row.reason_zh if lang == "zh" else row.reason_en))
            if row.ladder is not None:
                lines.append(words["ladder"].format(ladder=row.ladder, days=loan["days_past_due"]))
            break
        lines.append(words["not"].format(row=row.name, condition=_failed(mine, row, strategy, lang)))
    if loan["experiment"] is not None:
        lines.append(words["experiment"].format(experiment=loan["experiment"], arm=loan["arm"], propensity=f"{loan['propensity']:.1%}"))
    return lines


def _failed(mine: pl.DataFrame, row: Row, strategy: Strategy, lang: str) -> str:
    """The first condition of the row that does not hold, and what the loan has instead."""
    for field, cell in row.when:
        if not bool(fits(((field, cell),), mine)[0]):
            value = mine[field][0]
            asked, own = conditions_in_words(((field, cell),), lang, strategy), _value(field, value, mine["currency"][0], lang)
            return f"要求{asked}，实为 {own}" if lang == "zh" else f"asks for {asked}; it is {own}"
    return ""


def _value(field: str, value: object, currency: str, lang: str) -> str:
    """What the loan has, as the condition says what it asks for."""
    if value is None:
        return "未知" if lang == "zh" else "not known"
    if FIELDS[field].is_share:
        return f"{value:.1%}"
    return in_major_units(value, currency) if FIELDS[field].unit == "minor units" else value_in_words(field, value, lang)


def _options(decisions: Decisions, mine: pl.DataFrame, loan: dict, strategy: Strategy, words: dict, lang: str) -> list[str]:
    """What the row lets us do, what the gate says of it, and what it is worth."""
    told = decisions.candidates.filter(pl.col("loan_id") == loan["loan_id"])
    entry = decisions.entries.filter((pl.col("borrower_id") == loan["borrower_id"]) & (pl.col("currency") == loan["currency"]))
    mine = entry if len(entry) else mine  # all loans of the person are treated together
    worth, currency = worth_minor(mine, strategy)[0], loan["currency"]
    by = "by_strategy" if loan["expected_minor"] is None else "by_model"
    lines = [words["alone"].format(alone=in_major_units(int(alone_minor(mine, strategy)[0]), currency)) + words[by], words["options"]]
    for row in told.iter_rows(named=True):
        one = strategy.treatments[strategy.names.index(row["treatment"])]
        brings = int(worth[strategy.names.index(one.name)]) + one.cost_minor
        said = words[row["verdict"] or "allow"].format(rules=row["rules"]) if row["verdict"] else ""
        value = "" if one.name == LEAVE_ALONE or one.owner == "nobody" else words["worth"].format(brings=in_major_units(brings, currency), cost=in_major_units(one.cost_minor, currency))
        lines.append(words["option"].format(mark="-" if row["verdict"] == "deny" else "+", name=one.zh if lang == "zh" else one.en, verdict=said, worth=value))
    return lines


def _result(night: Path, decisions: Decisions, loan: dict, strategy: Strategy, words: dict, lang: str) -> list[str]:
    worklist = store.read_columns(night / "worklist.parquet")
    found = worklist.filter((pl.col("borrower_id") == loan["borrower_id"]) & (pl.col("currency") == loan["currency"]))
    if found.is_empty():
        return [words["no_entry"]]
    entry = found.row(0, named=True)
    lines = [] if entry["loan_id"] == loan["loan_id"] else [words["led"].format(other=entry["loan_id"])]
    how = words["waits"] if entry["chosen_by"] == WAITS else words["limits"] if entry["chosen_by"] == LIMITS else words["arm" if _arm_gives(entry, strategy) else "row"]
    return [*lines, words["chosen"].format(name=strategy.wording[entry["treatment"]][lang], how=how)]


def _arm_gives(entry: dict, strategy: Strategy) -> bool:
    """The arm of the entry changes what its row gives; the champion's does not."""
    arms = [arm for one in strategy.experiments if one.name == entry["experiment"] for arm in one.arms if arm.name == entry["arm"]]
    return any(arm.treatments or arm.ladder for arm in arms)


def _holder(night: Path, loan: dict, words: dict, lang: str) -> list[str]:
    path = night / f"{ASSIGNED}.parquet"
    if not path.is_file():
        return []
    found = store.read_columns(path).filter(pl.col("borrower_id") == loan["borrower_id"])
    if found.is_empty():
        return []
    row = found.row(0, named=True)
    return [words["held"].format(held=row["held_by"] or words["nobody"], why=row[f"why_{lang}"])]


