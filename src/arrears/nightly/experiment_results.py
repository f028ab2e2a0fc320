"""What became of an experiment: who came in, what they paid within 30 days, by arm, with intervals that hold however often they are looked at.

A person comes in on the first night on which a row of theirs names the experiment, with the loans of that night's rows. They are counted in the arm drawn for
them, whatever was done about them afterwards: that is what the strategy would bring, and who could be reached or was refused by the gate is not left out.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from math import ceil

import numpy as np
import polars as pl

from arrears import store
from arrears.days import moment_of
from arrears.delinquency.assess import CannotBePositioned, assess
from arrears.delinquency.buckets import read_buckets
from arrears.ingest.judge import facts_of, fault_of_walk
from arrears.law.caps import read_law
from arrears.learning.always_valid import ALPHA, difference_always, mean_always
from arrears.learning.measures import Measured
from arrears.learning.sample_size import (
    POWER,
    People,
    days_needed,
    people_always_valid,
    people_for_one_look,
    shares_met,
)
from arrears.money import exact_sum
from arrears.nightly import local
from arrears.nightly.positions import opened
from arrears.refusal import Refused
from arrears.scoring.payment_history import received_by
from arrears.stable_hash import hashes
from arrears.store import Book
from arrears.strategy.experiments import WHOLE_PPM, arms_of
from arrears.strategy.strategy import Experiment, Ladder
from arrears.tables.facts import Facts, of_people

HORIZON_DAYS = 30
SMALLEST_EFFECT = 0.05
"""The smallest difference worth finding unless the user says another: our choice, no figure of research."""
MISMATCH_LEVEL = 0.001
MORE, LESS, OPEN, TOO_FEW = "more", "less", "open", "too_few"
_OUTCOME_WORDS = {"paid_30": ("30 天内还清全部逾期的人", "people who paid all that was late within 30 days"),
                  "recovered_30": ("30 天内收回的可主张金额占比（人均）", "the share of what could be asked that came in within 30 days, the mean of people")}
_READ = ["loan_id", "borrower_id", "currency", "days_past_due", "claimable_minor", "treatment", "experiment", "arm"]


@dataclass(frozen=True)
class ArmResult:
    """One arm. entered: people. matured: whose 30 days are over, without those in no_outcome (a loan left the book, or nothing could be asked).

    measured: their mean outcome, always valid at 95 % on its own. treatments: people by the treatment of their largest claim on their first night; None where
    nothing was given. said_first, said_within: the share of those entered given what the arm says on the first night, and of those whose 30 days are
    over on any night of them; None where the arm leaves the rows as they stand, or nobody is there.
    """

    name: str
    share_ppm: int
    entered: int
    matured: int
    no_outcome: int
    measured: Measured | None
    treatments: dict[str | None, int]
    said_first: float | None
    said_within: float | None


@dataclass(frozen=True)
class DifferenceResult:
    """An arm less the first. measured: the difference of their means, and its always valid interval (its middle is another estimate, near that one), all
    differences of the experiment at once with 95 %. verdict, by the interval: more, less, open, too_few.

    needed: matured people of the two arms so that an effect of smallest_effect is told with power 80 %; missing: of them still. enough_on: the day on
    which they will be there at the pace so far; None where nobody is missing, and where the experiment ends before.
    """

    arm: str
    against: str
    matured: int
    measured: Measured | None
    verdict: str
    needed: int
    missing: int
    enough_on: date | None
    zh: str
    en: str


@dataclass(frozen=True)
class Results:
    """An experiment's results as of a day. shares_p: how likely shares so far from the plan are by chance (shares_met); are_shares_met: not below 0.001."""

    experiment: str
    outcome: str
    as_of: date
    from_night: date
    to_night: date
    arms: tuple[ArmResult, ...]
    differences: tuple[DifferenceResult, ...]
    shares_p: float
    are_shares_met: bool
    sentences_zh: tuple[str, ...]
    sentences_en: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What it takes to tell an arm from the first by an effect, with power 80 %: people for one look at the end, people where it is looked at daily,
    and for those the days until their 30 days are over; is_long_enough: so many come in before the experiment ends.
    """

    arm: str
    against: str
    one_look: People
    always_valid: People
    days: int
    is_long_enough: bool
    zh: str
    en: str


def planned(experiment: Experiment, base: float, people_a_day: float, smallest_effect: float = SMALLEST_EFFECT) -> tuple[Plan, ...]:
    """One plan per arm beside the first. base: the first arm's mean outcome as expected; people_a_day: who newly fit the conditions, all arms together.

    Raises Refused where a figure is none.
    """
    first, plans, alpha = experiment.arms[0], [], ALPHA / (len(experiment.arms) - 1)
    for arm in experiment.arms[1:]:
        share, effect = arm.share_ppm / (first.share_ppm + arm.share_ppm), _within(base, smallest_effect)
        one_look, always = people_for_one_look(base, effect, share, alpha, POWER), people_always_valid(base, effect, share, alpha, POWER)
        days = days_needed(always, people_a_day, (first.share_ppm / WHOLE_PPM, arm.share_ppm / WHOLE_PPM), HORIZON_DAYS)
        lasts = (experiment.until_on - experiment.from_on).days
        wanted, enough = f"{100 * smallest_effect:g}", days - HORIZON_DAYS <= lasts
        zh = (f"要区分 {arm.name} 与 {first.name}（相差 {wanted} 个百分点，功效 80%）：可每日查看时 {first.name} 需 {always.first:,} 人、{arm.name} 需 {always.second:,} 人（只在最后看一次为 {one_look.first:,} 与 {one_look.second:,} 人），"
              f"约 {days:,} 天后有结果；实验进人 {lasts} 天，{'足够' if enough else '不够，请延长或加大该组比例'}。")
        en = (f"To tell {arm.name} from {first.name} by {wanted} points with power 80 %: {always.first:,} people in {first.name} and {always.second:,} in {arm.name} where it is looked at daily "
              f"({one_look.first:,} and {one_look.second:,} for one look at the end), which takes {days:,} days with their 30; the experiment takes people in for {lasts} days, "
              f"{'which is enough' if enough else 'too few: let it run longer, or give the arm a greater share'}.")
        plans.append(Plan(arm.name, first.name, one_look, always, days, enough, zh, en))
    return tuple(plans)


def as_row(results: Results) -> dict:
    """The results as plain dicts and texts, as a JSON file keeps them."""
    def plain(value):
        if isinstance(value, dict):
            return {"none" if key is None else key: plain(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        return value.isoformat() if isinstance(value, date) else value

    return plain(asdict(results))


def results_of(book: Book, experiment: Experiment, as_of: date, known_at: int, smallest_effect: float = SMALLEST_EFFECT, ladders: Sequence[Ladder] = ()) -> Results:
    """The results of the nights up to as_of, by payments known at known_at (microseconds). Same arguments, same book, same results.

    paid_30: 1 where none of the loans a person came in with is late at the end of the 30th day after, else 0. recovered_30: received from the day after to the
    30th over what could be asked on the night, held in [0, 1]; the mean over currencies where a person owes in several. ladders: those that arms name.
    Raises Refused where no night has the experiment, where a night's arms are not those it draws, where as_of is later than known_at, and as the book does.
    """
    if as_of > moment_of(known_at).date() + timedelta(days=1):
        raise Refused(f"what was paid by {as_of} cannot be known at {moment_of(known_at):%Y-%m-%d %H:%M} UTC, so who has not paid by then would count as never paying; ask for an earlier day",
                      f"{moment_of(known_at):%Y-%m-%d %H:%M}（UTC）时无法得知截至 {as_of} 的付款，会把尚未付款的人算作未还；请改用更早的日期")
    people, loans = _entered(book, experiment, as_of, ladders)
    is_over = pl.col("entered_on") <= as_of - timedelta(days=HORIZON_DAYS)
    people = people.with_columns(is_over=is_over)
    people = people.join(_outcomes(book, experiment, loans.filter(is_over), as_of, known_at), on="borrower_id", how="left", maintain_order="left")
    arms = tuple(_arm(people, place, arm.name, arm.share_ppm) for place, arm in enumerate(experiment.arms))
    differences = tuple(_difference(people, experiment, arms, place, as_of, smallest_effect) for place in range(1, len(arms)))
    shares_p = shares_met([arm.entered for arm in arms], [arm.share_ppm / WHOLE_PPM for arm in arms])
    results = Results(experiment.name, experiment.outcome, as_of, people["entered_on"].min(), people["entered_on"].max(), arms, differences, shares_p,
                      shares_p >= MISMATCH_LEVEL, (), ())
    sentences_zh, sentences_en = zip(*_sentences(results), strict=True)
    return replace(results, sentences_zh=sentences_zh, sentences_en=sentences_en)


def _entered(book: Book, experiment: Experiment, as_of: date, ladders: Sequence[Ladder]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """People in their fixed order (night, hash of the id; nothing that depends on the arm), and the loans that each came in with."""
    last = min(as_of, experiment.until_on - timedelta(days=1))
    people, loans = None, []
    for night in (night for night in book.night_dates() if experiment.from_on <= night <= as_of):
        rows = _rows_of(book, night, experiment).with_columns(said=_as_said(experiment, ladders))
        tonight = rows.sort(["borrower_id", "claimable_minor", "loan_id"], descending=[False, True, False]).group_by("borrower_id", maintain_order=True).agg(
            pl.col("arm", "treatment").first(), said=pl.col("said").any(ignore_nulls=False))
        if people is not None:
            later = tonight.select("borrower_id", later="said")
            within = pl.col("entered_on") > night - timedelta(days=HORIZON_DAYS)
            people = people.join(later, on="borrower_id", how="left", maintain_order="left").with_columns(
                said_within=pl.when(within & pl.col("later").fill_null(False)).then(True).otherwise("said_within")).drop("later")
            tonight = tonight.join(people, on="borrower_id", how="anti", maintain_order="left")
        if night > last or tonight.is_empty():
            continue
        tonight = tonight.with_columns(entered_on=pl.lit(night, pl.Date), said_within="said")
        loans.append(rows.join(tonight.select("borrower_id", "entered_on"), on="borrower_id", how="inner", maintain_order="left"))
        people = tonight if people is None else pl.concat([people, tonight])
    if people is None:
        raise Refused(f"{book.root}: no night from {experiment.from_on} to {last} has taken anybody into the experiment {experiment.name}; check its name and dates, and that nights "
                      "were done under a strategy that has it", f"{book.root}：{experiment.from_on} 至 {last} 没有任何夜批让人进入实验 {experiment.name}；请核对名称与日期，以及夜批所用策略是否包含它")
    people = people.with_columns(order=pl.Series(hashes(people["borrower_id"]))).sort("entered_on", "order", "borrower_id").drop("order")
    return people, pl.concat(loans)


def _rows_of(book: Book, night: date, experiment: Experiment) -> pl.DataFrame:
    """The night's rows that name the experiment, their arm by its place; raises Refused where an arm is not the one the experiment draws."""
    files = sorted((book.night(night) / "decisions").glob("p*.parquet"))
    frames = [store.read_columns(path, _READ).filter(pl.col("experiment") == experiment.name).drop("experiment") for path in files]
    if not frames:
        return pl.DataFrame(schema={"loan_id": pl.String, "borrower_id": pl.String, "currency": pl.String, "days_past_due": pl.Int32, "claimable_minor": pl.Int64,
                                    "treatment": pl.String, "arm": pl.Int8})
    rows = pl.concat(frames)
    places = {arm.name: place for place, arm in enumerate(experiment.arms)}
    named = rows["arm"].replace_strict(places, default=-1, return_dtype=pl.Int8)
    wrong = rows.filter(named.ne_missing(pl.Series(arms_of(experiment, rows["borrower_id"]))))
    if len(wrong):
        row = wrong.row(0, named=True)
        raise Refused(f"the night of {night} has {row['borrower_id']} in the arm {row['arm']} of {experiment.name}, where this version of the experiment does not draw them ({len(wrong)} rows): "
                      "its arms or shares are not those of that night; give the version of the strategy under which it ran",
                      f"{night} 夜批中 {row['borrower_id']} 属于实验 {experiment.name} 的 {row['arm']} 组，与此版本的分组不符（{len(wrong)} 行）：组或比例与当晚不同；请使用当时所用的策略版本")
    return rows.with_columns(arm=named)


