"""A model as files: JSON text only, the same bytes for the same model, read back exactly. Reading runs nothing that was written.

model.json   everything but the trees
trees.json   the table of nodes, one list per column (boosted models only)
"""

import json
from dataclasses import asdict, fields
from math import isfinite
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from arrears.refusal import Refused
from arrears.scoring.estimates import ESTIMATE
from arrears.scoring.model import BOOSTED, CATEGORY, NUMBER, SCORECARD, Bins, Feature, Model, Trees

MODEL_FILE, TREES_FILE = "model.json", "trees.json"
COLUMNS = {
    "roots": np.int32, "feature": np.int32, "threshold": np.float64, "missing_left": np.bool_, "left": np.int32, "right": np.int32,
    "value": np.float64,
}  # fmt: skip


def to_files(model: Model) -> dict[str, bytes]:
    """The files of a model by name. Numbers are written in full, so that `from_files` gives the same model to the last bit."""
    told = asdict(model)
    told["trees"] = None
    files = {MODEL_FILE: _written(told)}
    if model.trees is not None:
        files[TREES_FILE] = _written({name: getattr(model.trees, name).tolist() for name in COLUMNS})
    return files


def from_files(files: dict[str, bytes]) -> Model:
    """The model in the files. Raises Refused, naming file and place, where anything is missing, unknown, of another type, not
    finite or out of range, or where the nodes are not trees (so that no walk can loop or leave the table)."""
    told = _read(files, MODEL_FILE)
    if not isinstance(told, dict):
        raise _refused(MODEL_FILE, "", "is not a table", "不是一个表")
    if told.get("trees") is not None:
        raise _refused(MODEL_FILE, "trees", "belongs into trees.json", "应放在 trees.json 中")
    trees = _trees(_read(files, TREES_FILE)) if told.get("kind") == BOOSTED else None
    model = _value(told | {"trees": None}, Model, "", MODEL_FILE)
    model = Model(**{field.name: getattr(model, field.name) for field in fields(Model)} | {"trees": trees})
    _check_model(model)
    return model


