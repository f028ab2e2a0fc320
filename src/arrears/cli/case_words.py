"""What the commands of the cases print, in Chinese or English."""

import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from arrears.refusal import Refused
from arrears.store import Book

if TYPE_CHECKING:
    from arrears.allocation.roster import Freeze, Roster
    from arrears.nightly.roster_told import Told
    from arrears.nightly.sharing import Sharing, Standing, Step

_MOVES_SHOWN = 30
_CASES_SHOWN = 200
_KINDS_ZH = {"team": "小组", "collector": "人员", "agency": "机构", "borrower": "借款人"}
_OWNERS_ZH = {"collector": "催收", "visitor": "外访", "legal": "法务", "agency": "机构"}
_STANDS = {"kept": ("stays where it was", "维持不变"), "new": ("newly given", "新分配"), "resumed": ("given again to who had it last", "重新交给此前的负责人")}
_MEASURES = {"cases": ("cases", "案件数"), "expected_minor": ("money expected", "预计收回"), "difficulty": ("difficulty", "难度合计")}


def of_all(standing: "Standing", team: str | None) -> dict:
    """Who has how much, the spread, counts by reason, and who has nobody; of one team, where it is named. Raises Refused for a team the roster of that night has not."""
    import polars as pl

    rows, loads, spread = standing.rows, standing.workload.rows, standing.workload.spread
    held = pl.col("held_by").is_not_null()
    if team is not None:
        if team not in standing.roster.teams:
            raise Refused(f"no team {team!r} in the roster of that night; known are {', '.join(standing.roster.teams) or 'none'}", f"当晚名册中没有小组 {team!r}；已有：{'、'.join(standing.roster.teams) or '无'}")
        own = [one.name for one in standing.roster.collectors if one.team == team]
        loads, rows, spread = loads.filter(team=team), rows.filter(pl.col("held_by").is_in(own) | pl.col("before").is_in(own)), spread.filter(pl.col("group").is_in(own))
        held = pl.col("held_by").is_in(own)
    whys = rows.group_by("why").agg(pl.len().cast(pl.Int64).alias("people")).sort("people", "why", descending=[True, False])
    unassigned = rows.filter(pl.col("needed") & pl.col("held_by").is_null())
    return {
        "as_of": standing.as_of.isoformat(), "sharing": standing.number, **_record(standing.record), "team": team, "held": rows.filter(held).height, "needed": rows.filter(pl.col("needed") & (held | pl.col("held_by").is_null())).height,
        "currency": standing.currency, "workload": loads.to_dicts(), "spread": spread.to_dicts(), "why": whys.to_dicts(),
        "unassigned": unassigned.select("borrower_id", "why", "why_zh", "why_en").to_dicts(),
    }


def of_one(standing: "Standing", who: str) -> dict:
    """One holder's cases with reasons, and what left them. Raises Refused for a name that the roster of that night does not know and nobody's case is with."""
    import polars as pl

    known = sorted({one.name for one in standing.roster.people} | set(standing.rows["held_by"].drop_nulls()))
    if who not in known:
        raise Refused(f"{who!r} is nobody of the roster of that night, and no case is with them; known are {', '.join(known) or 'none'}", f"当晚名册中没有 {who!r}，也没有案件由其负责；已有：{'、'.join(known) or '无'}")
    case = standing.cases.select("borrower_id", "bucket", "product", "claimable_minor", "expected_minor", "owner", "minutes")
    mine = standing.rows.filter(pl.col("held_by") == who).join(case, on="borrower_id", how="left", maintain_order="left")
    lost = standing.rows.filter((pl.col("before") == who) & pl.col("held_by").ne_missing(who))
    shown = ("borrower_id", "bucket", "product", "claimable_minor", "expected_minor", "owner", "minutes", "held_since", "needed", "why", "why_zh", "why_en")
    return {"as_of": standing.as_of.isoformat(), "sharing": standing.number, **_record(standing.record), "who": who, "currency": standing.currency,
            "cases": mine.select(shown).to_dicts(), "gave_up": lost.select("borrower_id", "held_by", "why", "why_zh", "why_en").to_dicts()}


