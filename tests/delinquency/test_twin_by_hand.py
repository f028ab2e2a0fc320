"""The oracle itself, held to the specification's worked example and to sums done by hand.

Unless a case says otherwise the loan is of 360,000 with a penalty rate of 1,000,000 ppm over 360 days: an unpaid
principal of 360,000 bears 360,000 * 1,000,000 / 360,000,000 = 1,000 of penalty a night.
"""

from datetime import UTC, date, datetime

import pytest

from delinquency.twin import position

MARCH_10 = date(2026, 3, 10)


def a_loan(**changes) -> dict:
    return {
        "loan_id": "L1", "borrower_id": "B1", "product": "quick", "currency": "CNY", "principal_minor": 360_000,
        "annual_rate_ppm": 144_000, "penalty_rate_ppm": 1_000_000, "day_count": 360, "grace_days": 0,
        "waterfall_scope": "instalment", "waterfall_order": "fee,penalty,interest,principal",
        "penalty_on_interest": False, "disbursed_on": date(2026, 3, 1), "regime": "cn_licensed", "filed_on": None,
        "restructured_on": None, "recorded_at": None, **changes,
    }


def an_instalment(number: int, due_on: date, principal: int, interest: int = 0, fee: int = 0, **changes) -> dict:
    return {
        "loan_id": "L1", "number": number, "due_on": due_on, "principal_minor": principal, "interest_minor": interest,
        "fee_minor": fee, "recorded_at": None, **changes,
    }


def a_payment(payment_id: str, paid_on: date, amount: int, **changes) -> dict:
    return {
        "payment_id": payment_id, "loan_id": "L1", "paid_on": paid_on, "amount_minor": amount, "reverses": None,
        "recorded_at": None, **changes,
    }


def an_adjustment(adjustment_id: str, effective_on: date, kind: str, **changes) -> dict:
    return {
        "adjustment_id": adjustment_id, "loan_id": "L1", "effective_on": effective_on, "kind": kind, "number": None,
        "amount_minor": None, "until_on": None, "recorded_at": None, **changes,
    }


def ask(as_of: date, loan=None, instalments=None, payments=(), adjustments=(), cap="none", known_at=None) -> dict:
    instalments = [an_instalment(1, MARCH_10, 360_000)] if instalments is None else instalments
    loan = a_loan() if loan is None else loan
    return position(loan, instalments, list(payments), list(adjustments), cap, as_of, known_at)


def day(number: int) -> date:
    return date(2026, 3, number)


def steady(ppm: int):
    return lambda day: ppm


@pytest.mark.parametrize(
    ("as_of", "days", "principal", "interest", "penalty", "outstanding", "lawful", "excess", "claimable"),
    [
        (date(2026, 2, 12), 0, 0, 0, 0, 750_000, 21_699, 0, 0),
        (date(2026, 3, 13), 0, 250_000, 12_000, 0, 750_000, 36_000, 0, 262_000),
        (date(2026, 3, 14), 4, 250_000, 12_000, 600, 750_000, 36_493, 0, 262_600),
        (date(2026, 3, 20), 10, 163_500, 0, 0, 663_500, 39_452, 0, 163_500),
        (date(2026, 4, 30), 51, 413_500, 12_000, 7_022, 663_500, 57_339, 0, 432_522),
    ],
)
def test_the_worked_example_of_the_specification(
    as_of, days, principal, interest, penalty, outstanding, lawful, excess, claimable
):
    row = ask(
        as_of,
        a_loan(principal_minor=1_000_000, penalty_rate_ppm=216_000, grace_days=3, disbursed_on=date(2026, 1, 10)),
        [an_instalment(number, date(2026, 1 + number, 10), 250_000, 12_000) for number in (1, 2, 3, 4)],
        [a_payment("P1", date(2026, 2, 12), 262_000), a_payment("P2", date(2026, 3, 20), 100_000)],
        cap=steady(240_000),
    )
    assert (row["days_past_due"], row["due_principal_minor"], row["due_interest_minor"]) == (days, principal, interest)
    assert (row["penalty_minor"], row["outstanding_principal_minor"]) == (penalty, outstanding)
    assert (row["lawful_charges_minor"], row["excess_minor"]) == (lawful, excess)
    assert row["claimable_minor"] == claimable


