"""What the commands of the strategy print, in Chinese or English."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from arrears import strategy_register
from arrears.pages.amounts import in_major_units
from arrears.refusal import Refused
from arrears.store import Book
from arrears.strategy.approvals import APPROVE, Entry, Period
from arrears.strategy_register import Submitted
from arrears.strict_yaml import BadYaml

_CHANGES_SHOWN = 20
_MOVES_SHOWN = 15


def finding_lines(findings: Sequence, lang: str, every: bool = False) -> list[str]:
    """One line a finding. The first row that fits decides, so rows that overlap are counted alone unless every one is asked for."""
    shown = [one for one in findings if every or one.kind != "overlap"]
    overlaps, zh = len(findings) - len(shown), lang == "zh"
    tables = {"rows": "行", "segments": "客群", "offers": "方案"}
    lines = [f"{'错误' if one.is_fault else '提示'}（{tables.get(one.table, one.table)}）：{one.zh}" if zh else f"{'fault' if one.is_fault else 'remark'} ({one.table}): {one.en}"
             for one in shown]
    if overlaps:
        lines.append(f"{overlaps} 行与更靠前、结果不同的行有重叠；以在前者为准，--all 逐一列出" if zh else
                     f"{overlaps} rows overlap with earlier ones that lead elsewhere; the first that fits decides, --all lists them")
    return lines


def sound_line(strategy, lang: str) -> str:
    """That a night can run on it."""
    told = (len(strategy.rows), len(strategy.treatments), len(strategy.experiments), strategy.digest[:12])
    if lang == "zh":
        return "策略 {} 版本 {} 可用：{} 行、{} 种处置、{} 个实验（SHA-256 {}…）".format(strategy.id, strategy.version, *told)
    counted = ", ".join(f"{count} {word if count == 1 else word + 's'}" for count, word in zip(told[:3], ("row", "treatment", "experiment"), strict=True))
    return f"strategy {strategy.id} version {strategy.version} is sound: {counted} (SHA-256 {told[3]}…)"


def version_lines(kept: Submitted, lang: str) -> list[str]:
    """Who submitted the version, when and why."""
    if lang == "zh":
        return [f"版本 {kept.version}：{kept.by} 于 {kept.at} 提交（{kept.why}）", f"SHA-256 {kept.digest}", ""]
    return [f"Version {kept.version}, submitted by {kept.by} at {kept.at}: {kept.why}", f"SHA-256 {kept.digest}", ""]


def in_force_line(day: date, number: int | None, entry: Entry | None, lang: str) -> str:
    """Which version holds on the night of the day, and by whom."""
    if entry is None:
        return f"{day}：有效的是默认策略（尚未批准任何版本）" if lang == "zh" else f"{day}: the shipped default is in force; no version was approved for that night"
    what = _what(number, lang)
    return f"{day}：有效的是{what}（{_entered(entry, lang)}）" if lang == "zh" else f"{day}: {what} is in force ({_entered(entry, lang)})"


def submitted_lines(book: Book, number: int, from_on: date, lang: str) -> list[str]:
    """The new version's number, what differs from what is in force on from_on, and how it may come into force."""
    zh = lang == "zh"
    head = f"版本 {number} 已提交；它尚未生效。" if zh else f"Version {number} is submitted; nothing is in force by it yet."
    how = (f"由他人批准：arrears strategy approve {number} --book {book.root} --by 姓名 --from {from_on} --why 原因" if zh else
           f"Somebody else approves it: arrears strategy approve {number} --book {book.root} --by NAME --from {from_on} --why WHY")
    return [head, *_changes(book, from_on, strategy_register.read_version(book, number).text, lang), how]