def _as_said(experiment: Experiment, ladders: Sequence[Ladder]) -> pl.Expr:
    """Whether a row was given what its arm says; null where the arm leaves the rows as they stand, or its ladder is not among those given."""
    steps = {ladder.name: ladder.steps for ladder in ladders}
    said = pl.lit(None, pl.Boolean)
    for place, arm in enumerate(experiment.arms):
        if not arm.treatments and arm.ladder not in steps:
            continue
        own = pl.col("treatment").is_in(list(arm.treatments))
        if arm.ladder in steps:
            step = pl.lit(None, pl.String)
            for first_day, treatment in steps[arm.ladder]:
                step = pl.when(pl.col("days_past_due") >= first_day).then(pl.lit(treatment)).otherwise(step)
            own = pl.col("treatment") == step
        said = pl.when(pl.col("arm") == place).then(own.fill_null(False)).otherwise(said)
    return said


def _outcomes(book: Book, experiment: Experiment, loans: pl.DataFrame, as_of: date, known_at: int) -> pl.DataFrame:
    """borrower_id and outcome (Float64 in [0, 1]) of the people of these loans; null where a loan is in the book no more, or nothing could be asked."""
    tell = {"paid_30": _days_late, "recovered_30": _received}[experiment.outcome]
    with opened(book.root, as_of, known_at) as (laid_out, manifest):
        def work(partition: str) -> pl.DataFrame:
            facts = facts_of(laid_out, manifest, partition, known_at, scored=False, decided=False)
            here = loans.select("loan_id", "borrower_id", "entered_on").join(facts.loans.select("loan_id", "borrower_id"), on=["loan_id", "borrower_id"], how="semi")
            if here.is_empty():
                return pl.DataFrame(schema={"loan_id": pl.String, "found": pl.Int64})
            try:
                return tell(of_people(facts, here["borrower_id"].unique().sort().to_list()), here.sort("entered_on", "loan_id"))
            except CannotBePositioned as problem:
                raise fault_of_walk(laid_out, facts, problem.loan_id, problem.fault) from None

        found = [frame for _, frame in local.each(work, manifest.partitions)] if len(loans) else []
    if not found:
        return pl.DataFrame(schema={"borrower_id": pl.String, "outcome": pl.Float64})
    rows = loans.join(pl.concat(found), on="loan_id", how="left", maintain_order="left").sort("borrower_id", "currency", "loan_id")
    is_known = pl.col("found").is_not_null().all()
    if experiment.outcome == "paid_30":
        return rows.group_by("borrower_id", maintain_order=True).agg(outcome=pl.when(is_known).then((pl.col("found") == 0).all().cast(pl.Float64)))
    by_currency = rows.group_by("borrower_id", "currency", maintain_order=True).agg(exact_sum("claimable_minor"), exact_sum("found"), is_known=is_known)
    asked = by_currency.filter((pl.col("claimable_minor") > 0) | ~pl.col("is_known"))
    share = (pl.col("found") / pl.col("claimable_minor")).clip(0.0, 1.0)
    return asked.group_by("borrower_id", maintain_order=True).agg(outcome=pl.when(pl.col("is_known").all()).then(share.mean()))


