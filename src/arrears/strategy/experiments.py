"""Who is in which arm: drawn by a hash of experiment and borrower, so nobody moves between arms and no draw is kept.

The arm of a person depends on the experiment's name, the person's id and the shares alone: not on the order of the rows, the partition, the night or
the machine. Two experiments draw independently of each other. What could move a person (other shares, other arms, another start) is refused while an
experiment runs.

Source: Kohavi, Longbotham, Sommerfield & Henne 2009, Controlled experiments on the web, Data Mining and Knowledge Discovery 18:140, section 4.1.2
(hash and partition; the hash must not correlate between experiments); Horvitz & Thompson 1952, JASA 47:663 (propensities).
"""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import polars as pl

from arrears.refusal import Refused
from arrears.stable_hash import hashes
from arrears.strategy.strategy import OUTCOMES, Arm, Experiment, Row, Strategy, When
from arrears.strict_yaml import BadYaml

WHOLE_PPM = 1_000_000
ARMS_MOST = 20
OUTSIDE = -1
"""The place of an arm where a person is in no experiment."""


def arms_of(experiment: Experiment, borrower_ids: pl.Series) -> np.ndarray:
    """The place of each person's arm among experiment.arms: one Int8 per id, in its order.

    With h the 64-bit hash of name, line feed and id: u = floor(1,000,000 (h >> 32) / 2^32), and the arm is the first whose cumulated share lies above u.
    A share is met up to one in 4,295 of a millionth. Raises Refused at a null id, which would be put into the same arm as every other null.
    """
    if borrower_ids.null_count():
        raise Refused(f"experiment {experiment.name}: {borrower_ids.null_count()} rows have no borrower_id, and without one nobody has an arm; mend the rows",
                      f"实验 {experiment.name}：有 {borrower_ids.null_count()} 行没有 borrower_id，无法分组；请修正这些行")
    names = borrower_ids.rename("id").to_frame().select(pl.concat_str(pl.lit(experiment.name + "\n"), pl.col("id").cast(pl.String))).to_series()
    drawn = ((hashes(names) >> np.uint64(32)) * np.uint64(WHOLE_PPM)) >> np.uint64(32)
    ends = np.cumsum([arm.share_ppm for arm in experiment.arms])
    return np.searchsorted(ends, drawn.astype(np.int64), side="right").astype(np.int8)


def propensities(shares_ppm: Sequence[int], arms: np.ndarray, would_give: np.ndarray) -> np.ndarray:
    """The probability, before the arm was drawn, of what each person was given: one Float64 in (0, 1] per person; 1 outside the experiment.

    shares_ppm: of the arms. arms: place of each person's arm, OUTSIDE where there is none. would_give: (people, arms) integers, the code of what each arm
    gives this person. p = sum of the shares of the arms that give the same as the person's own arm.
    """
    shares = np.asarray(shares_ppm, np.int64)
    arms = np.asarray(arms)
    inside = arms != OUTSIDE
    own = np.take_along_axis(would_give, np.where(inside, arms, 0).astype(np.int64)[:, None], axis=1)
    same = ((would_give == own) * shares).sum(axis=1)
    return np.where(inside, same, WHOLE_PPM) / WHOLE_PPM


def running(experiments: Sequence[Experiment], as_of: date) -> tuple[Experiment, ...]:
    """The experiments that take people in on the night of as_of: from_on <= as_of < until_on."""
    return tuple(experiment for experiment in experiments if experiment.from_on <= as_of < experiment.until_on)


def can_both_hold(left: When, right: When) -> bool:
    """False where a field that both name has no value that both allow; True elsewhere, also where other fields would rule it out."""
    others = dict(right)
    return all(_meet(cell, others[field]) for field, cell in left if field in others)


