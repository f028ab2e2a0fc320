"""How much all charges together may come to, by regime, contract date and filing date.

Source: spec positions, sections 14 to 17; the texts are in cn/sources.yaml.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files

from arrears import strict_yaml
from arrears.timeline import Timeline, constant

_SERIES_KEYS = {"id", "unit", "source", "article", "evidence", "values"}


@dataclass(frozen=True)
class Law:
    """The dated numbers that positions read, and the digest that names this version of them."""

    lpr: Timeline
    licensed: Timeline
    microloan: Timeline
    private_before_2020: Timeline
    private_multiple: Timeline
    digest: str

    @property
    def private_turn(self) -> date:
        """The day from which private loans are capped by a multiple of the LPR."""
        return self.private_multiple.steps[0][0]


@cache
def read_law() -> Law:
    """The law that travels with this version; raises BadYaml where a file is not as it should be."""
    return law_from(law_texts())


def law_from(texts: dict[str, str]) -> Law:
    """The law of these files (name to text): the same texts give the same law, wherever they are kept."""
    sources = {entry["id"] for entry in strict_yaml.parse(texts["sources.yaml"], "sources.yaml")}
    lpr = _series(strict_yaml.parse(texts["lpr.yaml"], "lpr.yaml"), sources, "lpr.yaml")
    caps = {entry["id"]: _series(entry, sources, f"caps.yaml, {entry.get('id')}")
            for entry in strict_yaml.parse(texts["caps.yaml"], "caps.yaml")}
    return Law(
        lpr=lpr,
        licensed=caps["cn.cap.licensed"],
        microloan=caps["cn.cap.microloan"],
        private_before_2020=caps["cn.cap.private_before_2020"],
        private_multiple=caps["cn.cap.private_multiple"],
        digest=sha256("\0".join(f"{name}\0{texts[name]}" for name in sorted(texts)).encode()).hexdigest(),
    )


def law_texts() -> dict[str, str]:
    """The files of the law as they stand, so that a night can keep what it was decided by."""
    folder = files("arrears.law").joinpath("cn")
    return {name: folder.joinpath(name).read_text(encoding="utf-8") for name in ("sources.yaml", "lpr.yaml", "caps.yaml")}


def cap_of(law: Law, regime: str, disbursed_on: date, filed_on: date | None) -> Timeline | None:
    """The cap in parts per million a year, night by night; None for the regime `none`, which has no cap.

    A value of None in the timeline says that the law's rate is not known for those nights: no data, a
    series past its confirmed date, or a private loan from before 2020-08-20 on which no suit is filed, whose
    second period is capped by the LPR at a filing that has not happened (法释〔2020〕6号, art. 31).
    """
    if regime == "none":
        return None
    if regime == "cn_licensed":
        return law.licensed
    if regime == "cn_microloan":
        return law.microloan
    if regime != "cn_private":
        raise ValueError(f"regime {regime!r} has no cap in this law; known are none, cn_licensed, cn_private, cn_microloan")
    if disbursed_on >= law.private_turn:
        return constant(law.private_turn, _times_lpr(law, disbursed_on))
    if filed_on is not None and filed_on < law.private_turn:
        return law.private_before_2020
    at_filing = None if filed_on is None else _times_lpr(law, filed_on)
    return law.private_before_2020.until(law.private_turn, constant(law.private_turn, at_filing))


def why_unknown(regime: str, disbursed_on: date, filed_on: date | None, law: Law) -> str:
    """The kind of reason for which the cap is unknown: `before_series`, `not_filed` or `stale`."""
    if regime == "cn_private" and disbursed_on < law.private_turn:
        if disbursed_on < law.private_before_2020.steps[0][0]:
            return "before_series"
        return "not_filed" if filed_on is None else "stale"
    return "stale" if regime == "cn_private" else "before_series"


def _times_lpr(law: Law, day: date) -> int | None:
    lpr, times = law.lpr.at(day), law.private_multiple.at(law.private_turn)
    return None if lpr is None or times is None else lpr * times


def _series(entry: dict, sources: set[str], where: str) -> Timeline:
    strict_yaml.expect_keys(entry, _SERIES_KEYS, {"regime", "meaning", "last_confirmed", "max_staleness_days"}, where)
    if entry["source"] not in sources:
        raise strict_yaml.BadYaml(f"{where}: the source {entry['source']!r} is not in sources.yaml")
    if entry["evidence"] not in ("T1", "T2", "K"):
        raise strict_yaml.BadYaml(f"{where}: evidence {entry['evidence']!r}; an uncertain number is never in force")
    steps: list[tuple[date, int | None]] = [(date.fromisoformat(day), int(value)) for day, value in entry["values"].items()]
    if "last_confirmed" in entry:
        last_known = date.fromisoformat(entry["last_confirmed"]) + timedelta(days=int(entry["max_staleness_days"]))
        steps.append((last_known + timedelta(days=1), None))
    return Timeline(tuple(steps))
