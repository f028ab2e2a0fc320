"""Whether this server answers and reaches its database: two words, no data."""

from django.db import Error, connection
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from arrears.web.desk.openness import open_to


@open_to("anybody")
@require_safe
def alive(request):
    """200 `ok`; 503 `no database` where it does not answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return HttpResponse("no database\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