def check_experiments(experiments: Sequence[Experiment], where: str, overlap: Callable[[When, When], bool] = can_both_hold) -> None:
    """Raises BadYaml naming the experiment whose arms, shares, dates or outcome are not as they should be, and two that may take in the same row at once.

    where: what the message begins with, a file's name. overlap: whether two conditions can both hold for one row.
    """
    seen: dict[str, Experiment] = {}
    for experiment in experiments:
        _check_one(experiment, f"{where}, experiment {experiment.name}")
        if experiment.name in seen:
            raise BadYaml(f"{where}, experiment {experiment.name}: the name stands twice; people are drawn by it, so give each experiment its own")
        for other in seen.values():
            together_from, together_until = max(experiment.from_on, other.from_on), min(experiment.until_on, other.until_on)
            if together_from < together_until and overlap(experiment.when, other.when):
                raise BadYaml(f"{where}, experiments {other.name} and {experiment.name}: both run from {together_from} until {together_until} and may take in the "
                              "same person, and then nobody could say which of them worked; let one begin when the other is over, or part them by a field "
                              "(for example bucket) so that no value fits both")
        seen[experiment.name] = experiment


def demand_unchanged(in_force: Strategy, coming: Strategy, from_on: date) -> None:
    """Raises Refused where the version that comes into force on from_on changes an experiment that begins by that day.

    One that runs on that day must stay, with its arms, shares, conditions, outcome and start; its end may be brought forward to that day or a later one,
    not put off (looking at results until they please would be open to choice). The name of one that is over by then is not used for another.
    """
    after = {experiment.name: experiment for experiment in coming.experiments}
    for experiment in in_force.experiments:
        if experiment.from_on > from_on:
            continue
        found = after.get(experiment.name)
        over = experiment.until_on <= from_on
        if found is None and over:
            continue
        if found is None:
            raise _refused(experiment, coming, f"is missing in it, but it runs until {experiment.until_on}; keep it, or keep it with until: {from_on}",
                           f"在该版本中缺失，但它运行至 {experiment.until_on}；请保留，或将 until 改为 {from_on} 以提前结束")
        changed = [(en, zh) for en, zh, there, here in _fixed(experiment, found, in_force, coming) if there != here]
        if changed and over:
            raise _refused(experiment, coming, f"was over on {experiment.until_on}, and its name is used again with other {', '.join(en for en, _ in changed)}; "
                           "give the new one another name", f"已于 {experiment.until_on} 结束，其名称被另一个实验重用（{'、'.join(zh for _, zh in changed)}不同）；请改用新名称")
        if changed:
            raise _refused(experiment, coming, f"runs until {experiment.until_on} and has other {', '.join(en for en, _ in changed)} in it, so people would move "
                           "between arms or be counted by another measure; leave it as it is, or end it first and give the next one another name",
                           f"运行至 {experiment.until_on}，而该版本更改了{'、'.join(zh for _, zh in changed)}，会使人换组或改变衡量标准；请保持原样，或先结束它再用新名称另开实验")
        if found.until_on != experiment.until_on and (over or not from_on <= found.until_on <= experiment.until_on):
            raise _refused(experiment, coming, f"ends on {found.until_on} in it instead of {experiment.until_on}; an end may only be brought forward, to {from_on} at the earliest",
                           f"在该版本中的结束日为 {found.until_on}，而非 {experiment.until_on}；结束日只能提前，且最早为 {from_on}")


def _fixed(experiment: Experiment, found: Experiment, in_force: Strategy, coming: Strategy) -> tuple[tuple[str, str, object, object], ...]:
    """What may not change, in English and Chinese, as it was and as it is to be: also what a name stands for (the steps of a ladder, how a treatment is carried
    out, who is in a group), and the rows that people in it can fit, which are what the champion gets. Words may.
    """
    both = ((experiment, in_force), (found, coming))
    treatments = [[(arm.name, _given(arm, strategy)) for arm in one.arms] for one, strategy in both]
    shares = [[arm.share_ppm for arm in one.arms] for one, _ in both]
    groups = [_groups(one, strategy) for one, strategy in both]
    rows = [[(row.name, _unordered(row.when), _given(row, strategy), row.fixed) for row in strategy.rows if can_both_hold(row.when, one.when)] for one, strategy in both]
    return (("arms", "组", *treatments), ("shares", "比例", *shares),
            ("conditions", "条件", _unordered(experiment.when), _unordered(found.when)), ("groups", "客群", *groups),
            ("outcome", "结果指标", experiment.outcome, found.outcome), ("start", "开始日", experiment.from_on, found.from_on), ("rows", "决策行", *rows))


