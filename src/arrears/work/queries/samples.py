"""Samples for quality checks: how far each is scored, its contacts with their results, what that says of collectors and teams, and how far reviewers agree."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db.models import Count, Q

from arrears.learning.measures import Measured, mean, wilson
from arrears.vault.refused import VaultRefused
from arrears.vault.vault import Sealed
from arrears.work.actions.action import NOT_VISIBLE, Forbidden
from arrears.work.actor import Actor
from arrears.work.models import Contact, Party, Sample, SampleItem, Sheet
from arrears.work.quality.agreement import Agreement, agreement
from arrears.work.quality.form import Form, form_from
from arrears.work.quality.frame_rows import own_choices, recording_of
from arrears.work.queries.ledger import ContactLine, line_of
from arrears.work.residuals import could, filter_for
from arrears.work.sealing import vault
from arrears.work.tenancy import seen_by

SIZE_MOST = 2_000


@dataclass(frozen=True)
class SampleLine:
    """One sample in a list. scored, disputed: how many of its contacts have a result, and how many wait for a second look."""

    id: UUID
    drawn_at: datetime
    drawn_by: str
    method: str
    by: str | None
    frame: dict[str, Any]
    found: int
    size: int
    seed: int
    double_percent: int
    form: str
    form_version: str
    scored: int
    disputed: int


@dataclass(frozen=True)
class SheetLine:
    """One filled sheet. comment: opened for whoever may see the case; None where there is none or its person was erased."""

    part: str
    reviewer: str
    reviewer_id: UUID
    filled_at: datetime
    form_version: str
    answers: dict[str, str]
    score_ppm: int | None
    red_lines: tuple[str, ...]
    is_passed: bool
    comment: str | None


@dataclass(frozen=True)
class ItemLine:
    """One contact of a sample. sheets: first, second, look, as far as they are filled; result: the one that counts."""

    id: UUID
    sample: UUID
    ordinal: int
    case: UUID
    contact: ContactLine
    collector: str | None
    collector_id: UUID | None
    team: str | None
    stratum: str | None
    weight: int
    is_double: bool
    state: str
    sheets: tuple[SheetLine, ...]
    dispute: str | None = None
    disputed_at: datetime | None = None

    @property
    def result(self) -> SheetLine | None:
        """The look where there is one, else the first."""
        by_part = {sheet.part: sheet for sheet in self.sheets}
        return by_part.get("look") or by_part.get("first")


@dataclass(frozen=True)
class Scores:
    """What the results of one collector (key: which) or team come to. passed: share with Wilson's interval; score: mean share of the points; red_lines: contacts that crossed one."""

    name: str
    key: UUID | None
    count: int
    passed: Measured
    score: Measured | None
    red_lines: int


@dataclass(frozen=True)
class SampleSheet:
    """One sample whole. on_pass, on_items: agreement of two reviewers on passing, and on all answers together."""

    line: SampleLine
    form: Form
    items: tuple[ItemLine, ...]
    collectors: tuple[Scores, ...]
    teams: tuple[Scores, ...]
    on_pass: Agreement | None
    on_items: Agreement | None


def samples(actor: Actor, size: int = 100) -> list[SampleLine]:
    """Up to size samples of the lender, the latest first; counts are of the contacts that the actor may see."""
    with seen_by(actor):
        rows = list(Sample.objects.filter(filter_of(actor), lender=actor.lender).select_related("drawn_by").order_by("-drawn_at", "-id")[:min(max(size, 1), SIZE_MOST)])
        counts = _counts(actor, [row.pk for row in rows])
    return [_line(row, counts.get(row.pk, (0, 0))) for row in rows]


def waiting(actor: Actor) -> tuple[int, int]:
    """Of all samples: how many contacts wait for their first sheet, and how many for a second look."""
    with seen_by(actor):
        found = SampleItem.objects.filter(filter_for(actor, "ledger.view", SampleItem), lender=actor.lender, state__in=("unscored", "disputed")).values_list("state").annotate(Count("id")).order_by()
        told = dict(found)
    return told.get("unscored", 0), told.get("disputed", 0)


