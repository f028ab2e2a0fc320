"""A strategy in words, in Chinese or in English: its conditions, treatments, ladders, offers, experiments, limits, giving and expectations."""

from collections.abc import Sequence
from decimal import Decimal

from arrears.money import in_major_units
from arrears.pages.strategy_wording import LANGUAGES, NUMBERS, PREFIXES, VALUES, said
from arrears.strategy.conditions import FIELDS
from arrears.strategy.strategy import Arm, Experiment, Giving, Ladder, Limit, Offer, Row, Strategy, Treatment, When
from arrears.tables.holds import HOLD_KINDS


def conditions_in_words(when: When, lang: str, strategy: Strategy | None = None) -> str:
    """What must hold, as one sentence without a stop; `everybody` where nothing must. A strategy lends its own names for treatments and groups.

    A number cell is (low, high), half-open; a field that is not known is called by its own name.

    >>> conditions_in_words((("bucket", ("M2", "M3")), ("claimable", (None, 2000000)), ("kind", ("sole_trader", "enterprise"))), "en")
    'M2 or M3, claimable less than 20,000.00, trader or firm'
    >>> conditions_in_words((("bucket", ("M1",)), ("self_cure", (850000, None))), "zh")
    'M1，预测自行还款概率 85% 及以上'
    """
    clauses = [_clause(field, cell, lang, strategy) for field, cell in when]
    return _comma(lang).join(clauses) or said("everybody", lang)


def row_in_words(row: Row, strategy: Strategy, lang: str) -> str:
    """The row's conditions; the last row, which has none, takes everybody else."""
    return conditions_in_words(row.when, lang, strategy) if row.when else said("everybody_else", lang)


def follows_in_words(what: Row | Arm, strategy: Strategy, lang: str) -> str:
    """What follows a row, or an arm of an experiment: a treatment, several among which limits choose, a ladder, or the rows as they stand."""
    if what.ladder is not None:
        return said("ladder", lang, name=named_in(strategy.ladders, what.ladder, lang))
    if not what.treatments:
        return said("champion", lang)
    names = [named_in(strategy.treatments, name, lang) for name in what.treatments]
    if len(names) == 1:
        return names[0]
    return f"{said('limits_choose', lang)}{'：' if lang == 'zh' else ' '}{_listed(names, lang)}"


def marks_of(row: Row, lang: str) -> list[str]:
    """What is marked on a row: restraint, and that no experiment changes it."""
    return [said(mark, lang) for mark in ("restraint", "fixed") if getattr(row, mark)]


def treatment_in_words(treatment: Treatment, lang: str) -> str:
    """Who does it, by which channel, when, in which tone, what it costs and takes; without the wording that goes out."""
    return _comma(lang).join(treatment_lines(treatment, lang))


def treatment_lines(treatment: Treatment, lang: str) -> list[str]:
    """The same, one line for each fact."""
    return [f"{said(key, lang)}{_colon(lang)}{value}" for key, value in treatment_facts(treatment, lang)]


def treatment_facts(treatment: Treatment, lang: str) -> list[tuple[str, str]]:
    """(word of `PARTS`, value in words) of all that is said of a treatment and is not empty; owner and channel always."""
    facts = [("owner", value_in_words("owner", treatment.owner, lang)), ("channel", value_in_words("channel", treatment.channel or "none", lang))]
    if treatment.hours is not None:
        facts.append(("hours", "–".join(clock(minute) for minute in treatment.hours)))
    if treatment.tone is not None:
        facts.append(("tone", value_in_words("tone", treatment.tone, lang)))
    if treatment.skill is not None:
        facts.append(("skill", treatment.skill))
    if treatment.cost_minor:
        facts.append(("cost", in_major_units(treatment.cost_minor)))
    if treatment.minutes:
        facts.append(("minutes", f"{treatment.minutes:,}"))
    if treatment.cool_off_days:
        facts.append(("cool_off", f"{treatment.cool_off_days:,}"))
    return facts


def ladder_in_words(ladder: Ladder, strategy: Strategy, lang: str) -> str:
    """The steps in order: which days past due, which treatment."""
    return ("；" if lang == "zh" else "; ").join(f"{days}{_colon(lang)}{name}" for days, name in ladder_steps(ladder, strategy, lang))


def ladder_steps(ladder: Ladder, strategy: Strategy, lang: str) -> list[tuple[str, str]]:
    """One pair per step: its days past due in words, and the treatment's name in words."""
    starts = [day for day, _ in ladder.steps]
    steps = []
    for (day, name), after in zip(ladder.steps, [*starts[1:], None], strict=True):
        days = said("from_day", lang, day=day) if after is None else said("day", lang, day=day) if after - day == 1 else said("days", lang, day=day, last=after - 1)
        steps.append((days, named_in(strategy.treatments, name, lang)))
    return steps