def _days_late(facts: Facts, loans: pl.DataFrame) -> pl.DataFrame:
    """loan_id and found: days past due at the end of the 30th day after the loan's person came in."""
    law, buckets, found = read_law(), read_buckets(), []
    for (entered_on,), rows in loans.partition_by("entered_on", as_dict=True, maintain_order=True).items():
        mine = of_people(facts, rows["borrower_id"].unique().sort().to_list())
        positions = assess(mine, law, buckets, entered_on + timedelta(days=HORIZON_DAYS)).positions
        found.append(rows.select("loan_id").join(positions.select("loan_id", pl.col("days_past_due").cast(pl.Int64).alias("found")), on="loan_id", how="inner"))
    return pl.concat(found)


def _received(facts: Facts, loans: pl.DataFrame) -> pl.DataFrame:
    """loan_id and found: what was received from the day after the person came in to the 30th, minor units; below 0 where more was taken back."""
    places = facts.loans.select("loan_id").with_row_index("row")
    row = loans.select("loan_id").join(places, on="loan_id", how="left", maintain_order="left")["row"].to_numpy().astype(np.int64)
    then = loans["entered_on"].to_physical().to_numpy().astype(np.int64)
    return loans.select("loan_id").with_columns(found=pl.Series(received_by(facts, row, then + HORIZON_DAYS) - received_by(facts, row, then)))