def test_there_is_no_row_before_disbursement_and_one_from_that_day_on():
    assert ask(date(2026, 2, 28)) is None
    # No night has passed, so nothing is lawful to charge yet, and the whole schedule lies ahead.
    row = ask(day(1), cap=steady(240_000))
    assert (row["lawful_charges_minor"], row["next_due_on"], row["next_due_minor"]) == (0, MARCH_10, 360_000)
    assert (row["bucket"], row["asset_class"], row["oldest_due_on"]) == ("M0", "正常", None)


def test_grace_hides_days_and_penalty_and_then_both_count_from_the_due_date():
    loan = a_loan(grace_days=3)
    within, after = ask(day(13), loan), ask(day(14), loan)
    # 3 late days are forgiven for now; on the 4th, four nights at 1,000 show at once.
    assert (within["days_past_due"], within["penalty_minor"], within["oldest_due_on"]) == (0, 0, MARCH_10)
    assert (after["days_past_due"], after["penalty_minor"], after["bucket"]) == (4, 4_000, "M1")


def test_settling_within_grace_wipes_the_penalty_and_a_day_later_does_not():
    loan = a_loan(grace_days=3, waterfall_order="principal,interest,fee,penalty")
    in_time = ask(day(20), loan, payments=[a_payment("P1", day(13), 360_000)])
    too_late = ask(day(20), loan, payments=[a_payment("P1", day(14), 360_000)])
    assert (in_time["penalty_minor"], in_time["due_total_minor"], in_time["unallocated_minor"]) == (0, 0, 0)
    # Paid on the 14th: the nights of the 10th to the 13th stay owed, 4,000, yet only penalty is left: no days past due.
    assert (too_late["penalty_minor"], too_late["days_past_due"], too_late["oldest_due_on"]) == (4_000, 0, None)


def test_paused_nights_are_no_late_days_and_overlapping_pauses_count_once():
    pauses = [
        an_adjustment("A1", day(12), "pause", until_on=day(15)),
        an_adjustment("A2", day(14), "pause", until_on=day(16)),
    ]
    # Nights of the 10th to the 19th are 10; those of the 12th, 13th, 14th and 15th are paused: 6 are left.
    row = ask(day(20), adjustments=pauses)
    assert (row["days_past_due"], row["penalty_minor"]) == (6, 6_000)
    # With 6 days of grace they are all forgiven still; one night more and seven show.
    assert ask(day(20), a_loan(grace_days=6), adjustments=pauses)["penalty_minor"] == 0
    assert ask(day(21), a_loan(grace_days=6), adjustments=pauses)["penalty_minor"] == 7_000


def test_acceleration_brings_principal_alone_and_its_day_is_the_due_date_everywhere():
    # The numbers do not follow the due dates: 3 is due first and keeps its charges, being due that very day.
    instalments = [
        an_instalment(3, day(10), 120_000, 6_000, 500),
        an_instalment(1, date(2026, 4, 10), 120_000, 6_000, 500),
        an_instalment(2, date(2026, 5, 10), 120_000, 6_000, 500),
    ]
    accelerated = [an_adjustment("A1", day(10), "accelerate", number=2, amount_minor=5)]
    row = ask(day(12), instalments=instalments, adjustments=accelerated)
    assert (row["due_principal_minor"], row["due_interest_minor"], row["due_fee_minor"]) == (360_000, 6_000, 500)
    assert (row["next_due_on"], row["next_due_minor"], row["days_past_due"]) == (None, None, 2)
    # Each bears 2 * 120,000 / 360 = 666.67, rounded by itself to 667.
    assert row["penalty_minor"] == 3 * 667
    # All three are due on the 10th now, so number 1 is the oldest: 120,333 on the 11th is its penalty and principal.
    paid = ask(day(11), instalments=instalments, adjustments=accelerated, payments=[a_payment("P1", day(11), 120_333)])
    assert (paid["due_principal_minor"], paid["penalty_minor"], paid["due_fee_minor"]) == (240_000, 666, 500)
    # Charges claimed are 6,000 + 500 + 2,001 of penalty; nothing is lawful at a cap of nothing.
    capped = ask(day(12), instalments=instalments, adjustments=accelerated, cap=steady(0))
    assert (capped["excess_minor"], capped["claimable_minor"]) == (8_501, 360_000)