def one_sample(actor: Actor, sample: UUID) -> SampleSheet:
    """The sample with everything about it, without comments. Raises Forbidden where there is none such."""
    with seen_by(actor):
        row = Sample.objects.filter(filter_of(actor), lender=actor.lender, pk=sample).select_related("drawn_by").first()
        if row is None:
            raise Forbidden(f"there is no sample {sample} among those you may see ({NOT_VISIBLE})", f"在您可见的范围内没有抽样 {sample}（{NOT_VISIBLE}）", (NOT_VISIBLE,))
        counts = _counts(actor, [row.pk])
        items = _items(SampleItem.objects.filter(filter_for(actor, "ledger.view", SampleItem), sample=row).order_by("ordinal")[:SIZE_MOST])
    return SampleSheet(_line(row, counts.get(row.pk, (0, 0))), form_from(row.form_text, row.form), items, _scores(items, "collector"), _scores(items, "team"), *_agreements(items))


def one_item(actor: Actor, item: UUID) -> tuple[ItemLine, Form, UUID | None]:
    """One contact of a sample with the comments of its sheets in clear, its form, and the recording of it where there is one. Raises Forbidden where there is none such."""
    with seen_by(actor):
        rows = SampleItem.objects.filter(filter_for(actor, "ledger.view", SampleItem), lender=actor.lender, pk=item)
        if not could(actor, "sample.view", "Lender").allowed or not rows.exists():
            raise Forbidden(f"there is no contact {item} of a sample among those you may see ({NOT_VISIBLE})", f"在您可见的范围内没有抽样联系 {item}（{NOT_VISIBLE}）", (NOT_VISIBLE,))
        (found,) = _items(rows, opened=actor.lender)
        sample = Sample.objects.get(pk=found.sample)
        recording = recording_of(Contact.objects.get(pk=found.contact.id))
    return found, form_from(sample.form_text, sample.form), recording and recording.pk


def own_items(actor: Actor, size: int = 100) -> list[tuple[ItemLine, Form]]:
    """The scored contacts that the actor made, the latest first, with comments and the form each was scored by: of cases that are still with the actor's teams."""
    with seen_by(actor):
        if actor.account is None or not could(actor, "sheet.view", "Lender").allowed:
            return []
        rows = SampleItem.objects.filter(lender=actor.lender, contact__made_by=actor.account).exclude(state="unscored").order_by("-sample__drawn_at", "ordinal")[:min(max(size, 1), 200)]
        items = _items(rows, opened=actor.lender)
        forms = {key: form_from(text, name) for key, text, name in Sample.objects.filter(pk__in={item.sample for item in items}).values_list("pk", "form_text", "form")}
    return [(item, forms[item.sample]) for item in items]


def dispute_until(item: ItemLine) -> datetime | None:
    """Through when the result may be disputed; None where it no longer may."""
    first = next((sheet for sheet in item.sheets if sheet.part == "first"), None)
    if item.state != "scored" or first is None:
        return None
    return first.filled_at + timedelta(days=own_choices(settings.ARREARS[0])["dispute_days"])


def filter_of(actor: Actor) -> Q:
    """Samples are of the lender as a whole: all of them, or none."""
    return ~Q(pk__in=[]) if could(actor, "sample.view", "Lender").allowed else Q(pk__in=[])


def _counts(actor: Actor, keys: list[UUID]) -> dict[UUID, tuple[int, int]]:
    rows = SampleItem.objects.filter(filter_for(actor, "ledger.view", SampleItem), sample__in=keys).values("sample").order_by()
    return {row["sample"]: (row["scored"], row["disputed"]) for row in rows.annotate(scored=Count("id", filter=~Q(state="unscored")), disputed=Count("id", filter=Q(state="disputed")))}


