"""What is written wrongly in a journey is said with its file and line."""

import pytest

from browser.journey_steps import meaning
from browser.journey_tables import COLUMNS, FOLDER, NotUnderstood, journey

HEAD = " | ".join(COLUMNS)
LOGS_IN = "2026-11-02 | 09:30 | collector | logs in | 队列 | Queue"


def written(folder, *lines: str):
    path = folder / "a_day.txt"
    path.write_text("\n".join(["# 一天", HEAD, *lines]), encoding="utf-8")
    return journey(path)


def test_a_line_takes_over_what_it_leaves_open_and_sees_in_both_languages(tmp_path):
    first, second = written(tmp_path, LOGS_IN, "| 09:31 | | presses \"Queue\" | 待办 ; not 已结 | waits ; not closed")
    assert (second.who, second.at.date(), second.at.hour, second.at.minute) == ("collector", first.at.date(), 9, 31)
    assert second.sees == {"zh": ("待办",), "en": ("waits",)} and second.unseen == {"zh": ("已结",), "en": ("closed",)}
    assert second.where == "a_day.txt:4" and meaning(second)[1] == ("Queue",)


@pytest.mark.parametrize("line", ["| 09:31 | collector | waits", "| 09:29 | collector | | |", "| 9 h | collector | | |", "| 09:31 | collector | | 队列 |"])
def test_a_line_that_is_no_line_of_the_table_is_named(tmp_path, line):
    with pytest.raises(NotUnderstood, match="^a_day.txt:4: "):
        written(tmp_path, LOGS_IN, line)


@pytest.mark.parametrize("line", ["| 09:31 | collector | dances | |", "| 09:31 | nobody | logs in | |"])
def test_a_step_that_nobody_understands_is_named(tmp_path, line):
    with pytest.raises(NotUnderstood, match="^a_day.txt:4: "):
        meaning(written(tmp_path, LOGS_IN, line)[1])


def test_a_table_begins_with_its_columns_and_has_steps(tmp_path):
    path = tmp_path / "a_day.txt"
    path.write_text(LOGS_IN, encoding="utf-8")
    with pytest.raises(NotUnderstood, match="^a_day.txt:1: "):
        journey(path)
    with pytest.raises(NotUnderstood):
        written(tmp_path)


def test_every_step_of_every_journey_is_understood():
    steps = [step for path in sorted(FOLDER.glob("*.txt")) for step in journey(path)]
    assert len(steps) > 100 and all(meaning(step) for step in steps if step.does)