def _arm(people: pl.DataFrame, place: int, name: str, share_ppm: int) -> ArmResult:
    mine = people.filter(pl.col("arm") == place)
    over = mine.filter("is_over")
    outcomes = over["outcome"].drop_nulls().to_numpy()
    given = mine.group_by("treatment").len().sort("len", "treatment", descending=[True, False])
    return ArmResult(name, share_ppm, len(mine), outcomes.size, len(over) - outcomes.size, mean_always(outcomes), dict(given.iter_rows()),
                     mine["said"].mean(), over["said_within"].mean())


def _difference(people: pl.DataFrame, experiment: Experiment, arms: tuple[ArmResult, ...], place: int, as_of: date, effect: float) -> DifferenceResult:
    first, second, alpha = arms[0], arms[place], ALPHA / (len(arms) - 1)
    rows = people.filter(pl.col("arm").is_in([0, place]) & pl.col("outcome").is_not_null())
    share = second.share_ppm / (first.share_ppm + second.share_ppm)
    measured = difference_always(rows["outcome"].to_numpy(), (rows["arm"] == place).to_numpy(), share, alpha)
    if first.measured and second.measured:
        measured = replace(measured, value=second.measured.value - first.measured.value)
    base = first.measured.value if first.measured else 0.5
    needed = people_always_valid(base, _within(base, effect), share, alpha, POWER)
    missing = max(0, needed.both - len(rows))
    verdict = TOO_FEW if min(first.matured, second.matured) == 0 else MORE if measured.low > 0 else LESS if measured.high < 0 else OPEN
    enough_on = _enough_on(people, experiment, as_of, (first, second), needed.both) if missing else None
    found = DifferenceResult(second.name, first.name, len(rows), measured, verdict, needed.both, missing, enough_on, "", "")
    zh, en = _said(found, experiment, effect)
    return replace(found, zh=zh, en=en)


