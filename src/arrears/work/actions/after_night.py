"""What follows a night that was taken in, by the program itself: promises and plans told by its payments, broken plans offered again, and pauses ended whose days are over."""

from datetime import date

from arrears.days import moment_of
from arrears.work.actions.action import ZONE, perform
from arrears.work.actor import system

OF_DAY = ("promise.settle", "plan.settle", "plan.reoffer")
OF_NOW = ("hardship.settle",)


def settle_night(code: str, as_of: date, now: int) -> dict[str, dict[str, int]]:
    """By verb what it changed; doing it again changes nothing. as_of: the night's day; of a day to come the one of now is meant. now: microseconds. The lender is known."""
    day = min(as_of, moment_of(now).astimezone(ZONE).date())
    told = {verb: perform(system(code), verb, {"as_of": day.isoformat()}, now) for verb in OF_DAY}
    return told | {verb: perform(system(code), verb, {}, now) for verb in OF_NOW}
