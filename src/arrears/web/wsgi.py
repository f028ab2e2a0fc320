"""What the server runs: the application of the home that ARREARS_HOME names."""

import os
import threading
from pathlib import Path

_LOOKS_SECONDS = 1.0


def application(explained=None):
    """The WSGI application, made by a worker as it starts; explained: as configure takes it. The worker ends within a second or two where its server was killed. Raises Refused as configure does."""
    from django.core.wsgi import get_wsgi_application

    from arrears.web.settings import configure

    configure(Path(os.environ["ARREARS_HOME"]), lang=os.environ.get("ARREARS_LANG", "zh"), explained=explained)
    if server := os.environ.get("ARREARS_SERVER"):
        threading.Thread(target=_end_with, args=(int(server),), daemon=True).start()
    return get_wsgi_application()


def _end_with(server: int) -> None:
    """The process ends when its parent is another than the server: an orphan would hold the port, and answer with nobody to stop it."""
    never = threading.Event()
    while os.getppid() == server:
        never.wait(_LOOKS_SECONDS)
    os._exit(1)
