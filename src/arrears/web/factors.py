"""Second factors as allauth asks for them: their secrets sealed with the web's key; the security key's questions and answers."""

import json

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ValidationError

from arrears.refusal import Refused


class Factors(DefaultMFAAdapter):
    """Secrets of second factors are sealed (Fernet: AES-128-CBC with HMAC-SHA-256) under a key of the home, so that a copy of the database alone opens no account."""

    def encrypt(self, text: str) -> str:
        """The text sealed."""
        return _seal().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """What was sealed. Raises Refused where it was sealed with another key."""
        try:
            return _seal().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            raise Refused("a second factor was enrolled under another keys/web.key; restore that file, or run: arrears account reset NAME",
                          "第二因素登记时使用了另一份 keys/web.key；请恢复该文件，或运行：arrears account reset NAME") from None


def sealed(text: str) -> str:
    """The text sealed, for the session."""
    return Factors().encrypt(text)


def unsealed(text: str) -> str:
    """What was sealed."""
    return Factors().decrypt(text)


def registration_question(account) -> str:
    """What a browser asks a new security key, as JSON; the challenge stays in the session."""
    from allauth.mfa.webauthn.internal.auth import begin_registration

    return json.dumps(begin_registration(account, False))


def registered(credential: str) -> dict:
    """What the browser brought from a new key, proven against the session's challenge, which is spent. Raises Refused where it does not fit."""
    from allauth.mfa.webauthn.internal.auth import clear_state, complete_registration, parse_registration_response

    try:
        answer = json.loads(credential)
        parse_registration_response(answer)
        complete_registration(answer)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        raise _unfit() from None
    finally:
        clear_state()
    return answer


def proof_question(account) -> str:
    """What a browser asks one of the account's keys, as JSON; the challenge stays in the session."""
    from allauth.mfa.webauthn.internal.auth import begin_authentication

    return json.dumps(begin_authentication(account))


def proven(account, credential: str) -> tuple[int, int]:
    """Which factor signed the session's challenge, and its signature count; the challenge is spent. Raises Refused where none of the account's did."""
    from allauth.mfa.webauthn.internal.auth import clear_state, complete_authentication, parse_authentication_response

    try:
        answer = json.loads(credential)
        parsed = parse_authentication_response(answer)
        return complete_authentication(account, answer).pk, parsed.response.authenticator_data.counter
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        raise _unfit() from None
    finally:
        clear_state()


def _unfit() -> Refused:
    return Refused("the security key's answer does not fit; try again, with a key that is enrolled on this account", "安全密钥的应答不匹配；请重试，并使用本账号已登记的密钥")


def _seal() -> Fernet:
    import base64

    from arrears.web.web_key import derived

    return Fernet(base64.urlsafe_b64encode(derived(settings.ARREARS[0], "second factors")))
