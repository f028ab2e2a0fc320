"""A made-up night for the report's tests: plausible figures, the same every time, in any number of currencies."""

import polars as pl

from arrears.strategy.reading import default_strategy_text, strategy_from

STATES = ("settled", "M0", "M1", "M2", "M3", "M4", "M5", "M6", "M6+")
LOANS = (52_310, 61_870, 2_914, 988, 511, 342, 260, 214, 1_127)
PRODUCTS = ("quick", "instalment_12", "merchant")
ORDER = {"order_zh": "先看可主张金额大、逾期天数少的人", "order_en": "largest claimable amount and fewest days past due first"}


def buckets(currency: str = "CNY") -> pl.DataFrame:
    rows = []
    for place, (state, loans) in enumerate(zip(STATES, LOANS, strict=True)):
        for part, product in enumerate(PRODUCTS):
            number = loans // (part + 2)
            principal = 0 if state == "settled" else number * 412_345
            due = number * 61_237 * max(0, place - 1)
            excess = due // 37 if place > 4 else 0
            rows.append((currency, product, state, number, principal, due, due - excess, excess))
    return pl.DataFrame(rows, orient="row", schema=["currency", "product", "state", "loans", "outstanding_principal_minor",
                                                    "due_total_minor", "claimable_minor", "excess_minor"])


def classes(currency: str = "CNY") -> pl.DataFrame:
    rows = [("正常", 61_870), ("关注", 4_102), ("次级", 1_002), ("可疑", 610), ("损失", 544)]
    return pl.DataFrame([(currency, name, loans, loans * 398_211) for name, loans in rows], orient="row",
                        schema=["currency", "asset_class", "loans", "outstanding_principal_minor"])