def test_the_day_runs_due_then_adjustments_then_kept_money_then_payments():
    # 100,000 waits since the 5th. On the 10th 2,000 of the interest of 6,000 are waived before it is spread: it pays
    # 4,000 of interest and 96,000 of principal. The payment of the day then pays 10,000 of principal.
    row = ask(
        day(10),
        instalments=[an_instalment(1, day(10), 360_000, 6_000)],
        payments=[a_payment("P2", day(10), 10_000), a_payment("P1", day(5), 100_000)],
        adjustments=[an_adjustment("A1", day(10), "waive_interest", amount_minor=2_000)],
    )
    assert (row["due_principal_minor"], row["due_interest_minor"]) == (254_000, 0)
    assert (row["unallocated_minor"], row["paid_minor"]) == (0, 110_000)
    assert ask(day(9), payments=[a_payment("P1", day(5), 100_000)])["unallocated_minor"] == 100_000


def test_adjustments_of_a_day_run_in_the_order_of_their_ids_as_text():
    instalments = [an_instalment(1, day(9), 180_000, 0, 500), an_instalment(2, day(10), 180_000, 0, 500)]
    # "A10" comes before "A9": it takes 500 of number 1 and 200 of number 2, and A9 finds nothing left of number 1.
    # The other way round all 1,000 would be gone.
    row = ask(day(10), instalments=instalments, adjustments=[
        an_adjustment("A9", day(10), "waive_fee", number=1, amount_minor=500),
        an_adjustment("A10", day(10), "waive_fee", amount_minor=700),
        an_adjustment("A11", day(10), "waive_fee", number=7),
    ])
    assert row["due_fee_minor"] == 300


def test_a_waived_penalty_comes_off_what_is_shown_and_accrual_goes_on():
    waived = [an_adjustment("A1", day(13), "waive_penalty", amount_minor=2_500)]
    # 3,000 shown on the 13th less 2,500, and then seven nights more to the 20th.
    assert ask(day(20), adjustments=waived)["penalty_minor"] == 500 + 7_000
    # In grace on the 13th nothing is shown, so nothing is waived: ten nights on the 20th.
    assert ask(day(20), a_loan(grace_days=3), adjustments=waived)["penalty_minor"] == 10_000
    # The waiver lowers what is claimed: 10,000 - 2,500, all of it beyond a cap of nothing and none of it paid.
    assert ask(day(20), adjustments=waived, cap=steady(0))["excess_minor"] == 7_500


def test_component_scope_settles_one_part_of_all_instalments_before_the_next_part():
    instalments = [an_instalment(1, day(9), 180_000, 6_000), an_instalment(2, day(10), 180_000, 6_000)]
    order = "interest,fee,penalty,principal"
    payments = [a_payment("P1", day(10), 13_000)]
    # Night of the 9th: 180,000 / 360 = 500 of penalty on number 1.
    by_part = ask(day(10), a_loan(waterfall_scope="component", waterfall_order=order), instalments, payments)
    assert (by_part["due_interest_minor"], by_part["penalty_minor"]) == (0, 0)
    assert by_part["due_principal_minor"] == 360_000 - (13_000 - 12_000 - 500)
    # By instalment, number 1 takes 6,000 + 500 + 6,500 of principal, and number 2 keeps its interest.
    by_instalment = ask(day(10), a_loan(waterfall_order=order), instalments, payments)
    assert (by_instalment["due_interest_minor"], by_instalment["due_principal_minor"]) == (6_000, 353_500)