def _within(base: float, effect: float) -> float:
    """The effect upwards, downwards where it would pass 1."""
    return effect if base + effect <= 1 else -effect


def _enough_on(people: pl.DataFrame, experiment: Experiment, as_of: date, arms: tuple[ArmResult, ...], needed: int) -> date | None:
    """The day on which so many of the arms will have their 30 days over, at the pace so far; None where they will not before the experiment is over."""
    horizon, both = timedelta(days=HORIZON_DAYS), sum(arm.entered - arm.no_outcome for arm in arms)
    if both >= needed:
        return people["entered_on"].max() + horizon
    days = (as_of - people["entered_on"].min()).days + 1
    full = ceil((needed - both) * days / both) if both else experiment.until_on.toordinal()
    if as_of.toordinal() + full >= experiment.until_on.toordinal():
        return None
    return as_of + timedelta(days=full) + horizon


def _said(found: DifferenceResult, experiment: Experiment, effect: float) -> tuple[str, str]:
    """Whether the two arms are told apart, in Chinese and English; what is missing where they are not."""
    zh, en = f"{found.arm} 与 {found.against}", f"{found.arm} and {found.against}"
    if found.verdict == TOO_FEW:
        return f"{zh}：其中一组还没有人满 30 天，尚无可比。", f"{en}: in one of them nobody's 30 days are over yet, so there is nothing to compare."
    by = _points(found.measured.value)
    between_zh, between_en = (f"{_points(found.measured.low)} {word} {_points(found.measured.high)}" for word in ("至", "to"))
    if found.verdict in (MORE, LESS):
        word_zh, word_en = ("高于", "more") if found.verdict == MORE else ("低于", "less")
        return (f"{found.arm} {word_zh} {found.against}：相差 {by} 个百分点（{between_zh}）；无论看过多少次，该区间都成立。",
                f"{found.arm} brings {word_en} than {found.against}: {by} points ({between_en}); the interval holds however often it was looked at.")
    zh, en = f"{zh} 尚不能区分：相差 {by} 个百分点（{between_zh}）。", f"{en} cannot be told apart yet: {by} points ({between_en})."
    wanted = f"{100 * effect:g}"
    if not found.missing:
        return f"{zh}发现 {wanted} 个百分点所需的人数已够；若有差异，应在此区间内。", f"{en} The people to find {wanted} points are there; what difference there is lies in that interval."
    zh += f"要发现 {wanted} 个百分点，两组共需 {found.needed:,} 人满 30 天，还缺 {found.missing:,} 人"
    en += f" To find {wanted} points, {found.needed:,} people of the two with their 30 days over are needed; {found.missing:,} are missing"
    if found.enough_on is None:
        return f"{zh}；按目前速度，到 {experiment.until_on} 结束时仍不够。", f"{en}, and at the pace so far they will not be there when it ends on {experiment.until_on}."
    return f"{zh}；按目前速度约在 {found.enough_on}。", f"{en}, by about {found.enough_on} at the pace so far."


