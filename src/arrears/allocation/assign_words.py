"""Why a case is with whom it is, in sentences, Chinese and English: first why it left whoever had it, then where it is."""

from collections.abc import Mapping

import polars as pl

LEFT = {
    "conflict": ("{before} 与借款人存在利益冲突，须回避", "{before} has a conflict of interest with the borrower"),
    "not_in_roster": ("名册中没有 {before}", "the roster does not know {before}"),
    "left": ("{before} 已离职", "{before} has left"),
    "contract_ended": ("与 {before} 的委托合同已到期", "the contract with {before} has ended"),
    "not_there_yet": ("{before} 尚未到岗或合同尚未开始", "{before} is not there yet"),
    "agency_fault": ("{before} 现不得委托", "{before} may have no cases now"),
    "not_needed": ("目前不需要专人处理，{before} 交回", "nobody by name is needed now; {before} gives it back"),
    "other_owner": ("当晚的处置须由其他岗位执行，{before} 交出", "tonight's treatment is for others to carry out than {before}"),
    "skill": ("{before} 的阶段、产品、金额权限、语言、地区或技能已不符合", "{before} no longer fits by stage, product, amount licence, language, region or skill"),
    "away_long": ("{before} 长期不在岗", "{before} is away for long"),
    "idle": ("{before} 在规定天数内未跟进，按防养案规则收回", "{before} did not touch it within the days the rule gives, so it comes back"),
    "over_capacity": ("{before} 的案件数已达上限", "{before} has as many cases as they can"),
    "agency_share": ("按机构份额与评分调整，{before} 交出", "{before} has more than its share by the agencies' shares and scorecards"),
    "balance": ("为均衡数量、金额与难度，或为他人无法承接的案件腾出名额，{before} 交出", "{before} gives it up so that number, money and difficulty are even, or a case that others cannot have finds room"),
}
"""Why a case left who had it."""
STANDS = {
    "kept": ("继续由 {held_by} 负责", "stays with {held_by}"),
    "frozen": ("已冻结，维持原状", "frozen: stays as it is"),
    "new": ("新分配给 {held_by}", "newly given to {held_by}"),
    "resumed": ("重新交给此前的负责人 {held_by}", "given again to {held_by}, who had it last"),
    "no_owner": ("名册中没有可执行该处置的岗位", "nobody in the roster carries out such treatments"),
    "no_bucket": ("没有人可处理该逾期阶段", "nobody may have this stage"),
    "no_product": ("处理该阶段的人中没有人可处理该产品", "nobody of those for the stage may have this product"),
    "no_amount": ("没有人的金额权限足够", "nobody of those for stage and product is licensed for this amount"),
    "no_language": ("符合条件的人中没有人会该语言", "nobody of those who could have it speaks the language"),
    "no_region": ("符合条件的人中没有人负责该地区", "nobody of those who could have it works in the region"),
    "no_skill": ("符合条件的人中没有人具备处置要求的技能", "nobody of those who could have it has the skill the treatment asks for"),
    "nobody_there": ("能处理的人都不在岗、已冻结或现不得接案", "all who could have it are away, frozen, gone, or may have none now"),
    "all_in_conflict": ("能处理的人都须回避", "all who could have it have a conflict of interest"),
    "all_barred": ("能处理的人须回避，或因未跟进被收回后尚不得再接此案", "all who could have it must not: a conflict, or it came back idle from them"),
    "no_capacity": ("能处理的人案件数都已满", "all who could have it have as many cases as they can"),
}
"""Where a case is, or why nobody has it."""
_NOW = ("现由 {held_by} 负责", "now with {held_by}")
_NOBODY = ("现无人负责", "nobody has it now")


def worded(rows: pl.DataFrame, faults: Mapping[str, tuple[str, str]]) -> pl.DataFrame:
    """The rows with why_zh and why_en; faults: agency to (en, zh) of why it may have none."""
    return rows.with_columns(_sentence(place, {name: each[1 - place] for name, each in faults.items()}).alias(name) for place, name in enumerate(("why_zh", "why_en")))


def _sentence(place: int, faults: dict[str, str]) -> pl.Expr:
    join, end, colon = (("；", "。", "："), ("; ", ".", ": "))[place]
    left = pl.col("left_why").replace_strict({code: each[place] for code, each in LEFT.items()}, default=None, return_dtype=pl.String)
    if faults:
        fault = pl.col("before").replace_strict(faults, default=None, return_dtype=pl.String).str.strip_chars_end("。.")
        left = pl.when((pl.col("left_why") == "agency_fault") & fault.is_not_null()).then(left + pl.lit(colon) + fault).otherwise(left)
    stands = pl.col("why").replace_strict({code: each[place] for code, each in STANDS.items()}, default=None, return_dtype=pl.String)
    moved = pl.col("left_why").is_not_null()
    now = pl.when(moved & pl.col("held_by").is_not_null()).then(pl.lit(_NOW[place])).otherwise(pl.coalesce(stands, pl.lit(_NOBODY[place])))
    whole = pl.concat_str([left, now], separator=join, ignore_nulls=True) + pl.lit(end)
    whole = whole.str.replace_all("{before}", pl.col("before").fill_null(""), literal=True)
    return whole.str.replace_all("{held_by}", pl.col("held_by").fill_null(""), literal=True)
