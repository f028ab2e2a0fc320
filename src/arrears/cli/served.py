"""What a worker of `arrears serve` runs: the web's application, given what it may not reach by itself."""


def application():
    """The WSGI application of the home that ARREARS_HOME names, with the quarantine of books to show. Raises Refused as configure does."""
    from django.conf import settings

    from arrears.cli import quarantine_shown
    from arrears.web.wsgi import application as made

    found = made()
    settings.ARREARS_QUARANTINE = quarantine_shown
    return found