def movements(from_as_of: str, currency: str = "CNY") -> pl.DataFrame:
    rows = []
    for start, loans in zip(STATES[1:], LOANS[1:], strict=True):
        place = STATES.index(start)
        for end, percent in ((STATES[max(0, place - 1)], 6), (start, 71), (STATES[min(8, place + 1)], 14), ("settled", 3), ("M0", 6)):
            rows.append((from_as_of, "2026-11-22", currency, start, end, loans * percent // 100, loans * 4_000, loans * 3_900))
    rows += [(from_as_of, "2026-11-22", currency, "new", end, number, None, number * 500_000)
             for end, number in (("M0", 804), ("M1", 3))]
    columns = ["from_as_of", "to_as_of", "currency", "from_state", "to_state", "loans", "then_principal_minor", "now_principal_minor"]
    frame = pl.DataFrame(rows, orient="row", schema=columns)
    return frame.group_by(columns[:5], maintain_order=True).agg(pl.col(columns[5:]).sum())


def rolls(from_as_of: str, currency: str = "CNY") -> pl.DataFrame:
    rows = []
    for place, (bucket, loans) in enumerate(zip(STATES[1:], LOANS[1:], strict=True)):
        worsened, improved = loans * (3 + 8 * place) // 100, loans * (place > 1) * 5 // 100
        cured = loans * (30 - 3 * place) // 100 * (place > 0)
        held = loans - worsened - improved - cured
        principal = loans * 400_000
        rows.append((from_as_of, "2026-11-22", currency, bucket, loans, worsened, held, improved, cured, principal, worsened * 410_000,
                     worsened / loans, held / loans, improved / loans, cured / loans, worsened * 410_000 / principal))
    return pl.DataFrame(rows, orient="row", schema=[
        "from_as_of", "to_as_of", "currency", "from_bucket", "loans", "worsened_loans", "held_loans", "improved_loans", "cured_loans",
        "principal_minor", "worsened_principal_minor", "worsened_rate", "held_rate", "improved_rate", "cured_rate", "flow_rate"])


def months(number: int, last: int = 2026 * 12 + 10) -> list[str]:
    """The latest months up to November 2026, as 2026-11; `last` counts months from January of year 0."""
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(last - number + 1, last + 1)]


def first_payment_default(currency: str = "CNY") -> pl.DataFrame:
    rows = []
    for place, month in enumerate(months(14)[:-1]):
        for part, product in enumerate(PRODUCTS):
            for days, base in ((1, 61), (7, 33), (30, 17)):
                matured = 900 + 37 * place + 111 * part
                late = matured * (base + (place * 7 + part * 5) % 11) // 1000
                rows.append((currency, product, month, days, matured, late, late / matured))
    return pl.DataFrame(rows, orient="row", schema=["currency", "product", "disbursed_month", "over_days",
                                                    "matured_loans", "late_loans", "rate"])


def vintage(nights: int, cohorts: int, currency: str = "CNY") -> pl.DataFrame:
    rows = []
    made = months(cohorts)
    for back in range(nights):
        for place, month in enumerate(made):
            age = cohorts - 1 - place - back
            if age < 0:
                continue
            disbursed = 500_000_000 + place * 21_000_000
            late = [max(0, int(disbursed * (age - wait) * (0.004 + 0.0002 * place))) for wait in (1, 2, 3)]
            rows.append((f"{months(nights)[nights - 1 - back]}-22", currency, month, age, 1200 + place, disbursed, *late,
                         *(part / disbursed for part in late)))
    return pl.DataFrame(rows, orient="row", schema=[
        "as_of", "currency", "disbursed_month", "months_on_book", "loans", "disbursed_minor", "late30_principal_minor",
        "late60_principal_minor", "late90_principal_minor", "late30_rate", "late60_rate", "late90_rate"])


def recovery(from_as_of: str, currency: str = "CNY") -> pl.DataFrame:
    rows = []
    for place, (bucket, loans) in enumerate(zip(STATES[2:], LOANS[2:], strict=True)):
        entered, collected, cured = loans * 70_000, loans * 70_000 * (58 - 8 * place) // 100, loans * (44 - 6 * place) // 100
        rows.append((from_as_of, "2026-11-22", currency, bucket, loans, entered, collected, cured, collected / entered, cured / loans))
    return pl.DataFrame(rows, orient="row", schema=["from_as_of", "to_as_of", "currency", "from_bucket", "loans", "entered_minor",
                                                    "collected_minor", "cured_loans", "recovery_rate", "cure_rate"])


WORKLIST_SCHEMA = {"rank": pl.Int64, "borrower_id": pl.String, "loan_id": pl.String, "late_loans": pl.Int64, "bucket": pl.String,
                   "days_past_due": pl.Int32, "product": pl.String, "currency": pl.String, "claimable_minor": pl.Int64,
                   "treatment": pl.String, "rule": pl.String, "reason_zh": pl.String, "reason_en": pl.String, "channel": pl.String,
                   "verdict": pl.String, "rules": pl.String, "expected_minor": pl.Int64, "pay_probability": pl.Float64, "score_reasons": pl.String,
                   "reach_channel": pl.String, "reach_hour": pl.Int32, "reach_probability": pl.Float64, "segment": pl.String, "options": pl.String,
                   "chosen_by": pl.String, "worth_minor": pl.Int64, "offer": pl.String, "experiment": pl.String, "arm": pl.String, "propensity": pl.Float64,
                   "held_by": pl.String}


CHANNELS = {name: channel for name, (channel, _) in strategy_from(default_strategy_text()).contacts.items()}
GATE = {
    "lender": "L1", "lender_is_known": True, "pack": "cn", "pack_version": "2026-11-23", "people": {"deny": 12, "review": 3, "warn": 0},
    "contact_at": "10:00", "refused_loans": 14, "uncovered_loans": 0, "other_product": "consumer_loan", "by_other_product": ["flash_new"],
    "refused": [{"borrower_id": "B000007", "loan_id": "L0000008", "treatment": "call", "currency": "CNY", "claimable_minor": 812_345, "rules": "cn.calls_per_day"}], "rules": [
        {"rule": "cn.calls_per_day", "verdict": "deny", "title_zh": "有效通话每日至多三次", "title_en": "At most three effective calls a day",
         "source": "gbt-45251-2025", "people": 12, "loans": 14, "claimable_minor": {"CNY": 8_812_345}},
        {"rule": "cn.held_for_review", "verdict": "review", "title_zh": "投诉先由人放行", "title_en": "Complaints: a person decides",
         "source": "operator_policy", "people": 3, "loans": 3, "claimable_minor": {"CNY": 90_000, "USD": 120_000}}]}


CHOICE = {
    "limits": [
        {"name": "collector_minutes", "zh": "催收员工时", "en": "minutes of collectors", "counts": "minutes", "used": 1_680, "most": 1_680, "least": None, "people": 380,
         "price_minor": 33, "hour_minor": 1_974, "currency": "CNY", "source": "roster"},
        {"name": "visitor_minutes", "zh": "外访工时", "en": "minutes of visitors", "counts": "minutes", "used": 90, "most": None, "least": None, "people": 380,
         "price_minor": 0, "hour_minor": 0, "currency": "CNY", "source": "roster"},
        {"name": "complaints", "zh": "预计投诉", "en": "complaints to be expected", "counts": "complaints", "used": 35_750, "most": 187_200, "least": None, "people": 380,
         "price_minor": 0, "hour_minor": None, "currency": "CNY", "source": None},
        {"name": "service_late", "zh": "后端最低服务", "en": "least service in late stages", "counts": "people", "used": 36, "most": None, "least": 7, "people": 229,
         "price_minor": -210, "hour_minor": None, "currency": "CNY", "source": None}],
    "parts": [{"currency": "CNY", "entries": 380, "worth_minor": 46_247_585, "bound_minor": 46_250_001}],
    "expected": {"CNY": {"alone": 175_286_887, "brought": 46_504_627, "cost": 257_542}}, "yielded": [["a least service cannot be met", "最低服务未能满足"]],
    "by_row": 210, "by_limits": 151, "waiting": 39, "assumed": True, "source": "assumptions",
    "saved": {"people": 86, "contacts": 28, "by_treatment": {"call": 22, "remind_sms": 6}, "minutes": 132, "cost_minor": 12_124, "claimable_minor": {"CNY": 1_947_407}}}
EXPERIMENTS = [{"name": "call_or_sms", "zh": "电话或短信", "en": "call or message", "from": "2026-11-01", "until": "2027-02-01", "outcome": "paid_30",
                "arms": [{"name": "champion", "share_ppm": 800_000, "people": 81}, {"name": "hold_out", "share_ppm": 200_000, "people": 19}]}]
_LOAD = {"owner": "collector", "team": "early", "cases_most": 150, "cases": 45, "expected_minor": 12_191_777, "claimable_minor": 68_734_006, "difficulty": 37.38, "kept": 25,
         "new": 18, "taken_over": 2, "moved_away": 4, "minutes": 144, "minutes_most": 120, "mean_difficulty": 0.83, "share_ppm": None}
ALLOCATION = {
    "held": 348, "needed": 174, "unassigned": 2, "moved": 107, "currency": "CNY", "cost": 10, "bound": 10,
    "why": [{"why": "kept", "people": 244, "zh": "继续由持有人负责", "en": "stays with the same holder"}],
    "moves": [{"borrower_id": "B000326", "before": "C01", "held_by": "C02", "why": "new", "why_zh": "C01 已离职；现由 C02 负责。", "why_en": "C01 has left; now with C02."},
              {"borrower_id": "B000327", "before": None, "held_by": "C02", "why": "new", "why_zh": "新分配给 C02。", "why_en": "newly given to C02."}],
    "workload": [{"name": "C01", **_LOAD}, {"name": "A1", **_LOAD, "owner": "agency", "team": None, "mean_difficulty": None, "share_ppm": 666_666}],
    "spread": [{"group": "C01", "owner": "collector", "people": 2, "measure": "cases", "mean": 0.3, "median": 0.3, "cv": 0.04, "most_by_median": 1.04}]}


def worklist(rows: int = 400, currency: str = "CNY", first_rank: int = 1) -> pl.DataFrame:
    kinds = ("remind_sms", "remind_sms", "call", "remind_sms", "call", "call_senior", "visit", "legal_review", "look_first",
             "leave_alone", "hold")
    listed = []
    for place in range(rows):
        days = 3 + place * 13 % 230
        state = STATES[min(8, 2 + (days - 1) // 30)]
        listed.append((first_rank + place, f"B{place * 7919 % 100_000:06d}", f"L{place * 104_729 % 1_000_000:07d}", 1 + place % 3,
                       state, days, PRODUCTS[place % 3], currency, 9_812_345 - place * 20_011,
                       kinds[place % len(kinds)], f"early-{place % 4}",
                       f"逾期 {days} 天，金额较大，首选先打电话", f"{days} days late and a large amount, so a call comes first",
                       CHANNELS.get(kinds[place % len(kinds)]), ("allow", "allow", "review", "warn")[place % 4], "", None, None, None, None, None, None,
                       "people", kinds[place % len(kinds)], ("row", "limits", "waits")[place % 3], 4_321 * place, "none", None, None, 1.0, f"C{place % 7:02d}"))
    return pl.DataFrame(listed, orient="row", schema=WORKLIST_SCHEMA)


def money_sums(frame: pl.DataFrame) -> dict[str, int]:
    names = ("loans", "outstanding_principal_minor", "due_total_minor", "claimable_minor", "excess_minor")
    return {name: int(frame[name].sum()) for name in names} | {"unallocated_minor": 1_234_567}


def summary(currencies: dict | None = None, **changed) -> dict:
    facts = {"as_of": "2026-11-22", "known_at": "2026-11-23T02:00:00+00:00", "book": "demo", "version": "0.1.0",
             "snapshot": "9f2c" * 16, "strategy_digest": "51ab" * 16, "law_digest": "c07e" * 16, "loans": 120_536, "borrowers": 88_412,
             "late_loans": 6_886, "currencies": {"CNY": money_sums(buckets())} if currencies is None else currencies, "worklist_rows": 400,
             "cap_unknown": [{"regime": "cn_microloan", "loans": 312, "reason_zh": "2026-10-20 之后的利率没有数据",
                              "reason_en": "no rate is known after 2026-10-20"}],
             "overpaid_loans": 41, "held_loans": 129, "earlier_nights": ["2026-10-31", "2026-11-21"],
             "treatment_words": strategy_from(default_strategy_text()).wording, "gate": GATE,
             "choice": CHOICE, "allocation": ALLOCATION, "experiments": EXPERIMENTS, "strategy": {"id": "default", "version": "2"}}
    return facts | ORDER | changed


def tables(*currencies: str, nights: tuple[str, ...] = ("2026-10-31", "2026-11-21"), cohorts: int = 14,
           vintage_nights: int = 12) -> dict[str, pl.DataFrame]:
    names = currencies or ("CNY",)
    made = {
        "buckets": [buckets(name) for name in names], "classes": [classes(name) for name in names],
        "movements": [movements(night, name) for night in nights for name in names],
        "rolls": [rolls(night, name) for night in nights for name in names],
        "first_payment_default": [first_payment_default(name) for name in names],
        "vintage": [vintage(vintage_nights, cohorts, name) for name in names],
        "recovery": [recovery(night, name) for night in nights for name in names]}
    return {name: pl.concat(frames) for name, frames in made.items() if frames}