def test_a_reversed_payment_was_never_made_once_the_reversal_is_dated_and_known():
    paid = a_payment("P1", day(10), 360_000)
    back = a_payment("P2", day(15), 360_000, reverses="P1", recorded_at=datetime(2026, 3, 16, 12, tzinfo=UTC))
    before = ask(day(14), payments=[paid, back])
    assert (before["due_total_minor"], before["paid_minor"]) == (0, 360_000)
    # From the 15th on all the nights since the 10th bear penalty, as if nothing had come in.
    after = ask(day(15), payments=[paid, back])
    assert (after["paid_minor"], after["penalty_minor"], after["days_past_due"]) == (0, 5_000, 5)
    unknown = ask(day(15), payments=[paid, back], known_at=datetime(2026, 3, 16, 11, 59, tzinfo=UTC))
    assert unknown["due_total_minor"] == 0


def test_charges_beyond_the_cap_are_not_claimable_and_those_paid_are_told_apart():
    # 365,000 for the 100 nights from March 1 to June 9 at 24 %: 365,000 * 0.24 * 100 / 365 = 24,000 are lawful.
    loan = a_loan(principal_minor=365_000, penalty_rate_ppm=0, waterfall_order="interest,fee,penalty,principal")
    instalments = [an_instalment(1, date(2026, 6, 9), 365_000, 30_000)]
    june_9 = date(2026, 6, 9)
    row = ask(june_9, loan, instalments, cap=steady(240_000))
    assert (row["lawful_charges_minor"], row["excess_minor"], row["overpaid_charges_minor"]) == (24_000, 6_000, 0)
    assert row["claimable_minor"] == 365_000 + 24_000
    # 28,000 paid: 2,000 of interest is unpaid and not claimable, and 4,000 beyond the cap was paid already.
    paid = ask(june_9, loan, instalments, [a_payment("P1", june_9, 28_000)], cap=steady(240_000))
    assert (paid["excess_minor"], paid["overpaid_charges_minor"], paid["claimable_minor"]) == (2_000, 4_000, 365_000)
    # 5,000 waived: claimed is 25,000, so 1,000 is beyond.
    waiver = [an_adjustment("A1", june_9, "waive_interest", amount_minor=5_000)]
    assert ask(june_9, loan, instalments, (), waiver, steady(240_000))["excess_minor"] == 1_000
    # A cap that falls to half after 50 nights: 12,000 + 6,000 are lawful.
    falling = ask(june_9, loan, instalments, cap=lambda night: 240_000 if night < date(2026, 4, 20) else 120_000)
    assert falling["lawful_charges_minor"] == 18_000


def test_where_the_cap_is_unknown_only_principal_may_be_demanded():
    instalments = [an_instalment(1, day(10), 360_000, 6_000, 500)]

    def ends_on_the_15th(night):
        return 240_000 if night < day(15) else None

    # The night of the 15th counts from the 16th on: 6,000 + 500 + 6 nights of 1,000.
    row = ask(day(16), instalments=instalments, cap=ends_on_the_15th)
    assert (row["cap_is_known"], row["lawful_charges_minor"]) == (False, None)
    assert (row["excess_minor"], row["overpaid_charges_minor"], row["claimable_minor"]) == (12_500, 0, 360_000)
    assert ask(day(15), instalments=instalments, cap=ends_on_the_15th)["cap_is_known"] is True
    uncapped = ask(day(16), instalments=instalments)
    assert (uncapped["cap_is_known"], uncapped["lawful_charges_minor"], uncapped["excess_minor"]) == (True, None, 0)


