"""How the tests draw: the same examples in every run; with ARREARS_LONG=1 other ones each time, and many more."""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.register_profile("searching", print_blob=True)
settings.load_profile("searching" if os.environ.get("ARREARS_LONG") == "1" else "repeatable")
