"""The part of the report about the choice and the cases: what limits let through and cost, what restraint saved, who has how much, who moved and why."""

from arrears.nightly.wording import Pair, words
from arrears.pages.amounts import count, money, share
from arrears.pages.markup import CODE, NUMBER, PROSE, TEXT, Cell, empty, paragraph, say, table
from arrears.pages.wording import speak

WORDS: dict[str, Pair] = {
    "choice.title": ("选择与容量", "The choice, and what limits it"),
    "choice.how": (
        "在合法的处置之内，按预期收回减成本取最优，受各项限额约束。影子价格：该限额多一单位，预期净收回至多多多少；为 0 表示尚有余量；限额为零时没有价格。上界由价格证明：任何其他选择都不会超过它。",
        "Among lawful treatments the sum of what is expected less cost is made as large as the limits allow. A price says what one unit more of a limit would bring at most, by expectation; 0 where there is room, none where there is nothing at all. "
        "The bound is proven by the prices: no other choice is worth more."),
    "choice.counts": ("{row} 条只有一种处置，{limits} 条由限额在几种之中选定，{waiting} 条因容量用尽而等候。", "{row} entries had one treatment, for {limits} the limits chose among several, {waiting} wait since capacity is used up."),
    "choice.expected": ("{currency}：30 天内不作处置预计收回 {alone}，处置预计另带来 {brought}，成本 {cost}。{assumed}", "{currency}: {alone} expected within 30 days left alone, {brought} more by the treatments, at a cost of {cost}. {assumed}"),
    "choice.assumed": ("收回按策略中的假设估计，并非实测。", "What comes is by the strategy's assumptions, not measured."), "choice.modelled": ("自行收回按已发布模型；处置的效果按策略中的假设。", "What comes by itself is by the released model; effects are the strategy's assumptions."),
    "choice.gap": ("{currency}：选择价值 {worth}，上界 {bound}，差距至多 {gap}。", "{currency}: the choice is worth {worth}, the bound is {bound}, so at most {gap} is missed."),
    "choice.saved": ("克制：{people} 条因预计会自行还款而不打扰，至多省去 {contacts} 次合法联系、{minutes} 分钟、{cost}（未计限额）。", "Restraint: {people} entries expected to pay by themselves are left alone; at most {contacts} lawful contacts, {minutes} minutes and {cost} are saved (limits not counted)."),
    "choice.saved.none": ("克制：今晚没有人因会自行还款而不打扰。", "Restraint: nobody is left alone tonight because they are expected to pay by themselves."),
    "choice.yielded": ("最低服务未能满足，已暂不要求：{why}", "A least service cannot be met and was set aside: {why}"),
    "choice.table": ("各项限额", "The limits"), "choice.limit": ("限额", "Limit"), "choice.used": ("已用", "Used"), "choice.most": ("至多", "At most"), "choice.least": ("至少", "At least"),
    "choice.price": ("多一单位（工时：一小时）至多带来", "One more (an hour of minutes) brings at most"), "choice.unbound": ("不限", "no limit"), "choice.no_roster": ("无名册，不限", "no roster, no limit"),
    "choice.no_limits": ("策略没有限额。", "The strategy has no limits."), "choice.million": ("{n}（预计投诉，件）", "{n} (complaints expected)"),
    "experiment.table": ("{name}：各组人数（{from_on} 至 {until} 前）", "{name}: people by arm (from {from_on} until {until})"), "experiment.arm": ("组", "Arm"), "experiment.share": ("设定比例", "Planned share"),
    "cases.title": ("案件分配", "Who has the cases"),
    "cases.how": (
        "一人名下全部债务归一人。按容量、技能、连续性与负荷均衡分配；闲置的案件按规则收回（防养案）；每次变动附理由。", "One person's debts are with one holder. Given by capacity, skill, continuity and evenness; idle cases come back by rule; each move has its reason."),
    "cases.none": ("账册旁没有 roster.yaml，所以没有分配到人。写一份名册：", "There is no roster.yaml beside the book, so no case has a holder. Write one:"),
    "cases.counts": ("{held} 人的案件有人持有；今晚 {needed} 人需要专人处理，其中 {unassigned} 人无人可派；{moved} 件有变动。", "{held} people's cases have a holder; {needed} need somebody tonight, for {unassigned} of them nobody is free or able; {moved} moved."),
    "cases.why": ("按原因", "By reason"), "cases.reason": ("原因", "Reason"), "cases.moves": ("变动，前 {shown} / {total} 件", "Moves, the first {shown} of {total}"), "cases.before": ("原持有人", "Before"), "cases.now": ("现持有人", "Now"),
    "cases.load": ("各人负荷", "Workload"), "cases.who": ("持有人", "Holder"), "cases.team": ("小组", "Team"), "cases.cases": ("案件", "Cases"), "cases.most": ("上限", "At most"), "cases.minutes": ("今晚分钟", "Minutes tonight"),
    "cases.expected": ("预计 30 天收回", "Expected in 30 days"), "cases.difficulty": ("平均难度", "Mean difficulty"), "cases.new": ("新增", "New"), "cases.lost": ("移出", "Lost"),
    "cases.over": ("{n}（超出每日 {most}，排在后面的次日再做）", "{n} (more than a day's {most}; the last in the list wait for another day)"),
    "cases.spread": ("同类人员之间的差异（负荷除以各自上限）", "Spread among people with alike skills (load by what each can have)"), "cases.people_alike": ("同类人员，以其中一人为名", "Alike, named after one of them"),
    "cases.measure": ("指标", "Measure"), "cases.people": ("人数", "People"), "cases.mean": ("平均", "Mean"), "cases.variation": ("变异系数", "Coefficient of variation"),
    "cases.most_by_median": ("最多 / 中位", "Most by median"), "cases.measure.cases": ("案件数", "cases"), "cases.measure.expected_minor": ("预计收回", "money expected"),
    "cases.measure.difficulty": ("难度合计", "sum of difficulty"),
}

