"""What is wrong with a roster on a night, and what is worth knowing of it: who is gone, may have no cases, or has no room; what nobody can do."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from arrears import store
from arrears.allocation.recall import worked_on
from arrears.allocation.roster import AGENCY, Roster, holds_on, is_away
from arrears.allocation.roster_reading import demand_stages, roster_from
from arrears.delinquency.buckets import read_buckets
from arrears.law.agencies import agencies_from, faults_of
from arrears.law.lender import Lender, lender_from
from arrears.law.packs import law_of, packed
from arrears.nightly.sharing import present_roster
from arrears.refusal import Refused
from arrears.store import Book


@dataclass(frozen=True)
class Told:
    """A finding in both languages. is_fault: somebody or something of the roster can have no case; otherwise it is worth knowing."""

    is_fault: bool
    en: str
    zh: str


def roster_told(book: Book, as_of: date) -> tuple[Roster, list[Told]]:
    """The present roster, and what is found of it on the day that the night's list is worked, by the present law and lender.yaml; languages are those of the night's cases, where it is
    finished. Raises Refused where there is no roster, BadYaml where it is not as it should be.
    """
    if as_of == date.max:
        raise Refused(f"--as-of {as_of} is the last day of the calendar; a night's list is worked the day after, so name an earlier one", f"--as-of {as_of} 是日历的最后一天；夜批名单在次日执行，请写较早的日期")
    roster = roster_from(present_roster(book))
    buckets = read_buckets().names
    demand_stages(roster, buckets)
    lender = lender_from(store.lender_text(book))
    cases = book.night(as_of) / "cases.parquet"
    wanted = store.read_columns(cases, ["owner", "language", "bucket", "product", "skill", "region"]) if cases.is_file() else None
    return roster, [*_of_people(roster, as_of), *_of_agencies(roster, as_of, lender), *_of_teams(roster, as_of), *_missing(roster, buckets[1:], wanted, as_of)]


def _of_people(roster: Roster, as_of: date) -> list[Told]:
    day, found = worked_on(as_of), []
    for one in roster.people:
        begins, ends = one.term
        is_agency = one.owner == AGENCY
        if ends is not None and ends <= day:
            found.append(Told(True, f"{one.name}: the contract ended on {ends}; their cases come back" if is_agency else f"{one.name}: left on {ends}; their cases come back",
                              f"{one.name}：合同已于 {ends} 到期，案件收回" if is_agency else f"{one.name}：已于 {ends} 离职，案件收回"))
        elif day < begins:
            found.append(Told(False, f"{one.name}: there from {begins} on, so no cases yet", f"{one.name}：{begins} 起才到岗，暂不接案"))
        elif is_away(one, day):
            back = next(span[1] for span in one.away if holds_on(span, day))
            found.append(Told(False, f"{one.name}: away until {back}; no new cases until then", f"{one.name}：不在岗，{back} 返回，此前不接新案"))
        if not one.cases_most:
            found.append(Told(True, f"{one.name}: cases_most is 0, so they can have no case; raise it, or remove them", f"{one.name}：cases_most 为 0，不能承接案件；请提高或删除"))
        elif not is_agency and not one.minutes:
            found.append(Told(True, f"{one.name}: minutes is 0, so no treatment that takes time is chosen for them; raise it", f"{one.name}：minutes 为 0，不会为其选择需要工时的处置；请提高"))
        if one.stages == () or one.products == () or one.languages == ():
            what = "stages" if one.stages == () else "products" if one.products == () else "languages"
            found.append(Told(True, f"{one.name}: {what} is empty, so no case fits; list them, or write any", f"{one.name}：{what} 为空，没有案件符合；请列出或写 any"))
        if one.owner in ("visitor", AGENCY) and one.regions == ():
            found.append(Told(True, f"{one.name}: regions is empty, so no visit and no agency's case fits; list them, or write any", f"{one.name}：regions 为空，外访与委外案件均不符合；请列出或写 any"))
    return found


def _of_agencies(roster: Roster, as_of: date, lender: Lender) -> list[Told]:
    rules = agencies_from(packed(law_of(lender.law, None), "cn"))
    found = []
    for one in roster.agencies:
        for rule, en, zh in faults_of(rules, one.evaluated_on, one.inspected_on, one.contract_from, one.contract_until, lender.licence, worked_on(as_of)):
            found.append(Told(True, f"{one.name}: may have no case ({rule}): {en}", f"{one.name}：不得委托（{rule}）：{zh}"))
        if one.share_ppm == 0:
            found.append(Told(False, f"{one.name}: its share is 0%, so it gets no new case", f"{one.name}：份额为 0%，不接新案"))
    return found


def _of_teams(roster: Roster, as_of: date) -> list[Told]:
    there = {one.team for one in roster.collectors if holds_on(one.term, worked_on(as_of))}
    return [Told(True, f"team {team}: nobody works in it on {worked_on(as_of)}", f"小组 {team}：{worked_on(as_of)} 没有人在职") for team in roster.teams if team not in there]


def _missing(roster: Roster, stages: tuple[str, ...], wanted: pl.DataFrame | None, as_of: date) -> list[Told]:
    """Stages nobody has; of the cases of the night the languages nobody has."""
    there = [one for one in roster.people if holds_on(one.term, worked_on(as_of)) and one.cases_most]
    found = [Told(True, f"stage {stage}: nobody may have it; its cases stay without anybody where somebody by name is needed", f"阶段 {stage}：没有人可处理；需要专人的案件将无人负责")
             for stage in stages if not any(one.stages is None or stage in one.stages for one in there)]
    if wanted is None:
        return found
    spoken = wanted.filter(pl.col("owner").is_not_null() & pl.col("language").is_not_null()).group_by("language").len().sort("language")
    return found + [Told(True, f"language {language}: nobody speaks it, and {people} people of that night need somebody who does", f"语言 {language}：没有人会，当晚有 {people} 人需要")
                    for language, people in spoken.iter_rows() if not any(one.languages is None or language in one.languages for one in there)]
