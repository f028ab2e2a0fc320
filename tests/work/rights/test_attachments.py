"""Recordings and proofs are sealed whole, bound to their row and person, opened for a purpose, counted, and limited in size."""

import base64
import hashlib
from datetime import timedelta

import pytest

from arrears.days import moment_of
from arrears.refusal import Refused
from work.rights.made_people import Person, case_made, collector_made, lender_made, writing
from work.rights.test_rights import rows
from work.rights.test_unmasking import ZHANG, entries, limited, own_settings  # noqa: F401


@pytest.fixture
def held(work):
    lender = lender_made(work)
    actor = collector_made(work, lender)
    return lender, actor, case_made(work, lender, Person("debtor", **ZHANG), Person("guarantor", name="李娜"), held_by=actor.collector)


def add(work, actor, made, content=b"\x00\xffvoice", **more):
    from arrears.work.actions.action import perform

    given = {"kind": "recording", "record_kind": "call_recording", "content": content, "made_at": moment_of(work.now), "title": "张伟来电录音", **more}
    return perform(actor, "attachment.add", given, work.now, thing=made.case)["attachment"]


def open_it(work, actor, made, attachment):
    from arrears.work.actions.action import perform

    told = perform(actor, "attachment.open", {"attachment": attachment}, work.now, thing=made.case, reason="核对承诺", purpose="dispute")
    return base64.b64decode(told["content_base64"]), told["title"]


@pytest.mark.parametrize("size", [1, 12, 1024 * 1024 + 1])
def test_what_is_added_opens_byte_for_byte(work, held, size):
    lender, actor, made = held
    content = hashlib.shake_256(b"seed").digest(size)
    key = add(work, actor, made, content)
    assert open_it(work, actor, made, key) == (content, "张伟来电录音")
    kept = rows(lender, "Attachment")[0]
    assert kept.size_bytes == size and (size < 16 or content[:16] not in bytes(kept.content_sealed)) and hashlib.sha256(bytes(kept.content_sealed)).hexdigest() == kept.digest
    assert base64.b64encode(content[:48]) not in bytes(kept.content_sealed)


def test_the_entries_hold_neither_content_nor_title(work, held):
    lender, actor, made = held
    open_it(work, actor, made, add(work, actor, made))
    found = [one for one in entries(lender) if one.verb.startswith("attachment.")]
    assert [(one.verb, "content" in one.parameters, "title" in one.parameters, "content_base64" in one.result) for one in found] == [("attachment.add", False, False, False), ("attachment.open", False, False, False)]


def test_what_was_exchanged_cut_or_changed_does_not_open(work, held):
    from arrears.work.models import Attachment

    lender, actor, made = held
    key, other = add(work, actor, made, b"a" * 100), add(work, actor, made, b"b" * 100)
    first, second = (bytes(rows(lender, "Attachment", id=one)[0].content_sealed) for one in (key, other))
    for wrong in (second, first[:-1], first + b"\0", first[:40] + bytes([first[40] ^ 1]) + first[41:], b"\x02" + first[1:], b""):
        with writing(work, lender):
            Attachment.objects.filter(id=key).update(content_sealed=wrong, digest=hashlib.sha256(wrong).hexdigest())
        with pytest.raises(Refused):
            open_it(work, actor, made, key)
    with writing(work, lender):
        Attachment.objects.filter(id=key).update(content_sealed=first)
    with pytest.raises(Refused, match="not what was put there"):
        open_it(work, actor, made, key)


@pytest.mark.parametrize("wrong", [{"content": b""}, {"kind": "recording", "record_kind": "complaint_file"}, {"kind": "photo"}, {"made_at": "future"}, {"made_at": "2026-01-01T00:00:00"}, {"party": "of another"}])
def test_what_cannot_be_kept_is_refused(work, held, wrong):
    lender, actor, made = held
    if wrong.get("made_at") == "future":
        wrong = {"made_at": moment_of(work.now) + timedelta(seconds=1)}
    if "party" in wrong:
        wrong = {"party": case_made(work, lender, Person("debtor")).parties[0]}
    with pytest.raises(Refused):
        add(work, actor, made, **wrong)
    assert not rows(lender, "Attachment")


def test_the_operator_says_how_large(work, held):
    lender, actor, made = held
    (work.home / "settings.yaml").write_text("attachments: {size_most_bytes: 10}\n")
    assert add(work, actor, made, b"x" * 10)
    with pytest.raises(Refused, match="10 are taken"):
        add(work, actor, made, b"x" * 11)


def test_opening_is_counted_and_needs_purpose_and_reason(work, held):
    from arrears.work.actions.action import perform

    lender, actor, made = held
    key = add(work, actor, made)
    for given in ({"reason": "核对"}, {"purpose": "dispute"}, {"reason": "核对", "purpose": "curiosity"}):
        with pytest.raises(Refused):
            perform(actor, "attachment.open", {"attachment": key}, work.now, thing=made.case, **given)
    limited(work, 1, 9)
    open_it(work, actor, made, key)
    with pytest.raises(Refused, match="an_hour"):
        open_it(work, actor, made, key)


def test_an_attachment_of_an_erased_or_frozen_person_stays_closed(work, held):
    from arrears.work.models import Party

    lender, actor, made = held
    key = add(work, actor, made, party=made.parties[1])
    for state in ("frozen_at", "erased_at"):
        with writing(work, lender):
            Party.objects.filter(id=made.parties[1]).update(**{state: moment_of(work.now)})
        with pytest.raises(Refused):
            open_it(work, actor, made, key)
        with pytest.raises(Refused):
            add(work, actor, made, party=made.parties[1])
