"""A strategy read from YAML: its parts in order; what could not be meant is refused naming file, part, entry and line."""

from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path

from arrears import strict_yaml
from arrears.days import read_day
from arrears.refusal import Refused
from arrears.strategy.cells import (
    amount,
    beginning_on,
    clock_window,
    days_of,
    demand_names,
    demand_words,
    percent,
    whole,
    yes,
)
from arrears.strategy.conditions import demand_segments, read_when
from arrears.strategy.experiments import check_experiments
from arrears.strategy.fair_offers import check_offers
from arrears.strategy.limits_reading import read_limits
from arrears.strategy.strategy import (
    OUTCOMES,
    OWNERS,
    TONES,
    Arm,
    Expected,
    Experiment,
    Giving,
    Ladder,
    Offer,
    Row,
    Segment,
    Strategy,
    Treatment,
)
from arrears.strict_yaml import BadYaml, line_of
from arrears.tables.contacts import CHANNELS

LEAVE_ALONE = "leave_alone"
"""The treatment that every strategy has: what is left where nothing else may, or can, be done."""
TREATMENTS_MOST = 60
"""As many treatments as the bits of a whole number hold."""
COST_MOST = 10**9
"""Of one treatment of one person, in minor units: beyond it a unit was mistaken."""
_BY_ITSELF = {None: "nobody", "call": "collector", "visit": "visitor"}


def default_strategy_text() -> str:
    """The text of the strategy that holds where nobody approved another."""
    return files("arrears.strategy").joinpath("default", "strategy.yaml").read_text(encoding="utf-8")


def read_strategy(path: Path) -> Strategy:
    """The strategy of this file; raises BadYaml."""
    return strategy_from(strict_yaml.read_text(path), path.name)


def strategy_from(text: str, name: str = "strategy.yaml") -> Strategy:
    """The strategy of this text; raises BadYaml naming the entry where one is not as it should be."""
    content = strict_yaml.parse(text, name)
    strict_yaml.expect_keys(content, {"id", "version", "treatments", "rows", "otherwise"},
                            {"segments", "ladders", "offers", "experiments", "limits", "expected", "giving"}, name)
    for key in ("id", "version"):
        if not isinstance(content[key], str) or not content[key].strip():
            raise BadYaml(f"{name}, {key}{line_of(content, key)}: write a word or a number; nights and releases name the strategy by it")
    treatments = _treatments(content, name)
    names = tuple(one.name for one in treatments)
    ladders = _each(_list(content, "ladders", name), lambda entry: _ladder(entry, names, f"{name}, ladders"))
    demand_names([one.name for one in ladders], f"{name}, ladders")
    segments = _segments(content, name)
    rows = _rows(content, names, tuple(one.name for one in ladders), name)
    experiments = _each(_list(content, "experiments", name), lambda entry: _experiment(entry, names, tuple(one.name for one in ladders), f"{name}, experiments"))
    strategy = Strategy(
        content["id"], content["version"], segments, treatments, ladders, rows, _offers(content, name), experiments,
        read_limits(_list(content, "limits", name), names, f"{name}, limits"), _expected(content.get("expected"), names, f"{name}, expected"),
        _giving(content.get("giving"), f"{name}, giving"), text)
    demand_segments([*((f"{name}, row {row.name}", row.when) for row in strategy.rows), *((f"{name}, experiments, {one.name}", one.when) for one in strategy.experiments),
                     *((f"{name}, limits, {one.name}", one.when) for one in strategy.limits)], tuple(one.name for one in segments))
    check_offers(strategy, name)
    check_experiments(strategy.experiments, f"{name}, experiments")
    return strategy


