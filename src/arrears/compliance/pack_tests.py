"""`arrears law test` and `arrears law mutate`: whether a pack's examples hold, and whether they would notice a wrong number."""

from collections.abc import Callable

from arrears.compliance.examples import failed_examples
from arrears.compliance.mutate import Mutation, mutate, mutations
from arrears.compliance.screen import prepare
from arrears.compliance.wording_examples import PARTS_FILE, failed_parts, failed_texts
from arrears.law.examples import DATA_EXAMPLES
from arrears.law.rules import Pack

_SHOWN = 50


def tested(pack: Pack, lang: str) -> tuple[list[str], int]:
    """What the run of all examples is told as, and how many failed. Raises BadYaml where one cannot be read."""
    prepared = prepare(pack)
    failed = [f"{one.file}: {one.name}: {getattr(one, lang)}" for one in failed_examples(prepared)]
    failed += failed_texts(prepared.lexicon)
    failed += failed_parts(pack.texts, set(pack.sources)) if PARTS_FILE in pack.texts else []
    data = {file: check for file, check in DATA_EXAMPLES.items() if file in pack.texts}
    for check in dict.fromkeys(data.values()):  # some files share theirs
        failed += [f"{pack.id}/{problem}" for problem in check(pack.texts)]
    count, said = sum(len(rule.examples) for rule in pack.rules), len(prepared.lexicon.examples)
    if lang == "zh":
        lines = [f"{pack.id}：{len(pack.rules)} 条规则的 {count} 个示例、话术的 {said} 个示例、{len(data)} 个数据文件的示例", f"失败 {len(failed)} 个" if failed else "全部通过"]
    else:
        lines = [f"{pack.id}: {count} examples of {len(pack.rules)} rules, {said} of wording, and those of {len(data)} files of numbers",
                 f"{len(failed)} failed" if failed else "all hold"]
    return [lines[0], *(f"  {line}" for line in failed[:_SHOWN]), lines[1]], len(failed)


def mutated(pack: Pack, lang: str, report: Callable[[str, int, int], None] = lambda *_: None) -> tuple[list[str], int]:
    """What the mutation run is told as, and how many changes no example noticed.

    Asked only of a pack whose examples hold: elsewhere every change would seem to be noticed.
    """
    lines, failed = tested(pack, lang)
    if failed:
        return [*lines, "示例未全部通过，先修正再做变异检验" if lang == "zh" else "not all examples hold; mend them before changing numbers"], failed
    total = sum(1 for _ in mutations(pack.texts))
    tried = mutate(pack, DATA_EXAMPLES, lambda done: report("changing numbers", done, total))
    missed = [one for one in tried if not one.caught]
    said = [_missed(one, lang) for one in missed[:_SHOWN]]
    share = f"{len(tried) - len(missed):,} / {len(tried):,}"
    if lang == "zh":
        return [*said, f"{pack.id}：改动 {len(tried):,} 处数字，示例发现 {share}（{_percent(tried, missed)}）"], len(missed)
    return [*said, f"{pack.id}: {len(tried):,} numbers changed by one; an example noticed {share} ({_percent(tried, missed)})"], len(missed)


def _missed(one: Mutation, lang: str) -> str:
    if lang == "zh":
        return f"  {one.file} 第 {one.line} 行：{one.was} 改为 {one.is_now}，无示例发现；请补一个边界示例"
    return f"  {one.file}, line {one.line}: {one.was} became {one.is_now} and no example noticed; add one at that boundary"


def _percent(tried: list[Mutation], missed: list[Mutation]) -> str:
    return f"{100 * (len(tried) - len(missed)) / max(len(tried), 1):.1f} %"