speak(WORDS)


def choice(summary: dict) -> str:
    """How treatments were chosen: counts, what is expected, what restraint saved, each limit with its price, experiments."""
    found = summary["choice"]
    head = paragraph(say("choice.counts", row=count(found["by_row"]), limits=count(found["by_limits"]), waiting=count(found["waiting"])), "plain")
    assumed = words("choice.assumed" if found["assumed"] else "choice.modelled")
    for currency, sums in sorted(found["expected"].items()):
        amounts = {name: money(sums[name], currency) for name in ("alone", "brought", "cost")}
        head += paragraph(say("choice.expected", currency=currency, assumed=assumed, **amounts), "plain")
    for part in found["parts"]:
        gap = part["bound_minor"] - part["worth_minor"]
        head += paragraph(say("choice.gap", currency=part["currency"], worth=money(part["worth_minor"], part["currency"]), bound=money(part["bound_minor"], part["currency"]),
                              gap=money(gap, part["currency"])), "plain")
    return head + _saved(found) + "".join(paragraph(say("choice.yielded", why=(zh, en)), "warn") for en, zh in found["yielded"]) + _limits(found) + _experiments(summary)


def _saved(found: dict) -> str:
    saved = found["saved"]
    if not saved["people"]:
        return paragraph(say("choice.saved.none"), "plain")
    currency = next(iter(sorted(saved["claimable_minor"])))
    return paragraph(say("choice.saved", people=count(saved["people"]), contacts=count(saved["contacts"]), minutes=count(saved["minutes"]), cost=money(saved["cost_minor"], currency)), "plain")


def _limits(found: dict) -> str:
    if not found["limits"]:
        return empty("choice.no_limits")
    columns = [(words("choice.limit"), TEXT), (words("choice.used"), NUMBER), (words("choice.most"), NUMBER), (words("choice.least"), NUMBER), (words("choice.price"), NUMBER), (words("col.rule"), CODE)]
    return table("choice-limits", words("choice.table"), columns, [_limit(row) for row in found["limits"]])


def _limit(row: dict) -> list[Cell]:
    def counted(number: int | None) -> Cell:
        if number is None:
            return "–"
        return words("choice.million", n=f"{number / 1_000_000:,.4f}") if row["counts"] == "complaints" else count(number)

    most = counted(row["most"]) if row["most"] is not None else words("choice.no_roster") if row["source"] else words("choice.unbound") if row["least"] is None else "–"
    price = row["hour_minor"] if row["hour_minor"] is not None else row["price_minor"]
    return [(row["zh"], row["en"]), counted(row["used"]), most, counted(row["least"]), "–" if row["currency"] is None or price is None else money(price, row["currency"]), row["name"]]