def offer_in_words(offer: Offer, lang: str) -> str:
    """What may be offered at most; nothing where all is 0."""
    zh = lang == "zh"
    clauses = []
    if offer.instalments_most:
        clauses.append(f"最多分 {offer.instalments_most:,} 期" if zh else f"up to {offer.instalments_most:,} instalments")
    if offer.shift_days_most:
        clauses.append(f"最多延期 {offer.shift_days_most:,} 天" if zh else f"dates shifted by up to {offer.shift_days_most:,} days")
    if offer.waive_penalty_ppm:
        clauses.append(f"最多减免罚息 {per_cent(offer.waive_penalty_ppm)}" if zh else f"up to {per_cent(offer.waive_penalty_ppm)} of penalty waived")
    if offer.waive_interest_ppm:
        clauses.append(f"最多减免利息 {per_cent(offer.waive_interest_ppm)}" if zh else f"up to {per_cent(offer.waive_interest_ppm)} of interest waived")
    return _comma(lang).join(clauses) or ("不提供" if zh else "nothing")


def experiment_in_words(experiment: Experiment, lang: str, strategy: Strategy) -> str:
    """When, among whom, looking at what, and each arm with its share and what it gets."""
    clauses = [dates_in_words(experiment, lang), conditions_in_words(experiment.when, lang, strategy), value_in_words("outcome", experiment.outcome, lang)]
    clauses += [f"{arm.name} {per_cent(arm.share_ppm)}{_colon(lang)}{follows_in_words(arm, strategy, lang)}" for arm in experiment.arms]
    return ("；" if lang == "zh" else "; ").join(clauses)


def dates_in_words(experiment: Experiment, lang: str) -> str:
    """The nights of an experiment: from the first until before the last."""
    return f"{experiment.from_on} 起，{experiment.until_on} 前止" if lang == "zh" else f"from {experiment.from_on} until before {experiment.until_on}"


def limit_in_words(limit: Limit, lang: str, strategy: Strategy | None = None) -> str:
    """What is counted, of which treatments, of which people, and the bounds."""
    return f"{counted_in_words(limit, lang, strategy)}{_colon(lang)}{bounds_in_words(limit, lang)}"


def counted_in_words(limit: Limit, lang: str, strategy: Strategy | None = None) -> str:
    """What a limit counts, and of what."""
    clauses = [value_in_words("counts", limit.counts, lang)]
    clauses += [conditions_in_words(part, lang, strategy) for part in (limit.of, limit.when) if part]
    if limit.by is not None:
        clauses.append(f"每种{FIELDS[limit.by].zh}分别计" if lang == "zh" else f"for each {FIELDS[limit.by].en} by itself")
    return _comma(lang).join(clauses)


def bounds_in_words(limit: Limit, lang: str) -> str:
    """At most and at least what, in the unit of what is counted; a share is one of the people."""
    zh, written = lang == "zh", in_major_units if limit.counts == "cost" else "{:,}".format
    clauses = []
    if limit.least is not None:
        clauses.append(f"至少 {written(limit.least)}" if zh else f"at least {written(limit.least)}")
    if limit.least_ppm is not None:
        clauses.append(f"至少占可如此处置者的 {per_cent(limit.least_ppm)}" if zh else f"at least {per_cent(limit.least_ppm)} of the people who may be treated so")
    if limit.most is not None:
        clauses.append(f"至多 {written(limit.most)}" if zh else f"at most {written(limit.most)}")
    if limit.most_ppm is not None:
        clauses.append(f"至多占人数的 {per_cent(limit.most_ppm)}" if zh else f"at most {per_cent(limit.most_ppm)} of the people")
    if limit.most_from == "roster":
        clauses.append("不超过人员名册中能做此事者的工时" if zh else "at most the minutes of those on the roster who can do it")
    elif limit.most_from == "capacity":
        clauses.append("不超过产能表中次日可用的次数" if zh else "at most the attempts of tomorrow in the capacity table")
    elif limit.most_from is not None:
        clauses.append(f"不超过 {limit.most_from}" if zh else f"at most {limit.most_from}")
    return _comma(lang).join(clauses) or said("any", lang)