def demand_buckets(strategy: Strategy, buckets: tuple[str, ...]) -> None:
    """Raises BadYaml where a condition or an expectation names a bucket that there is not: it would never fit."""
    conditions = [*((f"row {row.name}", row.when) for row in strategy.rows), *((f"segment {one.name}", one.when) for one in strategy.segments),
                  *((f"offer {one.name}", one.when) for one in strategy.offers), *((f"experiment {one.name}", one.when) for one in strategy.experiments),
                  *((f"limit {one.name}", one.when) for one in strategy.limits)]
    named = [(where, value) for where, when in conditions for field, cell in when if field == "bucket" for value in cell]
    named += [("expected, recovery", bucket) for bucket in strategy.expected.recovery_ppm]
    named += [(f"expected, effect, {treatment}", bucket) for treatment, by_bucket in strategy.expected.effect_ppm.items() for bucket in by_bucket]
    for where, value in named:
        if value not in buckets:
            raise BadYaml(f"strategy {strategy.id}, {where}: no bucket {value!r}; there are {', '.join(buckets)}")


def _list(content: dict, key: str, name: str) -> list:
    entries = content.get(key, [])
    if not isinstance(entries, list):
        raise BadYaml(f"{name}, {key}{line_of(content, key)}: expected a list, each entry beginning with a hyphen")
    return entries


def _each(entries: list, read: Callable) -> tuple:
    """Each entry read; where one is refused, the line on which it begins is told."""
    found = []
    for entry in entries:
        with beginning_on(entry):
            found.append(read(entry))
    return tuple(found)


def _treatments(content: dict, name: str) -> tuple[Treatment, ...]:
    found = _each(_list(content, "treatments", name), lambda entry: _treatment(entry, f"{name}, treatments"))
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        twice = next(one for place, one in enumerate(names) if one in names[:place])
        raise BadYaml(f"{name}, treatments: {twice} stands twice; the list says how pressing each is, so each stands once")
    if not 0 < len(found) <= TREATMENTS_MOST:
        raise BadYaml(f"{name}, treatments: {len(found)} of them; there may be 1 to {TREATMENTS_MOST}")
    quiet = next((one for one in found if one.name == LEAVE_ALONE), None)
    if quiet is None or quiet.owner != "nobody":
        raise BadYaml(f"{name}, treatments: {LEAVE_ALONE} is missing, or somebody is to do it; add {{name: {LEAVE_ALONE}, zh: 暂不打扰, en: leave alone}}: it is "
                      "what remains where a contact is refused, cooling off, or beyond capacity")
    if quiet.cost_minor or quiet.minutes:
        raise BadYaml(f"{name}, treatments, {LEAVE_ALONE}: it costs nothing and takes no minutes, since nothing is done; remove cost and minutes")
    return found


def _treatment(entry: dict, where: str) -> Treatment:
    strict_yaml.expect_keys(entry, {"name", "zh", "en"}, {"owner", "channel", "hours", "tone", "text", "cost", "minutes", "cool_off_days", "skill"}, where)
    demand_words(entry, where, "zh", "en", "text", "skill")
    channel, here = entry.get("channel"), f"{where}, {entry['name']}{line_of(entry)}"
    if channel is not None and channel not in CHANNELS:
        raise BadYaml(f"{where}{line_of(entry, 'channel')}: the channel {channel!r} is not known; known are {', '.join(CHANNELS)}")
    if "text" in entry and channel is None:
        raise BadYaml(f"{where}{line_of(entry, 'text')}: {entry['name']} has a text but no channel by which it goes out")
    owner = entry.get("owner", _BY_ITSELF.get(channel, "bot"))
    if owner not in OWNERS:
        raise BadYaml(f"{where}{line_of(entry, 'owner')}: the owner {owner!r} is not known; known are {', '.join(OWNERS)}")
    if owner == "nobody" and channel is not None:
        raise BadYaml(f"{here}: it goes out by {channel}, so somebody does it; give an owner other than nobody, or leave out the channel")
    if entry.get("tone", TONES[0]) not in TONES:
        raise BadYaml(f"{where}{line_of(entry, 'tone')}: the tone {entry['tone']!r} is not known; known are {', '.join(TONES)}")
    hours = clock_window(entry["hours"], here) if "hours" in entry else None
    return Treatment(
        entry["name"], entry["zh"], entry["en"], owner, channel, hours, entry.get("tone"), entry.get("text"), whole(entry.get("cost", "0"), f"{here}, cost (in minor units)", COST_MOST),
        whole(entry.get("minutes", "0"), f"{here}, minutes", 1_440), whole(entry.get("cool_off_days", "0"), f"{here}, cool_off_days", 366), entry.get("skill"))