def _record(record: dict) -> dict:
    return {"shared_by": record.get("by"), "shared_why": record.get("why"), "shared_at": record.get("at")}


def of_sharing(found: "Sharing") -> dict:
    """The moves, who has nobody, and everybody's load before and after."""
    shown = ("borrower_id", "before", "held_by", "why", "left_why", "why_zh", "why_en")
    return {"as_of": found.assigned.as_of.isoformat(), "team": found.team, "by_minutes": found.by_minutes, "moves": found.assigned.moves.select(shown).to_dicts(),
            "unassigned": found.unassigned.select("borrower_id", "why", "why_zh", "why_en").to_dicts(),
            "before": {"workload": found.before.rows.to_dicts(), "spread": found.before.spread.to_dicts()}, "after": {"workload": found.after.rows.to_dicts(), "spread": found.after.spread.to_dicts()}}


def all_lines(standing: "Standing", told: dict, lang: str) -> list[str]:
    """The state in a table of holders, the spread, and the reasons."""
    zh = lang == "zh"
    head = (f"{_whence(standing, lang)}：{told['held']} 件有持有人；{told['needed']} 件今晚需要专人，其中 {len(told['unassigned'])} 件无人" if zh else
            f"{_whence(standing, lang)}: {told['held']} cases have a holder; {told['needed']} need somebody tonight, {len(told['unassigned'])} of them have nobody")
    titles = ("持有人", "岗位", "小组", "案件", "上限", "今晚分钟", "预计收回", "平均难度", "新增", "移出") if zh else (
        "holder", "does", "team", "cases", "at most", "minutes", "expected", "difficulty", "new", "left")
    rows = [(one["name"], _owner(one["owner"], lang), one["team"] or "–", one["cases"], one["cases_most"], one["minutes"], _money(one["expected_minor"], told["currency"]),
             "–" if one["mean_difficulty"] is None else f"{one['mean_difficulty']:.2f}", one["new"] + one["taken_over"], one["moved_away"]) for one in told["workload"]]
    return [head, "", *_table(titles, rows, 3), *_spread(told["spread"], lang), "", "原因：" if zh else "Reasons:",
            *(f"  {one['people']:>6,}  {_reason(one['why'], lang)}" for one in told["why"]), *_without(told["unassigned"], lang)]


def one_lines(standing: "Standing", told: dict, lang: str) -> list[str]:
    """One holder's cases, one line each, and what left them."""
    zh, mine, gone = lang == "zh", told["cases"], told["gave_up"]
    lines = [f"{_whence(standing, lang)}：{told['who']} 有 {len(mine)} 件案件" if zh else f"{_whence(standing, lang)}: {told['who']} has {len(mine)} {_cases(len(mine))}"]
    left = next((one for one in standing.roster.people if one.name == told["who"] and one.term[1] is not None and one.term[1] <= standing.as_of + timedelta(days=1)), None)
    if left is not None:
        lines.append(f"  （自 {left.term[1]} 起已离职或合同到期，案件收回）" if zh else f"  (gone since {left.term[1]}: left, or the contract ended; their cases come back)")
    for one in mine[:_CASES_SHOWN]:
        what = "–" if one["bucket"] is None else f"{one['bucket']}, {one['product']}, {_money(one['claimable_minor'], told['currency'])}"
        tonight = "" if not one["needed"] else f"，今晚 {one['minutes']} 分钟" if zh else f", {one['minutes']} minutes tonight"
        lines.append(f"  {one['borrower_id']}  {what}{tonight}；自 {one['held_since']} 起；{one['why_zh']}" if zh else f"  {one['borrower_id']}  {what}{tonight}; since {one['held_since']}; {one['why_en']}")
    if len(mine) > _CASES_SHOWN:
        lines.append(f"  … 另有 {len(mine) - _CASES_SHOWN} 件（--json 列出全部）" if zh else f"  … and {len(mine) - _CASES_SHOWN} more (--json lists all)")
    if gone:
        lines += ["", f"已移出 {len(gone)} 件：" if zh else f"{len(gone)} left them:", *(f"  {one['borrower_id']}  → {one['held_by'] or '–'}; {one[f'why_{lang}']}" for one in gone[:_MOVES_SHOWN])]
    return lines