def giving_in_words(giving: Giving, lang: str) -> list[str]:
    """One sentence for each rule of giving."""
    if lang == "zh":
        return [f"{giving.idle_days:,} 天没有动作的案件收回重分。", f"收回的案件 {giving.not_back_days:,} 天内不再给同一人。",
                f"同一人继续跟进，记作 {in_major_units(giving.continuity_minor)}。", f"在均衡之上每多一件，记作 {in_major_units(giving.uneven_minor)}。"]
    return [f"A case on which nothing happens for {giving.idle_days:,} days comes back.", f"It does not return to the same person for {giving.not_back_days:,} days.",
            f"Staying with the same person is worth {in_major_units(giving.continuity_minor)}.", f"One case more than an even share costs {in_major_units(giving.uneven_minor)}."]


def value_in_words(field: str, value: object, lang: str) -> str:
    """What a value of a field is called; one without a name is called by itself."""
    pair = VALUES.get(f"{field}.{value}")
    return str(value) if pair is None else pair[LANGUAGES.index(lang)]


def named_in(entries: Sequence, name: str, lang: str) -> str:
    """The name in words of one of these treatments, ladders or groups; its own name where it is none of them."""
    return next((getattr(entry, lang) for entry in entries if entry.name == name), name)


def per_cent(ppm: int) -> str:
    """Parts per million in per cent, exact, with no more decimals than needed.

    >>> per_cent(850_000), per_cent(125_000), per_cent(1), per_cent(0)
    ('85%', '12.5%', '0.0001%', '0%')
    """
    return f"{(Decimal(ppm) / 10_000).normalize():f}%"


def clock(minute: int) -> str:
    """A minute of the day on the clock.

    >>> clock(540), clock(1440)
    ('09:00', '24:00')
    """
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _clause(field: str, cell: tuple, lang: str, strategy: Strategy | None) -> str:
    if is_range(cell):
        template = NUMBERS.get(field, (f"{field} {{}}",) * 2)[LANGUAGES.index(lang)]
        return _spaced(template, _range(field, cell, lang))
    if field == "hold" and set(cell) == set(HOLD_KINDS):
        return value_in_words("hold", "*", lang)
    own = {"treatment": strategy.treatments, "segment": strategy.segments}.get(field) if strategy is not None else None
    names = [value_in_words(field, value, lang) if own is None else named_in(own, value, lang) for value in cell]
    listed = _listed(names, lang)
    if field == "hold" and cell == ("none",):
        return listed
    if field in PREFIXES:
        return PREFIXES[field][LANGUAGES.index(lang)].format(listed)
    is_known = field == "bucket" or all(f"{field}.{value}" in VALUES for value in cell)
    return listed if is_known else f"{field}{_colon(lang)}{listed}"


def is_range(cell: tuple) -> bool:
    """The cell is a range (low, high) of numbers, not a list of values."""
    return len(cell) == 2 and all(end is None or isinstance(end, int) for end in cell)


def _range(field: str, cell: tuple, lang: str) -> str:
    known, (low, high), zh = FIELDS.get(field), cell, lang == "zh"
    kind = "whole" if known is None else "share" if known.is_share else "amount" if known.unit == "minor units" else "whole"
    written = {"amount": in_major_units, "share": per_cent, "whole": "{:,}".format}[kind]
    if low is None and high is None:
        return said("any", lang)
    if low is None:
        less = "fewer than" if kind == "whole" else "less than"
        return f"不足 {written(high)}" if zh else f"{less} {written(high)}"
    if high is None:
        return f"{written(low)} 及以上" if zh else f"{written(low)} or more"
    if kind == "whole":
        return written(low) if high - low == 1 else f"{written(low)} 至 {written(high - 1)}" if zh else f"{written(low)} to {written(high - 1)}"
    return f"{written(low)} 至不足 {written(high)}" if zh else f"{written(low)} to below {written(high)}"


def _spaced(template: str, text: str) -> str:
    """The template with the text in it, with a space between Chinese and a figure, as elsewhere on the pages."""
    before, after = template.split("{}", 1)
    return before + (" " if before and text[0].isdigit() and before[-1] != " " else "") + text + (" " if after and text[-1].isascii() and after[0] != " " else "") + after


def _listed(names: Sequence[str], lang: str) -> str:
    """Names in a row, `or` before the last.

    >>> _listed(["M1", "M2", "M3"], "en"), _listed(["M1", "M2"], "zh"), _listed(["电话", "短信"], "zh")
    ('M1, M2 or M3', 'M1 或 M2', '电话或短信')
    """
    *others, last = names or [said("none", lang)]
    if lang == "en":
        return f"{', '.join(others)} or {last}" if others else last
    if not others:
        return last
    before = "、".join(others)
    return before + (" 或" if before[-1].isascii() else "或") + (" " if last[0].isascii() else "") + last


def _comma(lang: str) -> str:
    return "，" if lang == "zh" else ", "


def _colon(lang: str) -> str:
    return "：" if lang == "zh" else ": "