def test_a_position_is_replayed_as_it_was_known():
    first, second = datetime(2026, 3, 12, tzinfo=UTC), datetime(2026, 3, 13, tzinfo=UTC)
    early = datetime(2026, 3, 11, tzinfo=UTC)
    # The schedule of the 12th puts everything off to the 18th; on the 13th the payment moves to another loan and
    # the penalty rate is halved.
    loans = [a_loan(recorded_at=early), a_loan(recorded_at=second, penalty_rate_ppm=500_000)]
    instalments = [
        an_instalment(1, day(10), 180_000, recorded_at=early), an_instalment(2, day(11), 180_000, recorded_at=early),
        an_instalment(1, day(18), 360_000, recorded_at=first),
    ]
    payments = [
        a_payment("P1", day(10), 180_000, recorded_at=early),
        a_payment("P1", day(10), 180_000, recorded_at=second, loan_id="L2"),
    ]
    assert ask(day(20), loans, instalments, payments, known_at=datetime(2026, 3, 10, tzinfo=UTC)) is None
    # Known early: number 1 paid on time, number 2 has 9 nights of 500.
    known_early = ask(day(20), loans, instalments, payments, known_at=early)
    assert (known_early["due_principal_minor"], known_early["penalty_minor"]) == (180_000, 4_500)
    # Known on the 12th: one instalment of the 18th, half of it paid from kept money: 2 nights of 500.
    known_first = ask(day(20), loans, instalments, payments, known_at=first)
    assert (known_first["due_principal_minor"], known_first["penalty_minor"]) == (180_000, 1_000)
    # Known since: nothing was paid; 2 nights of 360,000 at half the rate are 1,000 too, on twice the principal.
    known_now = ask(day(20), loans, instalments, payments)
    assert (known_now["due_principal_minor"], known_now["penalty_minor"]) == (360_000, 1_000)
    assert known_now["paid_minor"] == 0


def test_the_running_total_is_rounded_not_the_nights():
    # 180 bears half a unit a night: 0.5, 1.0, 1.5 are charged as 1, 1, 2.
    instalments = [an_instalment(1, day(10), 180)]
    charged = [
        ask(day(number), a_loan(principal_minor=180), instalments)["penalty_minor"] for number in (10, 11, 12, 13)
    ]
    assert charged == [0, 1, 1, 2]
    # With penalty on interest, another 180 of interest makes it a whole unit a night.
    both = [an_instalment(1, day(10), 180, 180)]
    assert ask(day(13), a_loan(principal_minor=180, penalty_on_interest=True), both)["penalty_minor"] == 3


@pytest.mark.parametrize(
    ("days", "bucket", "asset_class"),
    [
        (1, "M1", "关注"), (30, "M1", "关注"), (31, "M2", "关注"), (60, "M2", "关注"), (61, "M3", "关注"),
        (90, "M3", "关注"), (91, "M4", "次级"), (120, "M4", "次级"), (121, "M5", "次级"), (150, "M5", "次级"),
        (151, "M6", "次级"), (180, "M6", "次级"), (181, "M6+", "次级"), (270, "M6+", "次级"), (271, "M6+", "可疑"),
        (360, "M6+", "可疑"), (361, "M6+", "损失"),
    ],
)
def test_buckets_and_classes_change_on_their_days(days, bucket, asset_class):
    as_of = date.fromordinal(MARCH_10.toordinal() + days)
    row = ask(as_of)
    assert (row["days_past_due"], row["bucket"], row["asset_class"]) == (days, bucket, asset_class)


def test_a_restructured_loan_is_watched_for_a_year():
    # 2025-03-05 is 365 days before 2026-03-05, and 366 before the 6th.
    loan = a_loan(restructured_on=date(2025, 3, 5))
    assert [ask(day(number), loan)["asset_class"] for number in (5, 6)] == ["关注", "正常"]