def _ladder(entry: dict, names: tuple[str, ...], where: str) -> Ladder:
    strict_yaml.expect_keys(entry, {"name", "zh", "en", "steps"}, set(), where)
    demand_words(entry, where, "zh", "en")
    here = f"{where}, {entry['name']}"
    if not isinstance(entry["steps"], list) or not entry["steps"]:
        raise BadYaml(f"{here}{line_of(entry, 'steps')}: expected a list of steps, each with from_day and treatment")
    steps = []
    for step in entry["steps"]:
        strict_yaml.expect_keys(step, {"from_day", "treatment"}, set(), f"{here}, steps")
        steps.append((whole(step["from_day"], f"{here}, steps{line_of(step)}, from_day", 36_500), _known(step["treatment"], names, f"{here}, steps{line_of(step)}")))
    days = [day for day, _ in steps]
    if days[0] != 1:
        raise BadYaml(f"{here}: its first step begins on day {days[0]}, so nothing would be done before; begin with from_day \"1\"")
    for before, after in zip(days, days[1:], strict=False):
        if after <= before:
            raise BadYaml(f"{here}: the step from day {after} stands after that from day {before}; put the steps in the order of their days")
    return Ladder(entry["name"], entry["zh"], entry["en"], tuple(steps))


def _known(treatment: str, names: tuple[str, ...], where: str) -> str:
    if treatment not in names:
        raise BadYaml(f"{where}: the treatment {treatment!r} is not in the list of treatments")
    return treatment


def _table(content: dict, key: str, name: str) -> tuple[list, dict] | None:
    """The rows of a part that has rows and otherwise; None where the part is not there."""
    if key not in content:
        return None
    strict_yaml.expect_keys(content[key], {"rows", "otherwise"}, set(), f"{name}, {key}")
    if not isinstance(content[key]["rows"], list):
        raise BadYaml(f"{name}, {key}{line_of(content[key], 'rows')}: expected a list of rows, each entry beginning with a hyphen")
    return content[key]["rows"], content[key]["otherwise"]


def _segments(content: dict, name: str) -> tuple[Segment, ...]:
    table = _table(content, "segments", name)
    if table is None:
        return ()
    found = []
    for place, entry in enumerate(table[0], start=1):
        with beginning_on(entry):
            found.append(_segment(entry, f"{name}, segments, row {place}"))
    strict_yaml.expect_keys(table[1], {"name", "zh", "en"}, set(), f"{name}, segments, otherwise")
    demand_words(table[1], f"{name}, segments, otherwise", "zh", "en")
    found.append(Segment(table[1]["name"], (), table[1]["zh"], table[1]["en"]))
    demand_names([one.name for one in found], f"{name}, segments")
    return tuple(found)


def _segment(entry: dict, where: str) -> Segment:
    strict_yaml.expect_keys(entry, {"name", "zh", "en", "when"}, set(), where)
    demand_words(entry, where, "zh", "en")
    when = read_when(entry["when"], f"{where} ({entry['name']})")
    if any(field == "segment" for field, _ in when):
        raise BadYaml(f"{where} ({entry['name']}): a segment cannot rest on segments; name the fields themselves")
    return Segment(entry["name"], when, entry["zh"], entry["en"])


def _rows(content: dict, names: tuple[str, ...], ladders: tuple[str, ...], name: str) -> tuple[Row, ...]:
    rows = []
    for place, entry in enumerate(_list(content, "rows", name), start=1):
        where = f"{name}, row {place} ({entry.get('name', 'without a name') if isinstance(entry, dict) else entry})"
        with beginning_on(entry):
            strict_yaml.expect_keys(entry, {"name", "when", "reason"}, {*_FOLLOWS, "restraint", "fixed"}, where)
            rows.append(_row(entry, read_when(entry["when"], where), names, ladders, where))
    strict_yaml.expect_keys(content["otherwise"], {"name", "reason"}, set(_FOLLOWS), f"{name}, otherwise")
    with beginning_on(content["otherwise"]):
        rows.append(_row(content["otherwise"], (), names, ladders, f"{name}, otherwise"))
    demand_names([row.name for row in rows], f"{name}: two rows share a name; each needs its own, the report names rows by it")
    return tuple(rows)


