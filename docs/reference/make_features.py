"""Writes docs/reference/features.md from the definitions in arrears/scoring/features.yaml.

    .venv/bin/python docs/reference/make_features.py
"""

from pathlib import Path

from arrears.scoring.families import FAMILIES, TARGETS
from arrears.scoring.features import Definition, definitions

PAGE = Path(__file__).with_name("features.md")
_HEAD = """# What models may read

本页由 `docs/reference/make_features.py` 根据 `features.yaml` 生成，请勿手改。“风险”为 + 表示数值越大预期越差，− 表示越好；空白表示无预设方向。

Generated from [features.yaml](../../src/arrears/scoring/features.yaml) by `docs/reference/make_features.py`; do not edit. `risk`: + where
a higher value is expected to be worse for the lender (or to reach fewer people), − better; blank where nothing is expected. How and
when they are computed: [algorithms/features.md](../algorithms/features.md).

Never among them: what [protected.yaml](../../src/arrears/scoring/protected.yaml) lists (sex, age, region and more); it serves reports on
fairness alone.

"""


def page() -> str:
    """The whole page, as it must stand in features.md."""
    counts = ["| family | models | features |", "|---|---|---|", *(
        f"| {family} | {', '.join(target.name for target in TARGETS.values() if target.family == family)} | {sum(family in one.use for one in definitions())} |"
        for family in FAMILIES)]
    rows = ["", "| feature | 名称 | words | formula | unit | from | families | risk |", "|---|---|---|---|---|---|---|---|", *map(_row, definitions())]
    return _HEAD + "\n".join([*counts, *rows]) + "\n"


def _row(one: Definition) -> str:
    risk = {1: "+", -1: "−", 0: ""}[one.risk]
    return f"| {one.name} | {one.zh} | {one.en} | {one.formula} | {one.unit} | {', '.join(one.source)} | {', '.join(one.use)} | {risk} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
