"""The web as Django knows it: no tables; what the framework would write to an account by itself is turned off here."""

from django.apps import AppConfig


class Web(AppConfig):
    """Label `arrears_web`."""

    name = "arrears.web"
    label = "arrears_web"

    def ready(self) -> None:
        """Django's own note of the last log-in is cut: account.sign_in writes it, with its Entry, and the database would refuse any other write."""
        from django.contrib.auth.signals import user_logged_in

        user_logged_in.disconnect(dispatch_uid="update_last_login")