def _line(row: Sample, counts: tuple[int, int]) -> SampleLine:
    return SampleLine(row.pk, row.drawn_at, row.drawn_by.name, row.method, row.by, row.frame, row.found, row.size, row.seed, row.double_percent, row.form, row.form_version, *counts)


def _items(rows, opened: str | None = None) -> tuple[ItemLine, ...]:
    """The items with their contacts and sheets, in two queries; opened: the lender whose comments are opened too."""
    found = list(rows.select_related("contact__case", "contact__made_by__collector__team", "collector__team"))
    sheets: dict[UUID, list[Sheet]] = defaultdict(list)
    for sheet in Sheet.objects.filter(item__in=[row.pk for row in found]).select_related("reviewer").order_by("filled_at"):
        sheets[sheet.item_id].append(sheet)
    words = _words(opened, found, sheets) if opened else {}
    return tuple(ItemLine(row.pk, row.sample_id, row.ordinal, row.case_id, line_of(row.contact), row.collector and row.collector.roster_name, row.collector_id, row.collector and row.collector.team.code, row.stratum,
                          row.weight, row.is_double, row.state, tuple(_sheet(sheet, words.get(sheet.pk)) for sheet in sheets[row.pk]), words.get(row.pk), row.disputed_at) for row in found)


def _sheet(row: Sheet, comment: str | None) -> SheetLine:
    return SheetLine(row.part, row.reviewer.name, row.reviewer_id, row.filled_at, row.form_version, row.answers, row.score_ppm, tuple(row.red_lines), row.is_passed, comment)


def _words(lender: str, items: list[SampleItem], sheets: dict[UUID, list[Sheet]]) -> dict[UUID, str]:
    """By row what was written, in clear; nothing of persons who were erased."""
    whose = {case: (person, erased) for case, person, erased in Party.objects.filter(case__in={item.case_id for item in items}, role="debtor").values_list("case", "person", "erased_at")}
    cells = [(item, "dispute_sealed") for item in items] + [(sheet, "comment_sealed") for item in items for sheet in sheets[item.pk]]
    told = {}
    for row, column in cells:
        person, erased = whose.get(row.case_id, (None, None))
        kept = getattr(row, column)
        if kept is not None and person is not None and erased is None:
            try:
                told[row.pk] = vault().open(lender, [Sealed(str(person), row._meta.db_table, column, str(row.pk), bytes(kept))])[0]
            except VaultRefused:
                continue
    return told


def _scores(items: tuple[ItemLine, ...], of: str) -> tuple[Scores, ...]:
    """By collector or team, the fewest passed first; contacts that nobody of the roster made are left out."""
    by: dict[str, list[SheetLine]] = defaultdict(list)
    keys = {item.collector: item.collector_id for item in items} if of == "collector" else {}
    for item in items:
        name = getattr(item, of)
        if name and item.result is not None:
            by[name].append(item.result)
    found = [Scores(name, keys.get(name), len(rows), wilson(sum(row.is_passed for row in rows), len(rows)), mean(np.array([row.score_ppm / 1e6 for row in rows if row.score_ppm is not None])),
                    sum(bool(row.red_lines) for row in rows)) for name, rows in by.items()]
    return tuple(sorted(found, key=lambda one: (one.passed.value, one.name)))


def _agreements(items: tuple[ItemLine, ...]) -> tuple[Agreement | None, Agreement | None]:
    """Of first and second sheets: on passing, and on the answers to all items."""
    pairs = [(by["first"], by["second"]) for by in ({sheet.part: sheet for sheet in item.sheets} for item in items) if "first" in by and "second" in by]
    return (agreement([(str(one.is_passed), str(other.is_passed)) for one, other in pairs]),
            agreement([(one.answers[name], other.answers[name]) for one, other in pairs for name in one.answers if name in other.answers]))