def entered_lines(book: Book, entry: Entry, lang: str) -> list[str]:
    """What holds from which night on, until when, and what that changes against the night before."""
    zh, what = lang == "zh", _what(entry.version, lang)
    following = next((period for period in strategy_register.history(book) if period.from_on > entry.from_on), None)
    until = "" if following is None else f"，至 {_day_before(following)}（其后为{_what(following.entry.version, lang)}）" if zh else \
        f", until {_day_before(following)} (then {_what(following.entry.version, lang)})"
    head = f"{_spaced(what)}自 {entry.from_on} 的夜批起有效{until}（{_entered(entry, lang)}）" if zh else f"{what[0].upper()}{what[1:]} is in force from the night of {entry.from_on} on{until} ({_entered(entry, lang)})"
    text = strategy_register.in_force(book, entry.from_on)[0]
    return [head, *(_changes(book, entry.from_on - timedelta(days=1), text, lang) if entry.from_on > date.min else [])]


def _day_before(period: Period) -> date:
    return period.from_on - timedelta(days=1)


def _changes(book: Book, day: date, text: str, lang: str) -> list[str]:
    """What the text says otherwise than the strategy of that night; that it cannot be said where that one is damaged."""
    from arrears.pages.strategy_changes import changes_in_words
    from arrears.strategy.reading import strategy_from

    zh = lang == "zh"
    try:
        before, number, _ = strategy_register.in_force(book, day)
        lines = changes_in_words(strategy_from(before), strategy_from(text), lang)
    except (Refused, BadYaml) as problem:
        return [f"  无法与 {day} 有效的策略比较：{getattr(problem, 'zh', problem)}" if zh else f"  cannot be compared with what is in force on {day}: {problem}"]
    against = _what(number, lang)
    if not lines:
        return [f"  与 {day} 有效的{_spaced(against)}内容相同" if zh else f"  it says the same as {against}, in force on {day}"]
    return [f"与 {day} 有效的{_spaced(against)}相比：" if zh else f"Against {against}, in force on {day}:", *_first(lines, zh)]


def _first(lines: list[str], zh: bool) -> list[str]:
    """The first so many changes, and how many more there are."""
    more = len(lines) - _CHANGES_SHOWN
    shown = [f"  {line}" for line in lines[:_CHANGES_SHOWN]]
    return shown if more <= 0 else [*shown, f"  另有 {more} 处不同" if zh else f"  and {more} more"]


def taken_lines(before: str, after: str, into: Path, out: Path, lang: str) -> list[str]:
    """The file that was written, and what the sheet changed."""
    from arrears.pages.strategy_changes import changes_in_words
    from arrears.strategy.reading import strategy_from

    zh = lang == "zh"
    lines = changes_in_words(strategy_from(before), strategy_from(after), lang)
    if not lines:
        return [f"{out}：与 {into} 内容相同" if zh else f"{out}: it says the same as {into}"]
    return [f"{out}，与 {into} 相比：" if zh else f"{out}, against {into}:", *_first(lines, zh)]