def _groups(experiment: Experiment, strategy: Strategy) -> list:
    """What the groups of a strategy stand for, where the experiment asks for one; empty elsewhere."""
    return [(one.name, _unordered(one.when)) for one in strategy.segments] if any(field == "segment" for field, _ in experiment.when) else []


def _given(what: Arm | Row, strategy: Strategy) -> list:
    """What an arm or a row gives, with what it stands for."""
    steps = next((one.steps for one in strategy.ladders if one.name == what.ladder), ()) if what.ladder else tuple((0, name) for name in what.treatments)
    carried_out = {one.name: (one.owner, one.channel, one.hours, one.tone, one.text, one.skill, one.cool_off_days) for one in strategy.treatments}
    return [(day, name, carried_out.get(name)) for day, name in steps]


def _unordered(when: When) -> dict:
    return {field: cell if _is_range(cell) else frozenset(cell) for field, cell in when}


def _refused(experiment: Experiment, coming: Strategy, en: str, zh: str) -> Refused:
    return Refused(f"strategy {coming.id}, version {coming.version}: the experiment {experiment.name} {en}",
                   f"策略 {coming.id} 版本 {coming.version}：实验 {experiment.name} {zh}")


def _check_one(experiment: Experiment, where: str) -> None:
    arms = experiment.arms
    if not 2 <= len(arms) <= ARMS_MOST:
        raise BadYaml(f"{where}: {len(arms)} arms; an experiment compares at least two, at most {ARMS_MOST}")
    names = [arm.name for arm in arms]
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise BadYaml(f"{where}: the arm {twice[0]!r} stands twice; give each arm its own name, results are told by it")
    for arm in arms:
        if arm.share_ppm <= 0:
            raise BadYaml(f"{where}, arm {arm.name}: its share is {_percent(arm.share_ppm)}, so nobody would be in it; give it a share above 0 or remove it")
    total = sum(arm.share_ppm for arm in arms)
    if total != WHOLE_PPM:
        raise BadYaml(f"{where}: the shares of its arms sum to {_percent(total)}, not to 100 %; "
                      f"{'give' if total < WHOLE_PPM else 'take'} {_percent(abs(WHOLE_PPM - total))} {'more to' if total < WHOLE_PPM else 'from'} one of them")
    if experiment.until_on <= experiment.from_on:
        raise BadYaml(f"{where}: until {experiment.until_on} is not after from {experiment.from_on}, so it would take nobody in; until is the first day on which it no longer does")
    if experiment.outcome not in OUTCOMES:
        raise BadYaml(f"{where}: the outcome {experiment.outcome!r} is not known; known are {', '.join(OUTCOMES)}")


def _percent(share_ppm: int) -> str:
    """
    >>> _percent(995_000), _percent(1_000_000), _percent(1)
    ('99.5 %', '100 %', '0.0001 %')
    """
    whole, rest = divmod(abs(share_ppm), 10_000)
    return f"{'-' if share_ppm < 0 else ''}{whole}{f'.{rest:04d}'.rstrip('0') if rest else ''} %"


def _meet(left: tuple, right: tuple) -> bool:
    """A value fits both cells: lists of values share one, half-open ranges overlap; True where a list stands beside a range."""
    if _is_range(left) != _is_range(right):
        return True
    if not _is_range(left):
        return bool(set(left) & set(right))
    low = max((end for end in (left[0], right[0]) if end is not None), default=None)
    high = min((end for end in (left[1], right[1]) if end is not None), default=None)
    return low is None or high is None or low < high


def _is_range(cell: tuple) -> bool:
    return len(cell) == 2 and not any(isinstance(end, str) for end in cell)