def sharing_lines(standing: "Standing | None", found: "Sharing", lang: str) -> list[str]:
    """What sharing out does: the moves with reasons, everybody's load before and after, who has nobody."""
    zh, moves, unassigned = lang == "zh", found.assigned.moves, found.unassigned
    lines = [] if standing is None else [f"现状：{_whence(standing, lang)}" if zh else f"As it stands: {_whence(standing, lang)}"]
    whose = ("" if found.team is None else f"小组 {found.team} " if zh else f" of team {found.team}") + (("按工时" if zh else " by minutes") if found.by_minutes else "")
    lines.append(f"重新分案（{whose.strip() or '全部'}）：变动 {moves.height} 件，{unassigned.height} 件需要专人而无人" if zh else
                 f"Sharing out the cases{whose or ' of everybody'}: {moves.height} {_cases(moves.height)} {'moves' if moves.height == 1 else 'move'}, {unassigned.height} that {'needs' if unassigned.height == 1 else 'need'} somebody {'has' if unassigned.height == 1 else 'have'} nobody")
    for row in moves.head(_MOVES_SHOWN).iter_rows(named=True):
        lines.append(f"  {row['borrower_id']}  {row['before'] or '–'} → {row['held_by'] or '–'}{'：' if zh else ': '}{row[f'why_{lang}']}")
    if moves.height > _MOVES_SHOWN:
        lines.append(f"  … 另有 {moves.height - _MOVES_SHOWN} 件" if zh else f"  … and {moves.height - _MOVES_SHOWN} more")
    return [*lines, *_loads(found, lang), *_without(unassigned.to_dicts(), lang)]


def _loads(found: "Sharing", lang: str) -> list[str]:
    """Everybody's cases, minutes, and mean difficulty before -> after."""
    zh = lang == "zh"
    before, after = ({row["name"]: row for row in loads.rows.iter_rows(named=True)} for loads in (found.before, found.after))
    own = {name for name in (*before, *after) if found.team is None or found.team in ((before.get(name) or {}).get("team"), (after.get(name) or {}).get("team"))}
    titles = ("持有人", "小组", "案件", "上限", "今晚分钟", "难度合计") if zh else ("holder", "team", "cases", "at most", "minutes", "difficulty")
    nothing = {"cases": 0, "minutes": 0, "difficulty": 0.0, "cases_most": 0, "team": None}
    rows = []
    for name in sorted(own):
        was, now = before.get(name, nothing), after.get(name, nothing)
        rows.append((name, (now["team"] or was["team"] or "–"), f"{was['cases']:,} → {now['cases']:,}", now["cases_most"], f"{was['minutes']:,} → {now['minutes']:,}",
                     f"{was['difficulty']:.1f} → {now['difficulty']:.1f}"))
    spreads = []
    for one in found.after.spread.iter_rows(named=True):
        if one["group"] in own and one["measure"] == "cases":
            earlier = found.before.spread.filter(group=one["group"], measure="cases")["cv"].to_list()
            was, now = _ratio(earlier[0]) if earlier else "–", _ratio(one["cv"])
            spreads.append(f"  与 {one['group']} 同类的 {one['people']} 人，案件数变异系数 {was} → {now}" if zh else f"  {one['people']} people like {one['group']}: coefficient of variation of cases {was} → {now}")
    return ["", *_table(titles, rows, 2), *spreads]


def nothing_written(later: date | None, lang: str) -> str:
    """That a preview is no more than that. later: a night that has run since, after which this can no longer be done."""
    if later is not None:
        return f"仅为预览，未写入任何文件；此后 {later} 夜批已完成，故只能在其之后分案。" if lang == "zh" else f"This is a preview; nothing was written. The night of {later} has run since, so cases can be shared out only after that one."
    return "仅为预览，未写入任何文件；arrears cases share 执行。" if lang == "zh" else "This is a preview; nothing was written. arrears cases share does it."


def written_line(path: Path, record: dict, lang: str) -> str:
    """Where it is kept, and from when it counts."""
    if lang == "zh":
        return f"已写入 {path}（{record['night']} 夜批之后第 {record['number']} 次分案，{record['by']}：{record['why']}）；已完成的夜批不变，下一次夜批从此开始。"
    return f"Written: {path} (sharing {record['number']} after the night of {record['night']}, by {record['by']}: {record['why']}); the finished night stays as it is, the next one starts from this."


