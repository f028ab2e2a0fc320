"""A night taken in as cases, by the program itself; and the one call for it."""

import secrets
from datetime import date
from pathlib import Path
from uuid import uuid4

from arrears import store
from arrears.days import moment_of
from arrears.law import lender as law
from arrears.law.lender import LENDER_FILE
from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action, perform, put_down
from arrears.work.actor import system
from arrears.work.intake import keep_by_what_it_was_decided, one_at_a_time, take_in
from arrears.work.models import Entry, Lender, Rulebook
from arrears.work.night_files import Night, night_of
from arrears.work.sealing import vault
from arrears.work.tenancy import seen_by

VERB = "case.take_in"


class TakenInBefore(Exception):
    """This very night was taken in before, so nothing is changed. told: what that changed then."""

    def __init__(self, told: dict):
        super().__init__("taken in before")
        self.told = told


@action(VERB, on="lender", personal=("book",))
def take_in_night(doing: Doing, lender: Lender, *, night: date, digest: str, worklist: str, people: list[str], book: Path) -> dict:
    """The night is taken in, whole. digest: of all that is read; worklist: SHA-256 of its file; people: those of the files of people; the book's path is in no Entry.

    Where it was taken in before the work plane kept the rules of nights, those alone are kept now (rules_kept), and nothing else is changed.
    Raises TakenInBefore where it was, with its rules; Refused where a later one was, or the night is not as it was a moment ago.
    """
    one_at_a_time(lender.code)
    last = _last(lender.code)
    is_known = last is not None and last.parameters["digest"] == digest
    if is_known and Rulebook.objects.filter(lender=lender.code).exists():
        raise TakenInBefore(last.result)
    if last is not None and last.parameters["night"] > night.isoformat():
        raise Refused(f"{book}: the night of {last.parameters['night']} was taken in already, and an older one would put back what is known since; nothing was changed: take in a later night",
                      f"{book}：已接收 {last.parameters['night']} 夜批；更早的夜批会覆盖较新的事实；未作任何更改：请接收更晚的夜批")
    found = night_of(store.book_at(book), night)
    if found.digest != digest:
        raise Refused(f"{found.folder}: it changed while it was being taken in; nothing was changed here: run again", f"{found.folder}：接收期间发生变化；未作任何更改：请重试")
    if is_known:
        keep_by_what_it_was_decided(lender.code, found)
        return {**dict.fromkeys(last.result, 0), "rules_kept": 1}
    return take_in(lender.code, found, vault(), doing.now, last.parameters["people"] if last is not None else [])


def take_night(night: Night, code: str, now: int) -> tuple[dict, bool]:
    """The counts of what the night changed, and whether it was taken in just now (False: it was before). now: microseconds. The lender is known, see open_lender."""
    given = {"night": night.as_of, "digest": night.digest, "worklist": night.worklist_digest, "people": [one.digest for one in night.people], "book": night.book.root}
    try:
        return perform(system(code), VERB, given, now), True
    except TakenInBefore as before:
        return before.told, False


def open_lender(lender: law.Lender, now: int) -> bool:
    """The lender of this lender.yaml is known to the work plane; whether it was made known just now. Raises Refused where its code is another lender's here.

    The first thing ever done for a lender: there is nothing yet that a policy could be asked about.
    """
    actor, entry, salt = system(lender.id), uuid4(), secrets.token_bytes(32)
    with seen_by(actor, entry, salt):
        found, is_new = Lender.objects.get_or_create(code=lender.id, defaults={"name_zh": lender.name, "name_en": lender.name, "law": lender.law, "licence": lender.licence})
        if is_new:
            put_down(Doing(actor, moment_of(now), entry), "lender.open", salt, parameters={"code": lender.id})
    if lender.name not in (found.name_zh, found.name_en):
        raise Refused(f"{lender.id} is {found.name_zh} here, but {LENDER_FILE} calls it {lender.name}: two lenders must not share an id; nothing was changed: give one of them another id",
                      f"此处编号 {lender.id} 属于 {found.name_zh}，而 {LENDER_FILE} 称其为 {lender.name}；两家机构不得共用编号；未作任何更改：请为其中一家改用另一编号")
    return is_new


def _last(code: str) -> Entry | None:
    return Entry.objects.filter(lender=code, verb=VERB, is_refused=False).order_by("-number").first()
