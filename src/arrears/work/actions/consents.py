"""What a person agreed to, and took back: at once, and never for the past."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from arrears.refusal import Refused
from arrears.tables.consents import CONSENT_KINDS
from arrears.tables.contacts import CHANNELS
from arrears.work.actions.action import Doing, action
from arrears.work.actions.rows import demand_processed, row_of
from arrears.work.models import Case, Consent, Party

Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""HH:MM, in the person's own time zone."""


@action("consent.give", on="case")
def give_consent(doing: Doing, case: Case, *, party: UUID, kind: Literal[CONSENT_KINDS], channel: Literal[CHANNELS] | None = None, from_hour: Hour | None = None, to_hour: Hour | None = None,
                 given_at: AwareDatetime | None = None) -> dict:
    """The person agreed, from given_at on (by default now). electronic: to one channel; night_contact: from the first hour until the second, which no longer is.

    Raises Refused where what the kind needs is missing, or it would be given in the future.
    """
    person = row_of(Party, case, party, "party", "当事人")
    demand_processed(person)
    if kind == "electronic" and (channel is None or from_hour or to_hour):
        raise Refused("a consent to electronic messages names its channel, and no hours", "电子送达的同意须写明渠道，不写时段")
    if kind == "night_contact" and (channel is not None or from_hour is None or to_hour is None or from_hour == to_hour):
        raise Refused("a consent to be contacted at night names two different hours, from and to, and no channel", "夜间联系的同意须写明起止两个不同的时刻，不写渠道")
    given = given_at or doing.now
    if given > doing.now:
        raise Refused(f"{given.isoformat()} is still to come; a consent counts once it was given", f"{given.isoformat()} 尚未到来；同意自作出之时起算")
    consent = Consent.objects.create(lender=case.lender, case=case, party=person, kind=kind, channel=channel, from_hour=from_hour, to_hour=to_hour, given_at=given)
    return {"consent": consent.id}


@action("consent.revoke", on="case")
def revoke_consent(doing: Doing, case: Case, *, consent: UUID) -> dict:
    """The consent no longer counts, from this moment on. Raises Refused where it was revoked before."""
    found = row_of(Consent, case, consent, "consent", "同意", alone=True)
    if found.revoked_at is not None:
        raise Refused(f"consent {consent} was revoked at {found.revoked_at.isoformat()}; nothing was changed", f"同意 {consent} 已于 {found.revoked_at.isoformat()} 撤回；未作任何更改")
    Consent.objects.filter(pk=consent).update(revoked_at=doing.now)
    return {"consent": consent}
