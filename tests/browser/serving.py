"""The real server for the tests in a browser: granian on a home, whose moment stands in a file, so that a test can let days pass."""

import os
import sys
from pathlib import Path

SRC, TESTS = Path(__file__).resolve().parents[2] / "src", Path(__file__).resolve().parents[1]
MOMENT = "moment-of-tests"


class Moment:
    """The moment of every request, in microseconds: what the file says."""

    def __init__(self, file: Path):
        self.file = file

    def __call__(self) -> int:
        return int(self.file.read_text(encoding="ascii"))


def application():
    """As arrears.web.wsgi makes it, with that clock, and passwords that are hashed quickly."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    from arrears.web.settings import configure

    home = Path(os.environ["ARREARS_HOME"])
    configure(home, clock=Moment(home / MOMENT))
    settings.PASSWORD_HASHERS = ["web.staff.Quick"]
    return get_wsgi_application()


if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces

    sys.path[:0] = [str(SRC), str(TESTS)]
    Granian("browser.serving:application", address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.WSGI, workers=1, blocking_threads=4, factory=True, websockets=False, log_level="warning").serve()