_FOLLOWS = ("treatment", "choose", "ladder")


def _row(entry: dict, when, names: tuple[str, ...], ladders: tuple[str, ...], where: str) -> Row:
    treatments, ladder = _what_follows(entry, names, ladders, where, compulsory=True)
    _reason(entry, where)
    restraint = yes(entry.get("restraint", "no"), f"{where}, restraint")
    if restraint and treatments != (LEAVE_ALONE,):
        raise BadYaml(f"{where}: a row of restraint leaves alone; give it treatment: {LEAVE_ALONE}, or leave out restraint")
    return Row(entry["name"], when, treatments, ladder, restraint, entry["reason"]["zh"], entry["reason"]["en"], yes(entry.get("fixed", "no"), f"{where}, fixed"))


def _reason(entry: dict, where: str) -> None:
    demand_words(entry, where)
    strict_yaml.expect_keys(entry["reason"], {"zh", "en"}, set(), f"{where}, reason")
    demand_words(entry["reason"], f"{where}, reason", "zh", "en")


def _what_follows(entry: dict, names, ladders, where: str, *, compulsory: bool) -> tuple[tuple[str, ...], str | None]:
    """The treatments, or the ladder, that an entry gives; both empty where it gives none and need not."""
    given = [key for key in _FOLLOWS if key in entry]
    if len(given) > 1 or (compulsory and not given):
        raise BadYaml(f"{where}{line_of(entry)}: give one of {', '.join(_FOLLOWS)}; it has {' and '.join(given) or 'none'}")
    if not given:
        return (), None
    if given == ["treatment"]:
        return (_known(entry["treatment"], names, where),), None
    if given == ["ladder"]:
        if entry["ladder"] not in ladders:
            raise BadYaml(f"{where}: the ladder {entry['ladder']!r} is not in the list of ladders")
        return (), entry["ladder"]
    if not isinstance(entry["choose"], list) or len(entry["choose"]) < 2 or len(set(map(str, entry["choose"]))) < len(entry["choose"]):
        raise BadYaml(f"{where}, choose: expected a list of two or more treatments, none twice; for one write treatment")
    chosen = [_known(one, names, where) for one in entry["choose"]]
    return tuple(sorted(chosen, key=names.index)), None


def _offers(content: dict, name: str) -> tuple[Offer, ...]:
    table = _table(content, "offers", name)
    if table is None:
        return ()
    found = []
    for place, entry in enumerate(table[0], start=1):
        with beginning_on(entry):
            found.append(_offer(entry, f"{name}, offers, row {place}", {"when"}))
    with beginning_on(table[1]):
        found.append(_offer(table[1], f"{name}, offers, otherwise", set()))
    demand_names([one.name for one in found], f"{name}, offers")
    return tuple(found)


def _offer(entry: dict, where: str, further: set[str]) -> Offer:
    strict_yaml.expect_keys(entry, {"name", "reason", *further}, {"instalments_most", "shift_days_most", "waive_penalty", "waive_interest"}, where)
    here = f"{where} ({entry['name']})"
    _reason(entry, here)
    return Offer(
        entry["name"], read_when(entry["when"], here) if further else (), whole(entry.get("instalments_most", "0"), f"{here}, instalments_most", 360),
        whole(entry.get("shift_days_most", "0"), f"{here}, shift_days_most", 365), percent(entry.get("waive_penalty", "0%"), f"{here}, waive_penalty"),
        percent(entry.get("waive_interest", "0%"), f"{here}, waive_interest"), entry["reason"]["zh"], entry["reason"]["en"])