def _experiments(summary: dict) -> str:
    columns = [(words("experiment.arm"), CODE), (words("experiment.share"), NUMBER), (words("col.people"), NUMBER)]
    return "".join(
        table(f"experiment-{place}", words("experiment.table", name=(one["zh"], one["en"]), from_on=one["from"], until=one["until"]), columns,
              [[arm["name"], share(arm["share_ppm"], 1_000_000), count(arm["people"])] for arm in one["arms"]]) for place, one in enumerate(summary["experiments"]))


def cases(summary: dict) -> str:
    """Who has how much and how evenly, why cases are where they are, and the first moves; or that there is no roster."""
    found = summary["allocation"]
    if found is None:
        return empty("cases.none", ["docs/guides/cases.md"])
    head = paragraph(say("cases.counts", **{name: count(found[name]) for name in ("held", "needed", "unassigned", "moved")}), "plain")
    return head + _why(found) + _workload(found) + _moves(found)


def _why(found: dict) -> str:
    columns = [(words("cases.reason"), TEXT), (words("col.people"), NUMBER), (words("col.rule"), CODE)]
    return table("cases-why", words("cases.why"), columns, [[(row["zh"], row["en"]), count(row["people"]), row["why"]] for row in found["why"]])


def _workload(found: dict) -> str:
    columns = [(words("cases.who"), CODE), (words("cases.team"), TEXT), (words("cases.cases"), NUMBER), (words("cases.most"), NUMBER), (words("cases.minutes"), NUMBER),
               (words("cases.expected"), NUMBER), (words("col.claimable"), NUMBER), (words("cases.difficulty"), NUMBER), (words("cases.new"), NUMBER), (words("cases.lost"), NUMBER)]
    rows: list[list[Cell]] = [
        [row["name"], row["team"] or "–", count(row["cases"]), count(row["cases_most"]), _minutes(row), money(row["expected_minor"], found["currency"]),
         money(row["claimable_minor"], found["currency"]), "–" if row["mean_difficulty"] is None else f"{row['mean_difficulty']:.2f}", count(row["new"] + row["taken_over"]),
         count(row["moved_away"])] for row in found["workload"]]
    return table("cases-load", words("cases.load"), columns, rows) + _spread(found)


def _minutes(row: dict) -> Cell:
    """The minutes of tonight's cases, and whether that is more than somebody's day."""
    over = row["minutes_most"] is not None and row["minutes"] > row["minutes_most"]
    return words("cases.over", n=count(row["minutes"]), most=count(row["minutes_most"])) if over else count(row["minutes"])


def _spread(found: dict) -> str:
    if not found["spread"]:
        return ""
    columns = [(words("cases.people_alike"), CODE), (words("cases.people"), NUMBER), (words("cases.measure"), TEXT), (words("cases.mean"), NUMBER), (words("cases.variation"), NUMBER),
               (words("cases.most_by_median"), NUMBER)]
    rows: list[list[Cell]] = [
        [row["group"], count(row["people"]), words(f"cases.measure.{row['measure']}"), _load(row, found["currency"]), _ratio(row["cv"]), _ratio(row["most_by_median"])]
        for row in found["spread"]]
    return table("cases-spread", words("cases.spread"), columns, rows)


def _load(row: dict, currency: str) -> str:
    """The mean load by what each can have: a share of the cases, money or difficulty a case."""
    return money(round(row["mean"]), currency) if row["measure"] == "expected_minor" else _ratio(row["mean"])


def _ratio(number: float | None) -> str:
    return "–" if number is None else f"{number:.2f}"


def _moves(found: dict) -> str:
    if not found["moves"]:
        return ""
    columns = [(words("col.borrower"), CODE), (words("cases.before"), CODE), (words("cases.now"), CODE), (words("col.reason"), PROSE)]
    rows: list[list[Cell]] = [[row["borrower_id"], row["before"] or "–", row["held_by"] or "–", (row["why_zh"], row["why_en"])] for row in found["moves"]]
    return table("cases-moves", words("cases.moves", shown=count(len(rows)), total=count(found["moved"])), columns, rows)
