"""The operator's own numbers changed on a page, with a reason: in settings.yaml, where whoever goes by them reads them."""

from typing import Annotated

import pydantic
from django.conf import settings

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.models import Lender
from arrears.work.operator_limits import with_limit, write_settings


@action("limit.set", on="lender", needs_reason=True)
def set_limit(doing: Doing, lender: Lender, *, section: Annotated[str, pydantic.Field(max_length=60)], name: Annotated[str, pydantic.Field(max_length=60)],
              value: Annotated[int, pydantic.Field(ge=0, le=10**12)] | None = None) -> dict:
    """settings.yaml says that number, or, with none, the default holds again. Raises Refused where its reader would not take it, and where several lenders share the home."""
    if Lender.objects.select_for_update(no_key=True).count() != 1:
        raise Refused("several lenders share this installation, so its limits are set by whoever runs it, in settings.yaml; nothing was changed", "本系统有多家机构共用，限额由运营方在 settings.yaml 中设定；未作任何更改")
    write_settings(settings.ARREARS[0], with_limit(settings.ARREARS[0], section, name, value))
    return {"section": section, "name": name, "value": value}
