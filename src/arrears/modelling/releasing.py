"""Release and rollback: which version of a model the nights use, since when, by whom, and why."""

from arrears import registry
from arrears.days import moment_of
from arrears.locks import locked
from arrears.refusal import Refused
from arrears.registry import Release
from arrears.store import Book

AUC_NOTHING = 0.5
ECE_MOST = 0.05
"""A calibration error that is more than this beyond doubt is released only with a reason; our choice."""


def release(book: Book, name: str, version: int | None, now: int, by: str, assessment: str, why: str) -> Release:
    """The version holds from now on (microseconds). Raises Refused where it cannot be read, has no card, or does no better than chance.

    assessment: where the impact assessment is kept that automated decisions need. Source: 个人信息保护法 Art. 55 and 56.
    """
    kept = registry.read_version(book, name, version)
    _demand_words(by, "--by", "who releases it", "发布人")
    _demand_words(assessment, "--assessment", "where the impact assessment of this automated decision is kept (个人信息保护法 Art. 55, 56)", "个人信息保护影响评估报告的存放处（个人信息保护法第五十五、五十六条）")
    _demand_worth(kept, why)
    with locked(book, "models", alone=True, patience_seconds=registry.PATIENCE_SECONDS):
        standing = registry.standing(book).get(name)
        if standing is not None and standing.version == kept.version and standing.digest == kept.digest:
            raise Refused(f"{name} version {kept.version} is released already, since {standing.at} by {standing.by}; nothing was changed",
                          f"{name} 版本 {kept.version} 已由 {standing.by} 于 {standing.at} 发布；未作任何更改")
        return _added(book, Release("release", name, kept.version, kept.digest, moment_of(now).isoformat(), by, why, assessment))


def rollback(book: Book, name: str, now: int, by: str, why: str) -> Release:
    """The version released before the one that stands holds again; none where there was none before. Raises Refused where none stands."""
    _demand_words(by, "--by", "who takes it back", "撤回人")
    _demand_words(why, "--why", "why it is taken back", "撤回原因")
    with locked(book, "models", alone=True, patience_seconds=registry.PATIENCE_SECONDS):
        entries = [entry for entry in registry.releases(book) if entry.name == name]
        if not entries or entries[-1].version is None:
            raise Refused(f"no version of {name} is released, so there is nothing to take back; arrears score list shows what is",
                          f"{name} 没有已发布的版本，无可撤回；可用 arrears score list 查看")
        before = _before(entries)
        if before is not None:
            registry.read_version(book, name, before.version, before.digest)
        version, digest, assessment = (before.version, before.digest, before.assessment) if before else (None, None, "")
        return _added(book, Release("rollback", name, version, digest, moment_of(now).isoformat(), by, why, assessment))


def _before(entries: list[Release]) -> Release | None:
    """What stood before the release that stands now: a rollback undoes the latest release that was not undone."""
    stack: list[Release] = []
    for entry in entries:
        if entry.action == "release":
            stack.append(entry)
        elif stack:
            stack.pop()
    return stack[-2] if len(stack) > 1 else None


def _added(book: Book, entry: Release) -> Release:
    registry.add_release(book, entry)
    return entry


def _demand_words(said: str | None, option: str, en: str, zh: str) -> None:
    if not (said or "").strip():
        raise Refused(f"{option} is empty; it says {en}", f"{option} 为空；应写明{zh}")


def _demand_worth(kept: registry.Version, why: str) -> None:
    """Nothing is released whose card shows no figure, or one no better than chance on rows it never saw."""
    test = kept.card.get("metrics", {}).get("test", {})
    figure = test.get("auc") if not kept.card.get("is_share") else test.get("spearman")
    nothing = AUC_NOTHING if not kept.card.get("is_share") else 0.0
    if not figure or figure.get("low") is None:
        raise Refused(f"{kept.name} version {kept.version}: its card has no figure from rows it was not fitted on, so nobody can say what it is worth; fit it on more rows",
                      f"{kept.name} 版本 {kept.version}：模型卡没有样本外指标，无法判断其价值；请用更多样本重新拟合")
    if figure["low"] <= nothing:
        raise Refused(
            f"{kept.name} version {kept.version}: on rows it was not fitted on it does no better than chance ({figure['value']:.3f}, 95 % interval from {figure['low']:.3f}); it is not "
            "released: fit it on more rows or other features",
            f"{kept.name} 版本 {kept.version}：样本外表现不优于随机（{figure['value']:.3f}，95% 区间下限 {figure['low']:.3f}），不予发布；请增加样本或更换特征")
    error = test.get("ece")
    if error and error.get("low") is not None and error["low"] > ECE_MOST and not why.strip():
        raise Refused(
            f"{kept.name} version {kept.version}: on rows it was not fitted on its estimates are off by {error['value']:.1%} on average; it ranks, but its numbers are not "
            "probabilities: fit it anew, or say with --why why it is released all the same",
            f"{kept.name} 版本 {kept.version}：样本外估计平均偏差 {error['value']:.1%}；可用于排序，但数值不是概率：请重新拟合，或用 --why 说明仍要发布的原因")