def why_lines(standing: "Standing", steps: "Sequence[Step]", borrower: str, lang: str) -> list[str]:
    """Who has the case now and why, then every change before it; nights in which it merely stayed are told together."""
    zh, last = lang == "zh", steps[-1]
    current = (last.night, last.number) == (standing.as_of, standing.number)
    if current:
        holder, since = last.row["held_by"], last.row["held_since"]
        now = (f"由 {holder} 负责，自 {since} 起" if zh else f"with {holder} since {since}") if holder else "现无人负责" if zh else "nobody has the case"
        lines = [f"{borrower}：{now}。{last.row['why_zh']}" if zh else f"{borrower}: {now}. {_sentence(last.row['why_en'])}"]
    else:
        lines = [f"{borrower}：{standing.as_of} 之后没有案件，也无须记住" if zh else f"{borrower}: no case since the night of {standing.as_of}, and nothing of it need be remembered"]
    lines += ["经过：" if zh else "What happened:"]
    run: list[Step] = []
    for step in steps:
        if run and not (_stays(step) and _stays(run[-1]) and step.row["held_by"] == run[-1].row["held_by"] and step.row["why"] == run[-1].row["why"]):
            lines.append(_told(run, lang))
            run = []
        run.append(step)
    lines.append(_told(run, lang))
    if last.row["last_held_by"] is not None and last.row["returned_on"] is not None:
        lines.append(f"记录：{last.row['returned_on']} 从 {last.row['last_held_by']} 处收回或移出（{_reason(last.row['returned_why'], lang)}）" if zh else
                     f"Remembered: it left {last.row['last_held_by']} on {last.row['returned_on']} ({_reason(last.row['returned_why'], lang)})")
    return lines


def _stays(step: "Step") -> bool:
    return not step.number and step.row["held_by"] == step.row["before"]


def _told(run: "list[Step]", lang: str) -> str:
    first, last, zh = run[0], run[-1], lang == "zh"
    if len(run) > 1:
        when = f"{first.night} 至 {last.night}，{len(run)} 次夜批" if zh else f"nights of {first.night} to {last.night} ({len(run)})"
    elif first.number:
        when = f"{first.night} 夜批之后第 {first.number} 次分案（{first.by}）" if zh else f"shared out anew after the night of {first.night} (number {first.number}, by {first.by})"
    else:
        when = f"{first.night} 夜批" if zh else f"night of {first.night}"
    change = "" if last.row["before"] == last.row["held_by"] else f"{last.row['before'] or '–'} → {last.row['held_by'] or '–'}{'：' if zh else ': '}"
    return f"  {when}：{change}{last.row['why_zh']}" if zh else f"  {when}: {change}{_sentence(last.row['why_en']) if not change else last.row['why_en']}"


def frozen_lines(book: Book, entry: "Freeze", lang: str) -> list[str]:
    """What is frozen from when, and from which night on that counts."""
    zh = lang == "zh"
    done = book.night_dates()
    first = max([entry.from_on - timedelta(days=1) if entry.from_on > date.min else date.min, *(night + timedelta(days=1) for night in done[-1:] if night < date.max)])
    until = ("未定结束日" if zh else "with no end yet") if entry.until_on is None else f"至 {entry.until_on} 前" if zh else f"until {entry.until_on}"
    lines = [f"{_KINDS_ZH[entry.kind]} {entry.name} 自 {entry.from_on} 起冻结，{until}（{entry.by}：{entry.why}）；已写入 {book.root / 'roster.yaml'}" if zh else
             f"{entry.kind} {entry.name} is frozen from {entry.from_on}, {until} ({entry.by}: {entry.why}); written into {book.root / 'roster.yaml'}",
             f"自 {first} 夜批起生效（其名单次日执行）" if zh else f"It counts from the night of {first} on, whose list is worked the next day."]
    if entry.kind == "borrower" and done and not _knows(book, done[-1], entry.name):
        lines.append(f"注意：{done[-1]} 夜批中没有 {entry.name} 的案件；请核对编号" if zh else f"Note: no case of {entry.name} in the night of {done[-1]}; check the id.")
    return lines


