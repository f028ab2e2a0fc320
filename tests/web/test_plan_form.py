"""Whatever is typed into the calculator: a plan that sums to what may be asked, or a sentence in both languages that says what is wrong; never a fault."""

from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.web.desk.plan_form import first_form, read_form
from arrears.work.plan_calculator import KINDS, RHYTHMS, Limits, Owed, reckon

TODAY = date(2026, 11, 30)
TYPED = st.sampled_from(["", "0", "1", "2", "12", "1000", "9999", "-1", "+5", " 5 ", "1e5", "9" * 13, "9" * 14, "0.01", "0.001", "12.", ".5", "1,000", "１，０００", "12，000.50", "，", "nan", "inf", "٣", "😀", "\x00", "x" * 60]) | st.text(max_size=8)
DAYS = st.sampled_from(["2026-12-01", "2026-11-30", "2026-11-29", "2027-02-29", "9999-12-31", "0001-01-01", "20261201", "2026-W50-1", "2026-13-01", "tomorrow", ""]) | st.dates().map(str)
SENT = st.fixed_dictionaries({"kind": st.sampled_from([*KINDS, "gift"]), "rhythm": st.sampled_from([*RHYTHMS, "daily"]), "business_days": st.sampled_from(["yes", ""]), "first_on": DAYS,
                              **dict.fromkeys(("number", "first_part", "waived_penalty", "waived_interest", "settled"), TYPED)})
OWED = [("CNY", 200_000, 5_000, 3_000, 0, 192_000), ("CNY", 1, 0, 0, 0, 1), ("JPY", 0, 0, 0, 0, 0), ("KWD", 10**15, 10**13, 1, 5, 9), ("CLF", 77_777, 70_000, 0, 0, 7_777)]


@pytest.mark.parametrize("owed", OWED, ids=lambda one: f"{one[0]} {one[1]}")
@given(sent=SENT)
def test_what_is_typed_is_a_plan_or_a_sentence_in_both_languages(owed, sent):
    chosen = SimpleNamespace(limits=Limits("r", 12, 15, 1_500, 900), owed=Owed(*owed))
    form = read_form(sent, chosen, TODAY)
    try:
        if form.wrong is not None:
            raise form.wrong
        sheet = reckon(form.asked, chosen.owed, chosen.limits, TODAY)
    except Refused as refused:
        assert refused.en and any("一" <= sign <= "鿿" for sign in refused.zh)
        return
    assert sheet.paid_minor + sheet.waived_minor == chosen.owed.claimable_minor and sheet.parts[0].due_on >= TODAY


@pytest.mark.parametrize("owed", OWED, ids=lambda one: f"{one[0]} {one[1]}")
def test_what_is_proposed_first_can_be_reckoned_wherever_something_may_be_asked_and_offered(owed):
    chosen = SimpleNamespace(limits=Limits("r", 12, 15, 1_500, 900), owed=Owed(*owed))
    form = first_form(chosen, TODAY)
    if chosen.owed.claimable_minor >= 3:
        assert form.wrong is None and reckon(form.asked, chosen.owed, chosen.limits, TODAY).beyond == ()
