"""The calculator of plans: exact to the last fen, days that rise, never more than law and strategy allow."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.work.plan_calculator import (
    GAP_DAYS_MOST,
    KINDS,
    RHYTHMS,
    Asked,
    Limits,
    Owed,
    beyond_of,
    days_of,
    last_first_day,
    most_of,
    reckon,
    shares,
)

TODAY = date(2026, 11, 2)
LIMITS = Limits("middle", 12, 15, 1500, 900, "可分期", "instalments")
OWED = Owed("CNY", 200_000, 5_000, 3_000, 0, 192_000)


@given(whole=st.integers(1, 10**13), number=st.integers(1, 1000))
def test_parts_sum_to_the_whole_and_differ_by_one_at_most_the_larger_first(whole, number):
    if whole < number:
        with pytest.raises(Refused):
            shares(whole, number)
        return
    parts = shares(whole, number)
    assert sum(parts) == whole and len(parts) == number and max(parts) - min(parts) <= 1 and parts == sorted(parts, reverse=True) and min(parts) >= 1


@given(first=st.dates(date(2024, 1, 1), date(2035, 12, 31)), number=st.integers(1, 60), rhythm=st.sampled_from(sorted(RHYTHMS)), business=st.booleans())
def test_days_rise_by_their_rhythm_and_a_working_day_is_never_a_saturday_or_sunday_of_an_unknown_year(first, number, rhythm, business):
    days, unknown = days_of(first, number, rhythm, business)
    assert len(days) == number and all(later > earlier for earlier, later in zip(days, days[1:], strict=False))
    assert all((later - earlier).days <= GAP_DAYS_MOST for earlier, later in zip(days, days[1:], strict=False))
    if not business:
        assert days[0] == first and not unknown
        for place, day in enumerate(days):
            if rhythm == "monthly":
                month = first.month - 1 + place
                assert (day.year, day.month) == (first.year + month // 12, month % 12 + 1) and day.day == min(first.day, monthrange(day.year, day.month)[1])
            else:
                assert day == first + timedelta(days=RHYTHMS[rhythm] * place)
    elif unknown:
        assert days[-1].weekday() < 5


def test_month_ends_and_the_spring_festival_by_hand():
    assert days_of(date(2027, 12, 31), 4, "monthly", False)[0] == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]
    assert days_of(date(2026, 2, 17), 1, "monthly", True)[0] == [date(2026, 2, 24)]  # the holiday of 2026 ends on the 23rd
    week = days_of(date(2026, 2, 16), 3, "weekly", True)[0]
    assert week == [date(2026, 2, 24), date(2026, 2, 25), date(2026, 3, 2)]  # two weeks within one holiday do not fall on one day


OWEDS = st.tuples(*(st.integers(0, 10**9) for _ in range(5))).map(lambda told: Owed("CNY", max(0, sum(told[:4]) - min(told[4], sum(told[1:4]))), told[1], told[2], told[3], told[0]))
ASKED = st.builds(Asked, kind=st.sampled_from(KINDS), first_on=st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=60)), number=st.integers(0, 30), rhythm=st.sampled_from(sorted(RHYTHMS)),
                  first_part_minor=st.just(0) | st.integers(0, 10**9), waived_penalty_minor=st.just(0) | st.integers(0, 10**9), waived_interest_minor=st.just(0) | st.integers(0, 10**9),
                  settled_minor=st.integers(0, 4 * 10**9), business_days=st.booleans())
LIMITSS = st.builds(Limits, row=st.just("r"), instalments_most=st.sampled_from([0, 2, 12, 24]), shift_days_most=st.sampled_from([0, 15, 90]), penalty_most_minor=st.integers(0, 10**9), interest_most_minor=st.integers(0, 10**9))


@given(asked=ASKED, owed=OWEDS, limits=LIMITSS)
def test_what_is_paid_and_waived_is_what_may_be_asked_and_principal_is_touched_by_no_kind_but_a_settlement(asked, owed, limits):
    try:
        sheet = reckon(asked, owed, limits, TODAY)
    except Refused:
        return
    assert sheet.paid_minor + sheet.waived_minor == owed.claimable_minor and all(part.amount_minor > 0 for part in sheet.parts)
    assert 0 <= sheet.waived_penalty_minor <= owed.penalty_minor and 0 <= sheet.waived_interest_minor <= owed.interest_minor and 0 <= sheet.waived_fee_minor <= owed.fee_minor
    assert sheet.waived_minor - sheet.waived_principal_minor <= owed.charges_minor
    assert sheet.kind == "settlement" or sheet.waived_principal_minor == sheet.waived_fee_minor == 0
    assert all(later.due_on > earlier.due_on for earlier, later in zip(sheet.parts, sheet.parts[1:], strict=False)) and sheet.parts[0].due_on >= TODAY
    within = (len(sheet.parts) <= max(1, limits.instalments_most) and sheet.waived_penalty_minor <= limits.penalty_most_minor and sheet.waived_interest_minor <= limits.interest_most_minor
              and sheet.waived_principal_minor == sheet.waived_fee_minor == 0 and sheet.parts[0].due_on <= last_first_day(sheet.kind, limits, TODAY))
    assert sheet.beyond == () if within and sheet.kind in limits.kinds else sheet.beyond or sheet.kind == "instalments"
    assert within or sheet.beyond


@given(ppm=st.integers(0, 1_000_000), minor=st.integers(0, 10**13))
def test_a_share_is_never_rounded_up(ppm, minor):
    assert most_of(ppm, minor) * 1_000_000 <= ppm * minor < (most_of(ppm, minor) + 1) * 1_000_000


def test_a_settlement_gives_up_penalty_first_then_interest_within_the_row_and_says_where_it_would_go_beyond():
    asked = Asked("settlement", date(2026, 11, 20), settled_minor=197_700)
    sheet = reckon(asked, OWED, LIMITS, TODAY)
    assert (sheet.waived_penalty_minor, sheet.waived_interest_minor, sheet.waived_principal_minor, sheet.beyond) == (1500, 800, 0, ())
    sheet = reckon(Asked("settlement", date(2026, 11, 20), settled_minor=197_500), OWED, LIMITS, TODAY)
    assert (sheet.waived_penalty_minor, sheet.waived_interest_minor, sheet.beyond) == (1600, 900, ("penalty",))
    sheet = reckon(Asked("settlement", date(2026, 11, 20), settled_minor=191_999), OWED, LIMITS, TODAY)
    assert (sheet.waived_penalty_minor, sheet.waived_interest_minor, sheet.waived_principal_minor, sheet.beyond) == (5000, 3000, 1, ("penalty", "interest", "principal"))
    with_fee = Owed("CNY", 200_000, 1_000, 0, 500, 198_500)
    sheet = reckon(Asked("settlement", date(2026, 11, 20), settled_minor=198_600), with_fee, Limits("r", penalty_most_minor=1_000), TODAY)
    assert (sheet.waived_penalty_minor, sheet.waived_fee_minor, sheet.waived_principal_minor, sheet.beyond) == (1000, 400, 0, ("fee",))


def test_what_may_not_be_asked_by_law_is_not_given_away_as_a_waiver():
    """Of 8,000 charges only 2,000 may be asked: a waiver of 2,001 would be of principal."""
    capped = Owed("CNY", 194_000, 5_000, 3_000, 0, 192_000)
    assert reckon(Asked("waiver", date(2026, 11, 20), waived_penalty_minor=2_000), capped, Limits("r", penalty_most_minor=5_000), TODAY).paid_minor == 192_000
    with pytest.raises(Refused, match="principal"):
        reckon(Asked("waiver", date(2026, 11, 20), waived_penalty_minor=2_001), capped, Limits("r", penalty_most_minor=5_000), TODAY)


@pytest.mark.parametrize(("asked", "beyond"), [
    (Asked("instalments", date(2026, 12, 3), 12), ()), (Asked("instalments", date(2026, 12, 4), 12), ("shift_days",)), (Asked("instalments", date(2026, 12, 3), 13), ("instalments",)),
    (Asked("date_shift", date(2026, 11, 17)), ()), (Asked("date_shift", date(2026, 11, 18)), ("shift_days",)),
    (Asked("waiver", date(2026, 11, 17), waived_penalty_minor=1500), ()), (Asked("waiver", date(2026, 11, 17), waived_penalty_minor=1501), ("penalty",)),
    (Asked("instalments", date(2026, 11, 17), 2, waived_interest_minor=901), ("interest",)),
])
def test_each_bound_of_the_row_is_told_one_step_beyond_it(asked, beyond):
    assert reckon(asked, OWED, LIMITS, TODAY).beyond == beyond


@pytest.mark.parametrize(("days", "beyond"), [(45, ()), (46, ("gap_days",))])
def test_no_more_than_forty_five_days_lie_between_two_parts(days, beyond):
    assert beyond_of("instalments", [TODAY, TODAY + timedelta(days=days)], {}, LIMITS, TODAY) == beyond


@pytest.mark.parametrize("rhythm", sorted(RHYTHMS))
@pytest.mark.parametrize("business_days", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_day_beyond_the_calendar_is_refused_in_both_languages_and_the_longest_plan_has_all_its_days(rhythm, business_days, kind):
    for far in (date(9999, 12, 31), date(TODAY.year + 31, 1, 1)):
        with pytest.raises(Refused, match="30 years ahead") as refused:
            reckon(Asked(kind, far, 3, rhythm, business_days=business_days, waived_penalty_minor=1 if kind == "waiver" else 0, settled_minor=1), OWED, LIMITS, TODAY)
        assert "30 年" in refused.value.zh
    sheet = reckon(Asked("instalments", date(TODAY.year + 30, 12, 31), 1000, rhythm, business_days=business_days), OWED, LIMITS, TODAY)
    assert len(sheet.parts) == 1000 and sheet.paid_minor == OWED.claimable_minor


def test_a_first_part_of_its_own_size_leaves_the_rest_alike():
    assert [part.amount_minor for part in reckon(Asked("instalments", TODAY, 4, first_part_minor=100_001), OWED, LIMITS, TODAY).parts] == [100_001, 33_333, 33_333, 33_333]
    assert [part.amount_minor for part in reckon(Asked("instalments", TODAY, 4, first_part_minor=100_000), OWED, LIMITS, TODAY).parts] == [100_000, 33_334, 33_333, 33_333]


def test_nothing_can_be_offered_where_nothing_is_known():
    assert Limits(None).kinds == () and reckon(Asked("instalments", TODAY, 2), OWED, Limits(None), TODAY).beyond == ("instalments",)
