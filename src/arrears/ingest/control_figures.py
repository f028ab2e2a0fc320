"""The lender's own figures of a source beside those of what was read."""

from decimal import Decimal

from arrears.ingest.mapped import SourceMap
from arrears.refusal import Refused


def controls(sources: list[SourceMap], read: list[dict]) -> list[dict]:
    """Each of the lender's own figures beside ours."""
    found = []
    for source in sources:
        if source.name not in {about["source"] for about in read}:
            continue
        mine = [about for about in read if about["source"] == source.name]
        if source.control_records is not None:
            found.append({"source": source.name, "figure": "records", "lender": str(source.control_records),
                          "ours": str(sum(about["records"] - about["left_out"] for about in mine))})
        for column, said in source.control_sums.items():
            ours = sum((Decimal(about["sums"].get(column, "0")) for about in mine), Decimal(0))
            found.append({"source": source.name, "figure": column, "lender": said, "ours": f"{ours.normalize():f}",
                          "unread": sum(about["unread"].get(column, 0) for about in mine)})
    return [{**one, "agrees": _figure(one["lender"], one["source"], one["figure"]) == Decimal(one["ours"])} for one in found]


def _figure(text: str, source: str, figure: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ""))
    except ArithmeticError:
        raise Refused(
            f"the mapping's source {source}: the control figure {text!r} of {figure} is no number; write it like 1234567.89",
            f"映射来源 {source}：{figure} 的控制数 {text!r} 不是数字；请写成 1234567.89",
        ) from None
