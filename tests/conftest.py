"""How the tests draw: the same examples in every run; with ARREARS_LONG=1 other ones each time, and many more."""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("searching", print_blob=True, deadline=None)
settings.load_profile("searching" if os.environ.get("ARREARS_LONG") == "1" else "repeatable")