def _written(told: dict) -> bytes:
    return (json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def _refused(file: str, place: str, en: str, zh: str) -> Refused:
    where = f"{file}: {place}" if place else file
    return Refused(
        f"{where} {en}; the model cannot be read: take the released file again",
        f"{where} {zh}；模型无法读取，请重新取用已发布的文件",
    )


def _read(files: dict[str, bytes], name: str) -> Any:
    if name not in files:
        raise _refused(name, "", "is not there", "不存在")

    def once(pairs: list[tuple[str, Any]]) -> dict:
        table = dict(pairs)
        if len(table) < len(pairs):
            raise ValueError("a key stands twice")
        return table

    def no_constant(word: str) -> float:
        raise ValueError(f"{word} is no number")

    try:
        return json.loads(files[name].decode("utf-8"), object_pairs_hook=once, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise _refused(name, "", f"is not readable JSON ({error})", f"不是可读的 JSON（{error}）") from error


def _value(told: Any, kind: Any, place: str, file: str) -> Any:
    """What is told as a value of the kind; refused where it is not one."""
    origin = get_origin(kind)
    if origin is UnionType:
        if told is None and type(None) in get_args(kind):
            return None
        options = [option for option in get_args(kind) if option is not type(None)]
        suits = [option for option in options if isinstance(told, option)] if len(options) > 1 else options
        if suits:
            return _value(told, suits[0], place, file)
    elif origin is tuple:
        if isinstance(told, list):
            return tuple(_value(each, get_args(kind)[0], f"{place}[{i}]", file) for i, each in enumerate(told))
    elif hasattr(kind, "__dataclass_fields__"):
        return _table(told, kind, place, file)
    elif kind is float:
        if isinstance(told, float | int) and not isinstance(told, bool) and abs(told) < 1e308 and isfinite(told):
            return float(told)
    elif type(told) is kind:
        if kind is not int or abs(told) < 2**62:
            return told
    raise _refused(file, place, "is of the wrong type or not finite", "类型不对或不是有限的数")


def _table(told: Any, kind: type, place: str, file: str) -> Any:
    hints = get_type_hints(kind)
    if not isinstance(told, dict):
        raise _refused(file, place, "is not a table", "不是一个表")
    for name in hints.keys() ^ told.keys():
        missing = name in hints
        raise _refused(file, f"{place}.{name}".lstrip("."), "is missing" if missing else "is not known", "缺失" if missing else "是未知的项")
    return kind(**{name: _value(told[name], hint, f"{place}.{name}".lstrip("."), file) for name, hint in hints.items()})


def _trees(told: Any) -> Trees:
    if not isinstance(told, dict) or told.keys() != COLUMNS.keys():
        raise _refused(TREES_FILE, "", f"must have the columns {', '.join(COLUMNS)}", f"必须有这些列：{'、'.join(COLUMNS)}")
    columns = {}
    for name, kind in COLUMNS.items():
        wanted = {np.int32: int, np.float64: (int, float), np.bool_: bool}[kind]
        told_column = told[name]
        if not isinstance(told_column, list):
            raise _refused(TREES_FILE, name, "is not a list", "不是列表")
        for place, each in enumerate(told_column):
            if not isinstance(each, wanted) or (isinstance(each, bool) != (wanted is bool)) or not abs(each) < (2**31 if kind is np.int32 else 1e308):
                raise _refused(TREES_FILE, f"{name}[{place}]", f"is {str(each)[:30]}", f"是 {str(each)[:30]}")
        columns[name] = np.array(told_column, kind)
    _check_trees(columns)
    return Trees(**columns)


def _check_trees(table: dict[str, np.ndarray]) -> None:
    """Every node but a root has one parent, before it and in the same tree; a root has none."""
    count = len(table["feature"])
    for name in COLUMNS.keys() - {"roots"}:
        if len(table[name]) != count:
            raise _refused(TREES_FILE, name, f"has {len(table[name])} entries, not {count}", f"有 {len(table[name])} 项，应为 {count} 项")
    roots, nodes = table["roots"], np.arange(count)
    if len(roots) == 0 or roots[0] != 0 or (np.diff(roots) <= 0).any() or roots[-1] >= count:
        raise _refused(TREES_FILE, "roots", "are not ascending places of the table, from 0", "不是从 0 开始递增的节点位置")
    inner = table["feature"] >= 0
    ends = np.append(roots[1:], count)[np.searchsorted(roots, nodes, "right") - 1]
    for name in ("left", "right"):
        wrong = inner & ((table[name] <= nodes) | (table[name] >= ends))
        if wrong.any():
            where = int(np.flatnonzero(wrong)[0])
            raise _refused(TREES_FILE, f"{name}[{where}]", "does not point forward within its tree", "没有指向同一棵树中靠后的节点")
    parents = np.bincount(np.concatenate([table["left"][inner], table["right"][inner]]), minlength=count)
    wrong = parents != ~np.isin(nodes, roots)
    if wrong.any():
        where = int(np.flatnonzero(wrong)[0])
        raise _refused(TREES_FILE, f"node {where}", f"has {int(parents[where])} parents", f"有 {int(parents[where])} 个父节点")


def _check_model(model: Model) -> None:
    if model.kind not in (SCORECARD, BOOSTED) or (model.scorecard is None) != (model.kind == BOOSTED):
        raise _refused(MODEL_FILE, "kind", "does not suit what the model holds", "与模型内容不符")
    if not model.calibration.slope > 0:
        raise _refused(MODEL_FILE, "calibration.slope", "is not above 0", "必须大于 0")
    names = [feature.name for feature in model.features]
    if len(set(names)) < len(names) or ESTIMATE in names:
        raise _refused(MODEL_FILE, "features", "name a feature twice", "有重复的特征名")
    for place, feature in enumerate(model.features):
        _check_feature(feature, f"features[{place}]")
    if model.trees is not None and int(model.trees.feature.max()) >= len(names):
        raise _refused(TREES_FILE, "feature", f"names feature {int(model.trees.feature.max())}, but {MODEL_FILE} has {len(names)} features", f"指向 {MODEL_FILE} 中不存在的特征")
    by_name = dict(zip(names, model.features, strict=True))
    for place, bins in enumerate(model.scorecard.bins if model.scorecard else ()):
        if bins.feature not in by_name:
            raise _refused(MODEL_FILE, f"scorecard.bins[{place}].feature", "is none of the features", "不是模型的特征")
        _check_bins(bins, by_name[bins.feature], f"scorecard.bins[{place}]")
    if model.spread is not None:
        edges, bands = model.spread.edges, len(model.spread.low)
        if bands == 0 or len(model.spread.high) != bands or len(edges) != bands + 1 or list(edges) != sorted(set(edges)):
            raise _refused(MODEL_FILE, "spread", "has bands that do not fit together", "的分段前后不一致")
    _check_reference(model, by_name)


def _check_feature(feature: Feature, place: str) -> None:
    wrong = feature.kind not in (NUMBER, CATEGORY) or feature.monotone not in (-1, 0, 1) or len(set(feature.categories)) < len(feature.categories)
    suits = str if feature.kind == CATEGORY else float
    if wrong or not (feature.typical is None or isinstance(feature.typical, suits)):
        raise _refused(MODEL_FILE, place, "has a kind, direction, typical value or categories that do not fit", "的类型、方向、典型值或类别不一致")


def _check_bins(bins: Bins, feature: Feature, place: str) -> None:
    count = (len(bins.groups) if feature.kind == CATEGORY else len(bins.splits) + 1) + 2
    lengths = {len(column) for column in (bins.woe, bins.logits, bins.points, bins.rows, bins.events)}
    members = [value for group in bins.groups for value in group]
    if lengths != {count} or list(bins.splits) != sorted(set(bins.splits)) or len(set(members)) < len(members):
        raise _refused(MODEL_FILE, place, f"has bins that do not fit together ({count} entries expected)", f"的分箱前后不一致（应为 {count} 项）")


def _check_reference(model: Model, by_name: dict[str, Feature]) -> None:
    if model.reference.keys() != {*by_name, ESTIMATE}:
        raise _refused(MODEL_FILE, "reference", "must tell of each feature and of the estimate", "必须包含每个特征和估计值")
    for name, entry in model.reference.items():
        place, is_category = f"reference.{name}", name in by_name and by_name[name].kind == CATEGORY
        key = "groups" if is_category else "splits"
        if not isinstance(entry, dict) or entry.keys() != {key, "shares"}:
            raise _refused(MODEL_FILE, place, f"must have {key} and shares", f"必须有 {key} 与 shares")
        kind = tuple[tuple[str, ...], ...] if is_category else tuple[float, ...]
        bins = _value(entry[key], kind, f"{place}.{key}", MODEL_FILE)
        shares = _value(entry["shares"], tuple[float, ...], f"{place}.shares", MODEL_FILE)
        if len(shares) != len(bins) + (2 if is_category else 3) or not all(0 <= share <= 1 for share in shares):
            raise _refused(MODEL_FILE, f"{place}.shares", "do not fit the bins", "与分箱不符")
        if not is_category and list(bins) != sorted(set(bins)):
            raise _refused(MODEL_FILE, f"{place}.splits", "do not ascend", "没有递增")