def listed_lines(book: Book, today: date, lang: str) -> list[str]:
    """Every version with who submitted it; then which holds from when to when, the one of today marked; then what was entered but is not to hold."""
    zh, numbers, periods = lang == "zh", strategy_register.versions_of(book), strategy_register.history(book)
    lines = [] if numbers else [f"{book.strategies}：还没有提交过策略；用 arrears strategy submit 提交" if zh else f"{book.strategies}: no strategy was submitted yet; submit one with arrears strategy submit"]
    for number in numbers:
        try:
            kept = strategy_register.read_version(book, number)
        except Refused as problem:
            lines.append(f"{_what(number, lang)}  {problem.zh if zh else problem.en}")
            continue
        lines.append(f"版本 {number}  {kept.by} 于 {kept.at} 提交：{kept.why}  {kept.digest[:12]}" if zh else f"version {number}  submitted by {kept.by} at {kept.at}: {kept.why}  {kept.digest[:12]}")
    mark = "  ← 今夜" if zh else "  <- tonight"
    first = periods[0].from_on if periods else None
    before = "始终" if zh else "always"
    if first is not None:
        before = f"{first} 之前" if zh else f"before {first}"
    lines.append(f"{before}  {_what(None, lang)}{mark if first is None or today < first else ''}")
    for period in periods:
        is_now = period.from_on <= today and (period.until_on is None or today < period.until_on)
        span = (f"{period.from_on} 起" if zh else f"from {period.from_on} on") if period.until_on is None else f"{period.from_on} – {_last_day(period)}"
        lines.append(f"{span}  {_what(period.entry.version, lang)}  {_entered(period.entry, lang)}{mark if is_now else ''}")
    held = {id(period.entry) for period in periods}
    standing = [period.entry for period in periods]
    for entry in strategy_register.entries_of(book):
        if id(entry) not in held and entry not in standing:
            lines.append(f"（已被后来的记录取代）{entry.from_on}  {_what(entry.version, lang)}  {_entered(entry, lang)}" if zh else
                         f"(replaced by a later entry) from {entry.from_on}  {_what(entry.version, lang)}  {_entered(entry, lang)}")
    return lines


def _last_day(period: Period) -> date:
    return period.until_on - timedelta(days=1)


def _what(number: int | None, lang: str) -> str:
    if number is None:
        return "默认策略" if lang == "zh" else "the shipped default"
    return f"版本 {number}" if lang == "zh" else f"version {number}"


def _spaced(words: str) -> str:
    """With a space behind a figure, as Chinese beside figures is set here."""
    return f"{words} " if words[-1].isascii() else words


def _entered(entry: Entry, lang: str) -> str:
    if lang == "zh":
        return f"{entry.by} 于 {entry.at} {'批准' if entry.action == APPROVE else '撤回前一版本'}：{entry.why}"
    return f"{'approved' if entry.action == APPROVE else 'rolled back'} by {entry.by} at {entry.at}: {entry.why}"


def drawn_line(out: Path, counts: dict | None, as_of: str | None, lang: str) -> str:
    """Where the picture is, and whether it has counts."""
    if counts is not None:
        return f"{out}（附 {as_of} 夜批的数量）" if lang == "zh" else f"{out}, with the counts of the night of {as_of}"
    if as_of is not None:
        return f"{out}（{as_of} 的夜批尚未完成，不附数量）" if lang == "zh" else f"{out}, without counts: the night of {as_of} is not finished"
    return str(out)


def difference_lines(found, path: Path | None, lang: str) -> list[str]:
    """What another strategy would do to the book: how many loans change, contacts, minutes, cost and complaints on both sides, people by treatment moved."""
    from arrears.nightly.strategy_diff import sums

    zh = lang == "zh"
    before, after = sums(found.before), sums(found.after)
    lines = [f"{found.as_of}：{found.late_loans:,} 笔逾期贷款中 {len(found.loans):,} 笔的处置、所属行或方案不同" if zh else
             f"{found.as_of}: of {found.late_loans:,} late loans {len(found.loans):,} have another treatment, row or offer"]
    words = {"contacts": ("触达次数", "contacts"), "minutes": ("人工分钟", "minutes of people"), "cost_minor": ("费用", "cost")}
    for key, (in_zh, in_en) in words.items():
        written = in_major_units if key == "cost_minor" else "{:,}".format
        lines.append(f"  {in_zh if zh else in_en}  {written(before[key])} → {written(after[key])}")
    complaints = [f"{one['complaints_millionths'] / 1e6:,.2f}" for one in (before, after)]
    lines.append(f"  {'预计投诉' if zh else 'complaints to be expected'}  {complaints[0]} → {complaints[1]}")
    lines += _expected_lines(before["expected"], after["expected"], zh)
    waiting = [int((side.choice.entries["chosen_by"] == "waits").sum()) for side in (found.before, found.after)]
    lines.append(f"  {'因限额等候' if zh else 'waiting for a limit'}  {waiting[0]:,} → {waiting[1]:,}")
    lines += [f"  {'最低服务未能满足' if zh else 'a least service cannot be met'}: {why[1 if zh else 0]}" for why in found.after.choice.yielded]
    names = {one.name: one.zh if zh else one.en for side in (found.before, found.after) for one in side.strategy.treatments}
    nothing = "无（闸门拒绝）" if zh else "nothing (refused by the gate)"
    moved = [row for row in found.moved.iter_rows(named=True) if row["before"] != row["after"]]
    for row in moved[:_MOVES_SHOWN]:
        then, now = (nothing if row[side] is None else names.get(row[side], row[side]) for side in ("before", "after"))
        asked = f"{in_major_units(row['claimable_minor'])} {row['currency']}"
        lines.append(f"  {then} → {now}：{row['people']:,} 人，可主张 {asked}" if zh else f"  {then} → {now}: {row['people']:,} people, of whom {asked} may be asked")
    if len(moved) > _MOVES_SHOWN:
        lines.append(f"  另有 {len(moved) - _MOVES_SHOWN} 种变动" if zh else f"  and {len(moved) - _MOVES_SHOWN} more kinds of moves")
    return lines if path is None else [*lines, str(path)]