def _sentences(results: Results) -> list[tuple[str, str]]:
    """The results in sentences, Chinese and English: who came in, whether the draw holds, each arm, each difference."""
    zh, en = _OUTCOME_WORDS[results.outcome]
    entered, matured = sum(arm.entered for arm in results.arms), sum(arm.matured for arm in results.arms)
    told = [(f"实验 {results.experiment}：{results.from_night} 至 {results.to_night} 的夜批共有 {entered:,} 人进入，截至 {results.as_of} 有 {matured:,} 人满 30 天。衡量：{zh}。",
             f"Experiment {results.experiment}: {entered:,} people came in on nights from {results.from_night} to {results.to_night}; of {matured:,} the 30 days are over as of {results.as_of}. "
             f"Measured: {en}.")]
    if not results.are_shares_met:
        told.append((f"警告：各组人数与计划比例不符（偶然出现的概率不超过 {results.shares_p:.1g}），有东西按组放人或漏人；查明原因之前，下面的差异不可采信。",
                     f"Warning: the arms do not hold the planned shares (by chance with probability {results.shares_p:.1g} at most), so something puts people in or leaves them out by arm; "
                     "until it is found, the differences below mean nothing."))
    for arm in results.arms:
        zh, en = f"{arm.name}：{arm.entered:,} 人，满 30 天 {arm.matured:,} 人", f"{arm.name}: {arm.entered:,} people, {arm.matured:,} with their 30 days over"
        if arm.measured:
            zh += f"，结果 {_percent(arm.measured.value)}（{_percent(arm.measured.low)} 至 {_percent(arm.measured.high)}）"
            en += f", outcome {_percent(arm.measured.value)} ({_percent(arm.measured.low)} to {_percent(arm.measured.high)})"
        if arm.said_within is not None:
            zh += f"；其中 {_percent(arm.said_within)} 在 30 天内至少一次得到该组规定的处置"
            en += f"; {_percent(arm.said_within)} were given what the arm says at least once within their 30 days"
        if arm.no_outcome:
            zh += f"；{arm.no_outcome:,} 人的贷款已不在账册或无可主张金额，未计入"
            en += f"; {arm.no_outcome:,} are left out, since a loan is in the book no more or nothing could be asked"
        told.append((zh + "。", en + "."))
    told += [(difference.zh, difference.en) for difference in results.differences]
    return [*told, ("差异按抽到的组计算，无论实际是否执行；实际执行得越少，差异越小。", "Differences are between the arms as drawn, whatever was given in the end; the less of it was given, the smaller they are.")]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
