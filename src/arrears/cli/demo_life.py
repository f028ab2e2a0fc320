"""What lies in the demo's desk when it is opened: some weeks of made-up work by its collectors, each piece done by the real action of the account that did it, at a moment of the past.

Calls of every outcome, promises ahead and broken, plans, waivers that wait for another's eyes, disputes, complaints, reviews of hardship, numbers that are closed, somebody away, notes
of a lead. All of it follows from the case's place in its collector's list, so that two demos are alike. Nothing is done twice: where a contact is there already, nothing is.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from arrears.days import microseconds_of, moment_of
from arrears.refusal import Refused

ZONE = ZoneInfo("Asia/Shanghai")
COLLECTORS_MOST, CASES_EACH = 24, 26
"""So many collectors work, so many cases each: enough that each page has something, little enough for a demo."""
NOTES = ("本人接听，称工资月中发放，届时先还一部分。", "接听后表示正在开车，约晚些再联系。", "本人表示近期生意回款慢，愿意协商。", "家属接听，未透露任何债务信息。", "本人语气平和，确认金额无误。")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Scene:
    """One collector's one case while it is worked: who acts, the case, its loan and numbers; said: what could not be done, counted."""

    actor: object
    case: UUID
    loan: str
    claimable_minor: int
    point: UUID | None
    place: int
    now: datetime

    def do(self, verb: str, parameters: dict, at: datetime, reason: str | None = None) -> dict:
        from arrears.work.actions.action import perform

        return perform(self.actor, verb, parameters, microseconds_of(at), thing=self.case, reason=reason)

    def talk(self, outcome: str, at: datetime, **more) -> dict:
        return self.do("talk.note", {"outcome": outcome, "attempted_at": at.isoformat(), **({"contact_point": self.point} if self.point else {}), **more}, at)


def demo_life(code: str, roster, lang: str, now: int, report: Callable[[str, int, int], None] = lambda *_: None) -> list[str]:
    """The desk of the lender has its weeks of work; the line to print. roster: of the night that was taken in. Again, nothing is added."""
    from arrears.work.actor import ALL_TEAMS, Actor
    from arrears.work.queries.cases import list_cases, one_case

    auditor = Actor(None, "demo", code, frozenset({"auditor"}), ALL_TEAMS, via="cli", second_factor=True)
    at = moment_of(now)
    done = 0
    people = _accounts(code, roster, lang, now)
    for number, actor in enumerate(people):
        lines = list_cases(replace(auditor), 1, CASES_EACH, held_by=actor.collector).lines
        for place, line in enumerate(lines):
            if line.worked_at is not None:
                continue
            sheet = one_case(auditor, line.id)
            points = [one["id"] for one in sheet.parts["contact_points"] if one["kind"] == "phone" and one["state"] == "usable"]
            debts = sheet.parts["debts"]
            if sheet.parts["contacts"] or not debts:
                continue
            debt = max(debts, key=lambda one: one["claimable_minor"])
            scene = Scene(actor, line.id, debt["loan_id"], debt["claimable_minor"], points[0] if points else None, place + 7 * number, at)
            for step in _steps(scene):
                try:
                    step()
                    done += 1
                except Refused:
                    break  # what follows rests on it
            report("working the demo's cases", number * CASES_EACH + place + 1, len(people) * CASES_EACH)
    with suppress(Refused):
        _afterwards(code, people, now)
    zh = lang == "zh"
    return [f"已模拟 {len(people)} 名催收员的 {done:,} 次作业（通话、承诺、分期、异议、投诉、困难审核、待审批）" if zh else
            f"{len(people)} collectors have worked: {done:,} calls, promises, plans, disputes, complaints, reviews of hardship and requests for approval"] if done else []