def _knows(book: Book, night: date, borrower: str) -> bool:
    from arrears import store

    path = book.night(night) / "assigned.parquet"
    return path.is_file() and borrower in store.read_columns(path, ["borrower_id"])["borrower_id"]


def unfrozen_line(was: "Freeze", day: date, lang: str) -> str:
    """Which freeze ends, and when."""
    if lang == "zh":
        return f"{_KINDS_ZH[was.kind]} {was.name} 自 {was.from_on} 起的冻结将于 {day} 结束（{was.by}：{was.why}）；已写入 roster.yaml"
    return f"{was.kind} {was.name}: frozen from {was.from_on}, free again from {day} on ({was.by}: {was.why}); written into roster.yaml"


def roster_lines(roster: "Roster", told: "Sequence[Told]", day: date, lang: str) -> list[str]:
    """Everybody in a sentence, what is frozen, who must not have whom, and the findings, faults first."""
    from arrears.allocation.roster import holds_on

    zh = lang == "zh"
    lines = [f"名册（{day} 的工作）：{len(roster.collectors)} 人，{len(roster.agencies)} 家机构，{len(roster.teams)} 个小组" if zh else
             f"The roster for the work of {day}: {len(roster.collectors)} people, {len(roster.agencies)} {'agency' if len(roster.agencies) == 1 else 'agencies'}, {len(roster.teams)} {'team' if len(roster.teams) == 1 else 'teams'}"]
    for one in roster.people:
        lines.append("  " + _person(one, lang))
    for one in roster.frozen:
        if one.until_on is None or day < one.until_on:
            until = ("" if one.until_on is None else f"，至 {one.until_on} 前") if zh else ("" if one.until_on is None else f" until {one.until_on}")
            stands = ("冻结中" if holds_on((one.from_on, one.until_on), day) else "将冻结") if zh else ("frozen" if holds_on((one.from_on, one.until_on), day) else "will be frozen")
            lines.append(f"  {stands}：{_KINDS_ZH[one.kind]} {one.name}，自 {one.from_on} 起{until}（{one.by}：{one.why}）" if zh else f"  {stands}: {one.kind} {one.name} from {one.from_on}{until} ({one.by}: {one.why})")
    if roster.conflicts:
        lines.append(f"  利益冲突回避 {len(roster.conflicts)} 条" if zh else f"  {len(roster.conflicts)} {'conflict' if len(roster.conflicts) == 1 else 'conflicts'} of interest")
    faults = [one for one in told if one.is_fault]
    lines += ["", (f"问题 {len(faults)} 项" if zh else f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}") if faults else "未发现问题" if zh else "No fault was found"]
    return [*lines, *(f"  ✗ {one.zh if zh else one.en}" for one in faults), *(f"  · {one.zh if zh else one.en}" for one in told if not one.is_fault)]


def _person(one, lang: str) -> str:
    """One person or agency: what they do, what they may have, how much, from when to when."""
    zh = lang == "zh"

    def listed(words: tuple[str, ...] | None) -> str:
        return ("不限" if zh else "any") if words is None else ("、" if zh else ", ").join(words) or ("无" if zh else "none")

    begins, ends = one.term
    term = f"{begins} – {'' if ends is None else ends - timedelta(days=1)}".rstrip()
    amount = ("不限" if zh else "any") if one.amount_most_minor is None else f"{one.amount_most_minor:,}"
    does = (f"阶段 {listed(one.stages)}；产品 {listed(one.products)}；语言 {listed(one.languages)}；金额上限（最小单位）{amount}" if zh else
            f"stages {listed(one.stages)}; products {listed(one.products)}; languages {listed(one.languages)}; amount at most (minor units) {amount}")
    does += (f"；地区 {listed(one.regions)}" if zh else f"; regions {listed(one.regions)}") if one.owner in ("visitor", "agency") else ""
    does += (f"；技能 {listed(one.skills)}" if zh else f"; skills {listed(one.skills)}") if one.skills else ""
    if one.owner == "agency":
        share = "" if one.share_ppm is None else f"，份额 {one.share_ppm / 10_000:g}%" if zh else f", share {one.share_ppm / 10_000:g}%"
        score = "" if one.score is None else f"，评分 {one.score}" if zh else f", score {one.score}"
        return f"{one.name}：机构，{term}，至多 {one.cases_most} 件{share}{score}；{does}" if zh else f"{one.name}: agency, {term}, at most {one.cases_most} cases{share}{score}; {does}"
    return (f"{one.name}：{_owner(one.owner, lang)}，小组 {one.team}，{term}，至多 {one.cases_most} 件，每日 {one.minutes} 分钟；{does}" if zh else
            f"{one.name}: {one.owner}, team {one.team}, {term}, at most {one.cases_most} cases, {one.minutes} minutes a day; {does}")


def _whence(standing: "Standing", lang: str) -> str:
    zh = lang == "zh"
    if not standing.number:
        return f"{standing.as_of} 夜批" if zh else f"Night of {standing.as_of}"
    by, why = standing.record["by"], standing.record["why"]
    return f"{standing.as_of} 夜批之后第 {standing.number} 次分案（{by}：{why}）" if zh else f"Sharing {standing.number} after the night of {standing.as_of} (by {by}: {why})"


def _spread(spread: list[dict], lang: str) -> list[str]:
    """How unlike the loads are of people who can do the same."""
    zh, lines = lang == "zh", []
    for one in spread:
        en_measure, zh_measure = _MEASURES[one["measure"]]
        lines.append(f"  与 {one['group']} 同类的 {one['people']} 人，{zh_measure}：变异系数 {_ratio(one['cv'])}，最多 / 中位 {_ratio(one['most_by_median'])}" if zh else
                     f"  {one['people']} people like {one['group']}, {en_measure}: coefficient of variation {_ratio(one['cv'])}, most by median {_ratio(one['most_by_median'])}")
    return ["", "同类人员之间的差异：" if zh else "Spread among people with alike skills:", *lines] if lines else []


def _without(unassigned: list[dict], lang: str) -> list[str]:
    if not unassigned:
        return []
    shown = [f"  {one['borrower_id']}: {one[f'why_{lang}']}" for one in unassigned[:_MOVES_SHOWN]]
    more = len(unassigned) - len(shown)
    rest = [] if not more else [f"  … 另有 {more} 件" if lang == "zh" else f"  … and {more} more"]
    return ["", "需要专人而无人：" if lang == "zh" else "Need somebody and have nobody:", *shown, *rest]


def _reason(why: str | None, lang: str) -> str:
    """A reason in words that name nobody."""
    from arrears.nightly.allotting import label_of
    from arrears.nightly.sharing_by_minutes import BY_MINUTES

    if why in _STANDS or why == BY_MINUTES:
        return _STANDS.get(why, ("shared out by minutes", "按工时重新分配"))[lang == "zh"]
    return ("不详" if lang == "zh" else "not known") if why is None else label_of(why)[lang]


def _sentence(text: str) -> str:
    """With a capital letter, unless it begins with a name."""
    return text[:1].upper() + text[1:] if text.startswith(("stays", "newly", "given", "frozen", "nobody", "all who", "tonight")) else text


def _cases(number: int) -> str:
    return "case" if number == 1 else "cases"


def _owner(owner: str, lang: str) -> str:
    return _OWNERS_ZH.get(owner, owner) if lang == "zh" else owner


def _money(amount_minor: int | None, currency: str) -> str:
    from arrears.pages.amounts import money

    return money(amount_minor, currency)


def _ratio(number: float | None) -> str:
    return "–" if number is None else f"{number:.2f}"


def _table(titles: Sequence[str], rows: Sequence[Sequence], texts: int) -> list[str]:
    """Columns under their titles; the first `texts` to the left, numbers to the right. A Chinese sign is two columns wide."""
    cells = [list(titles), *([f"{one:,}" if isinstance(one, int) else str(one) for one in row] for row in rows)]
    wide = [max(_width(row[at]) for row in cells) for at in range(len(titles))]
    return ["  " + "  ".join(cell + " " * (wide[at] - _width(cell)) if at < texts else " " * (wide[at] - _width(cell)) + cell for at, cell in enumerate(row)).rstrip() for row in cells]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
