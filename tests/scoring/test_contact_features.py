"""Attempts to reach a person, by hand."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from arrears.scoring.contact_features import attempts_of, contact_features, possible_attempts
from arrears.scoring.features import features_for
from scoring.scored_books import contact, known, rich_book

ZONE = "Asia/Shanghai"


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An instant by the clock of Shanghai."""
    return datetime.fromisoformat(f"2026-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:00+08:00").astimezone(UTC)


PAST = [
    contact("C1", "B1", at(4, 1, 10), "no_answer"), contact("C2", "B1", at(4, 2, 19), "answered"), contact("C3", "B1", at(4, 3, 9), "delivered", "sms"),
    contact("C4", "B1", at(4, 4, 20), "busy"), contact("C5", "B1", at(4, 4, 12), "answered", relation="other"),
    contact("C6", "B1", at(4, 5, 9), "unknown"), contact("C7", "B1", at(4, 6, 9), "answered", relation="guarantor"),
    contact("C8", "B1", at(4, 7, 9), direction="inbound"), contact("C9", "B2", at(4, 8, 9), "answered"),
]


@pytest.fixture(scope="module")
def facts():
    return known({**rich_book(), "contacts": PAST})


def asked(facts, borrower: str, channel: str, moment: datetime) -> dict:
    attempts = pl.DataFrame({"borrower_id": [borrower], "channel": [channel], "at": [moment]}, schema_overrides={"at": pl.Datetime("us", "UTC")})
    return contact_features(facts, attempts, ZONE).row(0, named=True)


def test_an_attempt_reached_the_person_who_answered_and_an_address_that_took_the_message(facts):
    found = attempts_of(facts)
    assert found.filter(pl.col("borrower_id") == "B1")["reached"].to_list() == [False, True, True, False, False, None]
    assert set(found["channel"]) == {"call", "sms"} and len(found) == 7, "the guarantor's and the inbound one are no attempts"


def test_the_history_before_the_day_is_counted(facts):
    row = asked(facts, "B1", "call", at(4, 10, 20))
    assert (row["local_hour"], row["weekday"], row["channel"]) == (20, 5, "call")
    assert row["tries_before_30d"] == 6 and row["last_outcome"] == "unknown" and row["got_in_touch_before"]
    assert row["person_reached_share"] == 2 / 5 and row["channel_reached_share"] == 1 / 4
    assert row["hour_reached_share"] == 1 / 2, "calls at 19 and at 20"
    assert row["days_since_reached"] == 6, "from 09:00 on the 3rd to midnight before the 10th"
    assert row["borrower_kind"] == "person" and row["days_late"] == 30


def test_a_channel_of_which_nothing_is_known_has_no_share(facts):
    row = asked(facts, "B1", "visit", at(4, 10, 20))
    assert row["last_outcome"] is None and row["channel_reached_share"] is None and row["person_reached_share"] == 2 / 5


def test_contacts_of_the_same_day_and_of_more_than_a_month_ago_are_left_out(facts):
    assert asked(facts, "B1", "call", at(4, 2, 23, 59))["tries_before_30d"] == 1
    assert asked(facts, "B1", "call", at(4, 1, 10))["person_reached_share"] is None
    later = asked(facts, "B1", "call", at(5, 4, 10))
    assert later["tries_before_30d"] == 3 and later["person_reached_share"] == 2 / 5, "from midnight of 4 April on"


def test_hours_are_counted_around_midnight():
    late = known({**rich_book(), "contacts": [contact("C1", "B1", at(4, 1, 23), "answered"), contact("C2", "B1", at(4, 1, 3), "busy")]})
    assert asked(late, "B1", "call", at(4, 9, 1))["hour_reached_share"] == 1 / 2
    assert asked(late, "B1", "call", at(4, 9, 0))["hour_reached_share"] == 1


def test_somebody_never_tried_has_no_history(facts):
    row = asked(facts, "B3", "sms", at(4, 10, 9))
    assert (row["tries_before_30d"], row["last_outcome"], row["person_reached_share"], row["days_since_reached"]) == (0, None, None, None)
    assert not row["got_in_touch_before"] and row["days_late"] == 58, "February's instalment, on the evening of the 9th"


def test_possible_attempts_are_each_person_by_each_channel_at_each_hour(facts):
    ways = possible_attempts(pl.Series(["B2", "B1"]), ("call", "sms"), (8, 20), date(2026, 5, 1), ZONE)
    assert ways["borrower_id"].to_list() == ["B2"] * 4 + ["B1"] * 4
    assert ways["at"].to_list()[:2] == [at(5, 1, 8), at(5, 1, 20)]
    found = contact_features(facts, ways, ZONE)
    assert found["local_hour"].to_list() == [8, 20] * 4 and found["weekday"].to_list() == [5] * 8


def test_a_book_without_contacts_gives_the_same_columns(facts):
    bare = known({table: rows for table, rows in rich_book().items() if table in ("loans", "instalments", "payments")})
    ways = possible_attempts(pl.Series(["B1"]), ("call",), (9,), date(2026, 5, 1), ZONE)
    assert attempts_of(bare).is_empty()
    assert contact_features(bare, ways, ZONE).schema == contact_features(facts, ways, ZONE).schema
    assert {one.name for one in features_for("contact")} == set(contact_features(bare, ways, ZONE).columns) - {"borrower_id"}