def _accounts(code: str, roster, lang: str, now: int) -> list:
    """Those who work: the accounts of the first collectors of each team, made where they are not there yet."""
    from arrears.work.actions.action import perform
    from arrears.work.actor import system
    from arrears.work.queries.accounts import standing
    from arrears.work.queries.installation import account_names, accounts_of_collectors

    names, first = account_names(code), roster.collectors[0].name if roster.collectors else None
    day = moment_of(now).astimezone(ZONE).date()
    chosen = [one for one in roster.collectors if one.left_on is None or one.left_on > day]
    by_team: dict[str, list] = {}
    for one in chosen:
        by_team.setdefault(one.team, []).append(one)
    share = max(1, COLLECTORS_MOST // max(len(by_team), 1))
    wanted = [one for team in by_team.values() for one in team[:share]]
    for one in wanted:
        if one.name != first and one.name not in names:
            perform(system(code), "account.create", {"name": one.name, "roles": ["collector"], "teams": [one.team], "collector": one.name, "language": lang}, now)
    found = accounts_of_collectors(code)
    stood = [standing(found[one.name], code, moment_of(now), via="cli", second_factor=True) for one in wanted if one.name in found]
    return [one.actor for one in stood if one is not None]


def _hour(scene: Scene, days: int, hour: int) -> datetime:
    """A moment within working hours so many days ago, in the lender's zone; the day before where that is still ahead."""
    at = scene.now.astimezone(ZONE).replace(hour=hour, minute=(scene.place * 7) % 60, second=0, microsecond=0) - days * DAY
    return (at if at < scene.now - timedelta(minutes=30) else at - DAY).astimezone(UTC)


def _steps(scene: Scene) -> Iterator[Callable[[], object]]:
    """What was done about the case, in order: tries first, then what its place in the list says."""
    kind, note = scene.place % 26, NOTES[scene.place % len(NOTES)]
    if scene.place % 3:
        yield lambda: scene.talk("no_answer", _hour(scene, 9 + scene.place % 4, 10))
    if scene.place % 4 == 1:
        yield lambda: scene.talk("busy", _hour(scene, 6, 15))
    yield from _ENDINGS[kind](scene, note) if kind < len(_ENDINGS) else _try(scene, note)


def _try(scene: Scene, note: str):
    yield lambda: scene.talk("voicemail" if scene.place % 2 else "no_answer", _hour(scene, scene.place % 3, 11 + scene.place % 6))


def _promise(scene: Scene, note: str):
    at = _hour(scene, scene.place % 3, 14)
    yield lambda: scene.talk("promise", at, loan_id=scene.loan, amount_minor=scene.claimable_minor, pay_by_on=_day(at, 1 + scene.place % 9), pay_channel="app", note=note)


def _broken(scene: Scene, note: str):
    at = _hour(scene, 8, 14)
    yield lambda: scene.talk("promise", at, loan_id=scene.loan, amount_minor=max(scene.claimable_minor // 2, 1), pay_by_on=_day(at, 3), pay_channel="transfer", note=note)


def _part(scene: Scene, note: str):
    at = _hour(scene, 1, 16)
    yield lambda: scene.talk("part_promise", at, loan_id=scene.loan, amount_minor=max(scene.claimable_minor // 3, 1), pay_by_on=_day(at, 5), pay_channel="auto_debit", note=note)


def _call_back(scene: Scene, note: str):
    at = _hour(scene, 0, 9)
    again = scene.now.astimezone(ZONE).replace(hour=9 + scene.place % 10, minute=scene.place * 5 % 60, second=0, microsecond=0) + (1 + scene.place % 2) * DAY
    yield lambda: scene.talk("call_back", at, call_back_at=again.isoformat(), note=note)


def _refuses(scene: Scene, note: str):
    yield lambda: scene.talk("refuses", _hour(scene, 2, 17), note=note)


def _hardship(scene: Scene, note: str):
    why = ("illness", "job_lost", "income_cut", "business_failing", "disaster")[scene.place % 5]
    yield lambda: scene.talk("cannot_pay", _hour(scene, 3 + scene.place % 5, 10), hardship=why, note="本人称近期困难，愿意提供证明。")


def _dispute(scene: Scene, note: str):
    ground = ("amount", "paid", "not_mine", "terms")[scene.place % 4]
    yield lambda: scene.talk("disputes", _hour(scene, 2 + scene.place % 12, 11), ground_of_dispute=ground, loan_id=scene.loan, note="本人对金额有异议，要求核对账单。")


def _complaint(scene: Scene, note: str):
    ground = ("hours", "harassment", "wording", "third_party")[scene.place % 4]
    yield lambda: scene.talk("complains", _hour(scene, 1 + scene.place % 13, 15), ground_of_complaint=ground, note="本人投诉联系过于频繁。")


def _wrong_person(scene: Scene, note: str):
    if scene.point:
        yield lambda: scene.talk("wrong_person", _hour(scene, 1, 10), note="接听人表示不认识借款人。")


def _says_paid(scene: Scene, note: str):
    yield lambda: scene.talk("says_paid", _hour(scene, 0, 10), loan_id=scene.loan, note="本人称已还款，待核对。")


def _ill(scene: Scene, note: str):
    yield lambda: scene.talk("vulnerable", _hour(scene, 4, 10), state="seriously_ill", note="家属告知本人住院。")


def _plan(scene: Scene, note: str):
    """Instalments without a waiver, agreed by the collector where they may."""
    at, plan = _hour(scene, 5, 13), {}
    yield lambda: scene.talk("asks_plan", at, loan_id=scene.loan, note="本人申请分期。")
    yield lambda: plan.update(scene.do("plan.propose", {"loan_id": scene.loan, "instalments": _instalments(scene, at, scene.claimable_minor, 3)}, at + timedelta(minutes=3)))
    yield lambda: scene.do("plan.agree", {"plan": plan["plan"]}, at + timedelta(minutes=6))


def _waiver(scene: Scene, note: str):
    """Part of the penalty is to be waived, which somebody else must approve."""
    from arrears.work.queries.cases import one_case

    at, plan = _hour(scene, scene.place % 3, 15), {}
    debt = next(one for one in one_case(scene.actor, scene.case).parts["debts"] if one["loan_id"] == scene.loan)
    penalty = int(debt["position"].get("penalty_minor") or 0)
    waived = {"waived_penalty_minor": penalty} if penalty else {}
    yield lambda: scene.talk("asks_plan", at, loan_id=scene.loan, note="本人希望减免部分罚息后分期。")
    yield lambda: plan.update(scene.do("plan.propose", {"loan_id": scene.loan, "instalments": _instalments(scene, at, scene.claimable_minor - penalty, 2 + scene.place % 4), **waived}, at + timedelta(minutes=4)))
    yield lambda: scene.do("approval.ask", {"kind": "waiver" if penalty else "plan", "subject": plan["plan"]}, at + timedelta(minutes=7), reason="收入下降，减免后可按期还清")


_ENDINGS = (_promise, _waiver, _hardship, _broken, _dispute, _plan, _call_back, _complaint, _promise, _part, _wrong_person, _refuses, _says_paid, _broken, _waiver, _ill)
"""By the case's place in the list of its collector; the others were only tried."""


def _instalments(scene: Scene, at: datetime, sum_minor: int, number: int) -> list[dict]:
    each = sum_minor // number
    return [{"due_on": _day(at, 10 + 30 * place), "amount_minor": each + (sum_minor - each * number if place == 0 else 0)} for place in range(number)]


def _day(at: datetime, days: int) -> str:
    return (at.astimezone(ZONE).date() + days * DAY).isoformat()


def _afterwards(code: str, people: list, now: int) -> None:
    """Payments tell what became of promises and plans; somebody is away, and a lead wrote a note."""
    from arrears.work.actions.action import perform
    from arrears.work.actor import system
    from arrears.work.queries.accounts import account_named, standing

    perform(system(code), "promise.settle", {"as_of": moment_of(now - 86_400_000_000).astimezone(ZONE).date().isoformat()}, now)
    if not people:
        return
    lead = standing(account_named(system(code), "team-lead"), code, moment_of(now), via="cli", second_factor=True).actor
    mine = [one for one in people if set(one.teams) & set(lead.teams)]
    for one, (verb, given) in zip(mine[-2:], (("absence.put", {"kind": "leave", "from_on": _day(moment_of(now), 0), "until_on": _day(moment_of(now), 4)}), ("coaching.write", {"text": "本周承诺兑现率有提升；通话结束前请复述还款日期。"})), strict=False):
        with suppress(Refused):
            perform(lead, verb, given, now, thing=one.collector)


