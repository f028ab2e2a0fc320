"""A small strategy with something of everything, written by hand, and texts that try to break what shows it."""

from datetime import date

from arrears.strategy.strategy import (
    Arm,
    Expected,
    Experiment,
    Giving,
    Ladder,
    Limit,
    Offer,
    Row,
    Segment,
    Strategy,
    Treatment,
)

HOSTILE = '<script>alert(1)</script>&"\'\x00\ud800'

SMALL = Strategy(
    id="small", version="3",
    segments=(Segment("firms", (("kind", ("sole_trader", "enterprise")),), "经营户与企业", "traders and firms"), Segment("people", (), "个人", "people")),
    treatments=(
        Treatment("visit", "上门", "a visit", "visitor", "visit", (540, 1200), "plain", None, 25_000, 90, 14),
        Treatment("call", "电话", "a call", "collector", "call", (540, 1200), "firm", None, 550, 6, 2, "senior"),
        Treatment("remind_sms", "短信", "a message", "bot", "sms", (540, 1260), "friendly", "【{lender}】您好，贷款已逾期，应还{amount}元。", 4, 0, 3),
        Treatment("agency", "委外", "an agency", "agency"), Treatment("suit", "法务", "legal review", "legal", minutes=20),
        Treatment("leave_alone", "不打扰", "leave alone", "nobody"),
    ),
    ladders=(Ladder("weekly", "周付阶梯", "steps of a weekly payer", ((1, "leave_alone"), (3, "remind_sms"), (10, "call"))),),
    rows=(
        Row("held", (("hold", ("dispute", "complaint")),), ("leave_alone",), None, False, "有停催", "a hold stands", True),
        Row("by_itself", (("bucket", ("M1",)), ("self_cure", (850_000, None))), ("leave_alone",), None, True, "会自己还", "pays by itself"),
        Row("weekly", (("bucket", ("M1",)), ("frequency", ("weekly",))), (), "weekly", False, "周付", "paid by the week"),
        Row("middle", (("bucket", ("M2", "M3")), ("claimable", (None, 2_000_000)), ("segment", ("firms",))), ("visit", "call", "leave_alone"), None, False, "中期", "in the middle"),
        Row("otherwise", (), ("leave_alone",), None, False, "无适用规则", "no row fits"),
    ),
    offers=(Offer("hardship", (("hardship", ("yes",)),), 12, 60, 1_000_000, 300_000, "经核实的困难", "verified hardship"), Offer("none", (), 0, 0, 0, 0, "不提供", "nothing is offered")),
    experiments=(Experiment("call_or_sms", "电话或短信", "a call or a message", date(2026, 12, 1), date(2027, 3, 1), (("bucket", ("M1",)),),
                            (Arm("champion", 800_000, (), None), Arm("challenger", 195_000, ("call",), None), Arm("steps", 5_000, (), "weekly")), "paid_30"),),
    limits=(
        Limit("minutes", "工时", "minutes of callers", "minutes", (("owner", ("collector",)),), (), most_from="roster"),
        Limit("messages", "短信数", "messages", "contacts", (("channel", ("sms",)),), (), most_from="capacity"),
        Limit("spend", "花费", "spend", "cost", (), (), most=5_000_000),
        Limit("even", "均衡", "evenness", "people", (("treatment", ("call",)),), (("bucket", ("M2",)),), by="kind", most_ppm=600_000, least_ppm=50_000),
        Limit("service", "最低服务", "least service", "people", (("owner", ("collector", "visitor")),), (), least=20, most=400),
    ),
    expected=Expected({"M1": 300_000, "M2": 120_000}, {"call": {"M1": 100_000, "M2": 65_000}, "visit": {"M2": 120_000}}, {"call": 200, "agency": 400}, "assumed by hand"),
    giving=Giving(), text="id: small\n",
)
COUNTS = {"rows": {"held": 812, "by_itself": 40, "weekly": 22_000, "middle": 9_000, "otherwise": 3}, "treatments": {"call": 1_234, "visit": 56}}


def long_of(rows: int) -> Strategy:
    """The same with so many rows before `otherwise`."""
    middle = tuple(Row(f"row_{number}", SMALL.rows[number % 4].when, SMALL.rows[number % 4].treatments, SMALL.rows[number % 4].ladder, False, f"理由 {number}", f"reason {number}")
                   for number in range(rows))
    return Strategy(**{**vars(SMALL), "rows": (*middle, SMALL.rows[-1])})
