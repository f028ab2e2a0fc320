"""A clock that tests set, and staff who have logged in."""

from uuid import UUID

import pytest
from django.test import override_settings

from web.staff import Clock, Person, administrator_of_shell


@pytest.fixture
def clock(work, settings_of_django):
    """The moment of every request, as the test says; nobody is locked out at its beginning."""
    return settings_of_django


@pytest.fixture
def settings_of_django(work):
    from axes.models import AccessAttempt
    from django.conf import settings

    names = ("ARREARS_CLOCK", "ARREARS_ACCESS", "AXES_FAILURE_LIMIT", "AXES_COOLOFF_TIME")
    before = {name: getattr(settings, name) for name in names}
    settings.ARREARS_CLOCK = Clock(work.now)
    AccessAttempt.objects.all().delete()
    with override_settings(PASSWORD_HASHERS=["web.staff.Quick"]):
        yield settings.ARREARS_CLOCK
    for name in names:
        setattr(settings, name, before[name])


@pytest.fixture
def staff(work, clock):
    """Makes one of the staff by the real action: a role, of a team where the role has one. enrolled: has logged in whole."""
    from arrears.work.actions.action import perform

    lenders: list[str] = []

    def make(role: str = "compliance_officer", *, enrolled: bool = True, lender: str | None = None, team: str | None = None) -> Person:
        code = lender or (lenders[0] if lenders else work.lender())
        lenders.append(code)
        name = f"{role.replace('_', '-')}-{len(lenders)}-{code[-6:]}"
        extra = {}
        if role in ("collector", "team_lead", "agency_worker"):
            team = team or "north"
            if role == "collector":
                work.collector(code, team, name)
            else:
                work.team(code, team, "agency" if role == "agency_worker" else "own")
            extra["teams"] = [team]
        told = perform(administrator_of_shell(code), "account.create", {"name": name, "roles": [role], **extra}, clock.now)
        person = Person(UUID(told["account"]), name, code, clock, told["one_time_password"])
        return person.settle() if enrolled else person

    return make