def _expected_lines(before: dict, after: dict, zh: bool) -> list[str]:
    """By currency what the treatments are expected to bring within 30 days, on both sides."""
    nothing = {"brought": 0}
    pairs = [(currency, before.get(currency, nothing)["brought"], after.get(currency, nothing)["brought"]) for currency in sorted({*before, *after})]
    return [f"  {'预计处置带来' if zh else 'expected from the treatments within 30 days'}  {in_major_units(then)} → {in_major_units(now)} {currency}" for currency, then, now in pairs]


def plan_lines(rate: float, effect: float, power: float, alpha: float, shares: Sequence[float], people_a_day: float | None, lang: str) -> list[str]:
    """Of each arm after the first how many people the two need: for looking every day, and for one look at the end; and how long that takes."""
    from arrears.learning.sample_size import days_needed, people_always_valid, people_for_one_look

    zh, level = lang == "zh", alpha / (len(shares) - 1)
    lines = [f"第一组预期 {rate:.2%}，要发现 {effect * 100:+g} 个百分点，功效 {power:.0%}，显著性水平 {alpha:.2%}" + (f"（{len(shares) - 1} 个比较，各 {level:.3%}）" if len(shares) > 2 else "") if zh else
             f"First arm expected at {rate:.2%}; to find {effect * 100:+g} points with power {power:.0%} at a level of {alpha:.2%}" + (f" ({len(shares) - 1} comparisons, {level:.3%} each)" if len(shares) > 2 else "")]
    for number, share in enumerate(shares[1:], start=2):
        both = share / (shares[0] + share)
        daily, once = people_always_valid(rate, effect, both, level, power), people_for_one_look(rate, effect, both, level, power)
        lines.append(f"第 {number} 组（{share:.2%}）与第一组（{shares[0]:.2%}）：" if zh else f"Arm {number} ({share:.2%}) against the first ({shares[0]:.2%}):")
        for people, in_zh, in_en in ((daily, "每天查看结果", "looked at every day"), (once, "只在最后看一次", "one look at the end")):
            takes = ""
            if people_a_day is not None:
                days = days_needed(people, people_a_day, (shares[0], share))
                takes = f"；每天 {people_a_day:g} 人，约需 {days:,} 天（含 30 天观察）" if zh else f"; {days:,} days at {people_a_day:g} people a day, the 30 days of the last one included"
            lines.append(f"  {in_zh}：共 {people.both:,} 人（第一组 {people.first:,}，该组 {people.second:,}）{takes}" if zh else
                         f"  {in_en}: {people.both:,} people ({people.first:,} in the first, {people.second:,} in this one){takes}")
    return lines
