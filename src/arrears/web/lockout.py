"""Failed log-ins counted by django-axes: per account and per address, for a time, by the clock of the request."""

from hashlib import sha256
from hmac import digest
from ipaddress import ip_address

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models import Sum

from arrears.days import moment_of
from arrears.web.web_key import derived


class Counted(AxesDatabaseHandler):
    """Axes with two limits: an address may fail more often than an account, since an office has one address. A success forgets the account's failures, never the address's others."""

    def get_failures(self, request, credentials=None) -> int:
        """Failures of the account, or those of the address in the measure of an account's limit, whichever is more."""
        by_account, by_address = (attempts.aggregate(n=Sum("failures_since_start"))["n"] or 0 for attempts in self.get_user_attempts(request, credentials))
        profile = settings.ARREARS_ACCESS
        return max(by_account, by_address * profile.failures_account // profile.failures_address)

    def user_login_failed(self, sender, credentials, request=None, **more) -> None:
        """Counts the failure at the request's moment; Axes alone would begin a row at the machine's."""
        if request is not None and not request.axes_locked_out:
            begun, is_new = AccessAttempt.objects.get_or_create(username=get_client_username(request, credentials), ip_address=request.axes_ip_address, user_agent=request.axes_user_agent,
                                                                defaults={"failures_since_start": 0, "get_data": "", "post_data": ""})
            if is_new:
                AccessAttempt.objects.filter(pk=begun.pk).update(attempt_time=request.axes_attempt_time)
        super().user_login_failed(sender, credentials, request, **more)
        if request is not None:
            AccessAttempt.objects.filter(username=get_client_username(request, credentials)).exclude(get_data="", post_data="").update(get_data="", post_data="")

    def reset_user_attempts(self, request, credentials=None) -> int:
        """The account's failures are forgotten; how many rows."""
        return self.filter_user_attempts(request, credentials)[0].delete()[0]


def name_of(request, credentials=None) -> str:
    """By what failures of a name are counted: a keyed hash of what was typed. Anything may be typed there, a password or somebody's number, so the name itself is kept nowhere."""
    typed = (credentials.get("username") if credentials else request.POST.get("name")) or ""
    return digest(derived(settings.ARREARS[0], "lock-out"), typed.encode("utf-8", "surrogatepass"), sha256).hexdigest()


def address(request) -> str:
    """Where the request comes from: what the operator's own proxy says last, where there is one; else the peer. What is no address counts as 0.0.0.0, all of them as one."""
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-1].strip() if settings.ARREARS_SERVING.behind_proxy else ""
    try:
        return str(ip_address(told or request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - an address noted, none bound to


def timed(request) -> None:
    """Axes counts this request at the request's moment, not by a clock of its own."""
    AxesProxyHandler.update_request(request)
    request.axes_attempt_time = moment_of(request.now)


def is_locked(request, name: str) -> bool:
    """Whether the account or the address has failed too often."""
    timed(request)
    return not AxesProxyHandler.is_allowed(request, {"username": name})


def failed(request, name: str) -> bool:
    """One more failure of a second factor or a password change; whether that was one too many."""
    timed(request)
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)
    return bool(request.axes_locked_out)


def succeeded(request, account) -> None:
    """The log-in is whole; the account's failures are forgotten."""
    timed(request)
    user_logged_in.send(sender=account.__class__, request=request, user=account)
