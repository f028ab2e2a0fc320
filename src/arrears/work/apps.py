"""The one app with tables."""

from django.apps import AppConfig


class Work(AppConfig):
    """Label `work`; its tables are called work_<model>."""

    name = "arrears.work"
    label = "work"
    default_auto_field = "django.db.models.BigAutoField"
