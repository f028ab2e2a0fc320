"""What the server runs: the application of the home that ARREARS_HOME names."""

import os
from pathlib import Path


def application():
    """The WSGI application, made by a worker as it starts. Raises Refused as configure does."""
    from django.core.wsgi import get_wsgi_application

    from arrears.web.settings import configure

    configure(Path(os.environ["ARREARS_HOME"]), lang=os.environ.get("ARREARS_LANG", "zh"))
    return get_wsgi_application()