def _experiment(entry: dict, names, ladders, where: str) -> Experiment:
    strict_yaml.expect_keys(entry, {"name", "zh", "en", "from", "until", "when", "outcome", "arms"}, set(), where)
    demand_words(entry, where, "zh", "en")
    here = f"{where}, {entry['name']}"
    if entry["outcome"] not in OUTCOMES:
        raise BadYaml(f"{here}{line_of(entry, 'outcome')}: the outcome {entry['outcome']!r} is not known; known are {', '.join(OUTCOMES)}")
    if not isinstance(entry["arms"], list):
        raise BadYaml(f"{here}{line_of(entry, 'arms')}: expected a list of arms, each with name and share")
    arms = []
    for arm in entry["arms"]:
        strict_yaml.expect_keys(arm, {"name", "share"}, set(_FOLLOWS), f"{here}, arms")
        demand_words(arm, f"{here}, arms")
        treatments, ladder = _what_follows(arm, names, ladders, f"{here}, arm {arm['name']}", compulsory=False)
        arms.append(Arm(arm["name"], percent(arm["share"], f"{here}, arm {arm['name']}, share"), treatments, ladder))
    return Experiment(entry["name"], entry["zh"], entry["en"], _day(entry, "from", here), _day(entry, "until", here), read_when(entry["when"], here),
                      tuple(arms), entry["outcome"])


def _day(entry: dict, key: str, where: str) -> date:
    try:
        return read_day(entry[key])
    except (Refused, ValueError, TypeError):
        raise BadYaml(f"{where}, {key}{line_of(entry, key)}: {entry[key]!r} is no date; write YYYY-MM-DD") from None


def _expected(entry: dict | None, names, where: str) -> Expected:
    if entry is None:
        return Expected()
    strict_yaml.expect_keys(entry, {"source", "recovery", "effect"}, {"complaints_per_million"}, where)
    demand_words(entry, where, "source")

    def shares(cells: dict, here: str) -> dict[str, int]:
        if not isinstance(cells, dict):
            raise BadYaml(f"{here}: expected buckets with a share each, such as {{M1: \"60%\"}}")
        return {bucket: percent(cell, f"{here}, {bucket}{line_of(cells, bucket)}") for bucket, cell in cells.items()}

    by_treatment = {key: entry.get(key, {}) for key in ("effect", "complaints_per_million")}
    for key, cells in by_treatment.items():
        if not isinstance(cells, dict):
            raise BadYaml(f"{where}, {key}{line_of(entry, key)}: expected treatments, each with what is assumed of it")
        for treatment in cells:
            _known(treatment, names, f"{where}, {key}{line_of(cells, treatment)}")
        if key == "effect" and LEAVE_ALONE in cells:
            raise BadYaml(f"{where}, {key}{line_of(cells, LEAVE_ALONE)}: {LEAVE_ALONE} is what the others are measured against; put what comes by itself under recovery")
    with beginning_on(entry):
        effect = {treatment: shares(cells, f"{where}, effect, {treatment}") for treatment, cells in entry["effect"].items()}
        complaints = {treatment: whole(cell, f"{where}, complaints_per_million, {treatment}{line_of(by_treatment['complaints_per_million'], treatment)}", 1_000_000)
                      for treatment, cell in by_treatment["complaints_per_million"].items()}
        return Expected(shares(entry["recovery"], f"{where}, recovery"), effect, complaints, entry["source"])


def _giving(entry: dict | None, where: str) -> Giving:
    if entry is None:
        return Giving()
    strict_yaml.expect_keys(entry, set(), {"idle_days", "not_back_days", "continuity", "uneven"}, where)
    own = Giving()
    with beginning_on(entry):
        return Giving(days_of(entry, "idle_days", own.idle_days, where), days_of(entry, "not_back_days", own.not_back_days, where),
                      amount(entry.get("continuity", str(own.continuity_minor)), f"{where}, continuity"), amount(entry.get("uneven", str(own.uneven_minor)), f"{where}, uneven"))
