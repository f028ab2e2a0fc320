"""Second factors and sessions as allauth keeps them, for one account: found, kept, spent once, removed.

The rows are allauth's own tables (mfa_authenticator, usersessions_usersession) and Django's (django_session), which tell no change; they are written inside actions, and the first is
guarded so (guards.FACTORS), so that an Entry stands beside each. Secrets are sealed by the adapter that the settings name, which binds nothing to the vault: no debtor is in them.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from uuid import UUID

from django.conf import settings

PERIOD_SECONDS = 30
"""RFC 6238 section 5.2: the recommended time step; a code of the step before or after is taken too, for clocks that differ."""


@dataclass(frozen=True)
class Factor:
    """A second factor without its secret. kind: totp, security_key or recovery_codes; left: how many recovery codes were not used."""

    id: int
    kind: str
    label: str
    since: datetime
    used: datetime | None
    left: int | None = None


def factors(account: UUID) -> list[Factor]:
    """The account's factors, oldest first."""
    from allauth.mfa.models import Authenticator

    kinds = {"totp": "totp", "webauthn": "security_key", "recovery_codes": "recovery_codes"}
    return [Factor(one.pk, kinds[one.type], one.data.get("name", ""), one.created_at, one.last_used_at, _left(one) if one.type == "recovery_codes" else None)
            for one in Authenticator.objects.filter(user=account).order_by("pk")]


def new_totp_secret() -> str:
    """160 random bits in Base32, as RFC 4226 section 4 (R6) recommends."""
    from allauth.mfa.totp.internal.auth import generate_totp_secret

    return generate_totp_secret()


def keep_totp(account: UUID, secret: str, code: str, now: datetime) -> bool:
    """Whether the code was of the secret; then it is the account's only app, and the code is spent."""
    from allauth.mfa.models import Authenticator
    from allauth.mfa.utils import encrypt

    step = _step_of(secret, code, now)
    if step is None:
        return False
    Authenticator.objects.filter(user=account, type="totp").delete()
    Authenticator.objects.create(user_id=account, type="totp", data={"secret": encrypt(secret), "last_step": step}, created_at=now)
    return True


def spend_totp(account: UUID, code: str, now: datetime) -> bool:
    """Whether the code is of the account's app and of a later step than the last that counted: no code counts twice (RFC 6238 section 5.2). The account's row is locked by the caller."""
    from allauth.mfa.utils import decrypt

    one = _locked(account, "totp")
    if one is None:
        return False
    step = _step_of(decrypt(one.data["secret"]), code, now)
    if step is None or step <= one.data.get("last_step", -1):
        return False
    one.data["last_step"], one.last_used_at = step, now
    one.save(update_fields=["data", "last_used_at"])
    return True


def begin_recovery_codes(account: UUID, now: datetime) -> list[str]:
    """Ten new codes, each good once; those there were are gone."""
    from allauth.mfa.models import Authenticator
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.utils import encrypt

    Authenticator.objects.filter(user=account, type="recovery_codes").delete()
    one = Authenticator.objects.create(user_id=account, type="recovery_codes", data={"seed": encrypt(RecoveryCodes.generate_seed()), "used_mask": 0}, created_at=now)
    return RecoveryCodes(one).generate_codes()


def spend_recovery_code(account: UUID, code: str, now: datetime) -> bool:
    """Whether the code is one of the account's that was not used; now it is."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    one = _locked(account, "recovery_codes")
    if one is None or not RecoveryCodes(one).validate_code(code.strip().replace(" ", "").replace("-", "")):
        return False
    type(one).objects.filter(pk=one.pk).update(last_used_at=now)
    return True


def keep_security_key(account: UUID, credential: dict, label: str, now: datetime) -> None:
    """The registered key is the account's; label: what its holder calls it."""
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user_id=account, type="webauthn", data={"name": label.strip()[:40] or "key", "credential": credential, "signature_count": 0}, created_at=now)


def spend_security_key(account: UUID, factor: int, signature_count: int, now: datetime) -> bool:
    """Whether the key is the account's and counts on: one that counts back is a copy of it (WebAuthn level 2, section 6.1.1). The signature itself was proven by the caller."""
    from allauth.mfa.models import Authenticator

    one = Authenticator.objects.select_for_update().filter(user=account, type="webauthn", pk=factor).first()
    if one is None:
        return False
    before = one.data.get("signature_count", 0)
    if (signature_count or before) and signature_count <= before:
        return False
    one.data["signature_count"], one.last_used_at = signature_count, now
    one.save(update_fields=["data", "last_used_at"])
    return True


def remove_factor(account: UUID, factor: int) -> None:
    """The account has that factor no more."""
    from allauth.mfa.models import Authenticator

    Authenticator.objects.filter(user=account, pk=factor).delete()


def remove_factors(account: UUID) -> None:
    """The account has no second factor any more."""
    from allauth.mfa.models import Authenticator

    Authenticator.objects.filter(user=account).delete()


def end_sessions(account: UUID) -> int:
    """The account's sessions are gone from the table; how many. Those that were begun without being listed end by the account's session_epoch."""
    from allauth.usersessions.models import UserSession

    kept = list(UserSession.objects.filter(user=account).values_list("session_key", flat=True))
    sessions = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()
    sessions.objects.filter(session_key__in=kept).delete()
    UserSession.objects.filter(user=account).delete()
    return len(kept)


def _locked(account: UUID, kind: str):
    from allauth.mfa.models import Authenticator

    return Authenticator.objects.select_for_update().filter(user=account, type=kind).first()


def _left(one) -> int:
    return settings.MFA_RECOVERY_CODE_COUNT - bin(one.data.get("used_mask", 0)).count("1")


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, of the present one and its neighbours; None where it is of none."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    said, present = "".join(code.split()), int(now.timestamp()) // PERIOD_SECONDS
    fits = [step for step in (present, present - 1, present + 1) if hmac.compare_digest(said.encode(), format_hotp_value(hotp_value(secret, step)).encode())]
    return fits[0] if fits else None
