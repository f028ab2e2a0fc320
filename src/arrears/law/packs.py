"""Packs: the law of one jurisdiction as a folder of dated, cited YAML, and what a lender lays over it.

A lender's folder may hold rules of its own and, under the same ids, other versions of the shipped rules that are the lender's
policy anyway. What is law it cannot change: rules only forbid, so a stricter rule is simply one more rule. Source: spec verdicts,
cn 11; DESIGN, decision 5.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path

from arrears import strict_yaml
from arrears.law.entries import EVIDENCE
from arrears.law.rules import OPERATOR_POLICY, Pack, Rule, day_from, reach_from, rule_from
from arrears.strict_yaml import BadYaml
from arrears.zones import zone_names

SHIPPED = ("cn", "us")
_PACK_KEYS = {"id", "version", "title", "zone", "currency", "covers", "covers_from", "disclaimer", "example", "examples"}
_SOURCE_MAY = {"doc_no", "kind", "published", "effective_to", "verified_on", "note"}
_MEANT = (".yml", ".yaml", ".yml.txt", ".yaml.txt")
"""Endings of a file that was meant to be read."""
_POLICY_KEYS = {"id", "version", "switched_off"}


@cache
def shipped_pack(name: str) -> Pack:
    """The pack that travels with this version, by its jurisdiction; raises BadYaml where a file is not as it should be."""
    return pack_from(shipped_texts(name), name)


def shipped_texts(name: str) -> dict[str, str]:
    """The files of a shipped pack, name (with /) to text: read once, as they do not change while the program runs."""
    return dict(_shipped_texts(name))


@cache
def _shipped_texts(name: str) -> dict[str, str]:
    return texts_of(Path(str(files("arrears.law").joinpath(name))))


def texts_of(folder: Path) -> dict[str, str]:
    """Every YAML file of the folder and those within, by name.

    Raises BadYaml where it is no folder, a file is not UTF-8, or one would be passed over for its name's ending alone.
    """
    if not folder.is_dir():
        raise BadYaml(f"{folder}: no such folder; a pack is a folder with pack.yaml, sources.yaml and rules/")
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.name.lower().endswith(_MEANT) and not path.name.endswith(".yaml"):
            raise BadYaml(f"{name}: would not be read; only files whose names end in .yaml are: rename it")
        if path.is_symlink() and path.is_dir():
            raise BadYaml(f"{name}: links to folders are not followed; put the folder itself there")
    return {path.relative_to(folder).as_posix(): strict_yaml.read_text(path) for path in sorted(folder.rglob("*.yaml"))}


def read_pack(folder: Path) -> Pack:
    """The pack in a folder; raises BadYaml naming file and place where something is not as it should be."""
    texts = texts_of(folder)
    if "pack.yaml" not in texts:
        raise BadYaml(f"{folder}: it has no pack.yaml, so it is no pack; copy a shipped pack and change the copy")
    return pack_from(texts, folder.name)


def pack_from(texts: dict[str, str], name: str) -> Pack:
    """The pack of these files: the same texts give the same pack, wherever they are kept."""
    about = strict_yaml.parse(texts["pack.yaml"], f"{name}/pack.yaml")
    strict_yaml.expect_keys(about, _PACK_KEYS, {"hypothetical"}, f"{name}/pack.yaml")
    sources = _sources(texts, name)
    rules = [rule_from(text, f"{name}/{file}", set(sources)) for file, text in sorted(texts.items()) if file.startswith("rules/")]
    _demand_apart(rules)
    _demand_in_force(rules, sources)
    if about["zone"] != "person" and about["zone"] not in zone_names():
        raise BadYaml(f"{name}/pack.yaml{strict_yaml.line_of(about, 'zone')}: zone {about['zone']!r} is neither person nor a zone of the IANA database, such as Asia/Shanghai")
    if not about["covers"]:
        raise BadYaml(f"{name}/pack.yaml{strict_yaml.line_of(about, 'covers')}: covers is empty; say of which licences, products or actors the pack speaks")
    return Pack(
        id=about["id"], version=about["version"], title=about["title"], zone=None if about["zone"] == "person" else about["zone"],
        currency=about["currency"], covers=reach_from(about["covers"], f"{name}/pack.yaml, covers"),
        covers_from=day_from(about["covers_from"], f"{name}/pack.yaml, covers_from"), rules=tuple(rules), sources=sources, texts=texts,
    )


def with_policy(pack: Pack, texts: dict[str, str], name: str = "policy") -> Pack:
    """The pack with a lender's own folder laid over it.

    texts: policy.yaml (optional; `switched_off`: ids of grounds that are policy, not law) and rules/*.yaml. A rule of a new id is
    added; one with the id of a shipped rule all of whose grounds are the lender's policy takes its place. lexicon/*.yaml adds words.
    Raises BadYaml where it would change or switch off what is law, or holds a file that nobody would read.
    """
    for file in texts:
        folder, _, rest = file.rpartition("/")
        if file != "policy.yaml" and not (rest and folder in ("rules", "lexicon")):
            raise BadYaml(f"{name}/{file}: a lender's folder holds policy.yaml, rules/*.yaml and lexicon/*.yaml, and nothing else is read; "
                          "move the file or take it away")
    switched_off = _switched_off(pack, texts, name)
    shipped = {rule.id: rule for rule in pack.rules}
    law_ids = {ground.id for ground in pack.grounds if not ground.is_policy}
    own = [rule_from(text, f"{name}/{file}", set(pack.sources)) for file, text in sorted(texts.items()) if file.startswith("rules/")]
    for rule in own:
        for ground in rule.grounds:
            if ground.id in law_ids:
                raise BadYaml(f"{rule.file}, {rule.id}: {_is_law(ground.id)}")
            if not ground.is_policy:
                raise BadYaml(f"{rule.file}, {rule.id}: the source {ground.source} is law; a lender's own rule rests on {OPERATOR_POLICY}, "
                              "with evidence own")
        if rule.id in shipped and not all(ground.is_policy for ground in shipped[rule.id].grounds):
            raise BadYaml(f"{rule.file}, {rule.id}: {_is_law(rule.id)}")
    replaced = {rule.id for rule in own}
    kept = [_without(rule, switched_off) for rule in pack.rules if rule.id not in replaced]
    rules = [rule for rule in [*kept, *own] if rule.grounds]
    _demand_apart(rules)
    return Pack(
        pack.id, pack.version, pack.title, pack.zone, pack.currency, pack.covers, pack.covers_from, tuple(rules), pack.sources,
        {**pack.texts, **{f"policy/{file}": text for file, text in texts.items()}},
    )


def law_of(law: str, policy: dict[str, str] | None) -> dict[str, str]:
    """The files that decide for a lender under that law: of the mainland's pack, which caps charges, of its own law's, and its own rules.

    Named cn/…, us/… and policy/…, so that a night can keep them together.
    """
    packs = {f"{name}/{file}": text for name in sorted({"cn", law}) for file, text in shipped_texts(name).items()}
    return packs | {f"policy/{file}": text for file, text in (policy or {}).items()}


def packed(texts: dict[str, str], name: str) -> dict[str, str]:
    """The files of one pack (or of policy) among those that were kept together."""
    return {file.removeprefix(f"{name}/"): text for file, text in texts.items() if file.startswith(f"{name}/")}


def pack_kept(texts: dict[str, str], name: str) -> Pack:
    """The pack of that name among files that were kept together, with the lender's own rules laid over it."""
    pack, policy = pack_from(packed(texts, name), name), packed(texts, "policy")
    return with_policy(pack, policy) if policy else pack


def _is_law(what: str) -> str:
    return (f"{what} is law, which a lender's folder can neither change nor switch off; to be stricter, write a rule of your own "
            f"under another id, with source {OPERATOR_POLICY}")


def _switched_off(pack: Pack, texts: dict[str, str], name: str) -> set[str]:
    if "policy.yaml" not in texts:
        return set()
    about = strict_yaml.parse(texts["policy.yaml"], f"{name}/policy.yaml")
    strict_yaml.expect_keys(about, {"id"}, _POLICY_KEYS, f"{name}/policy.yaml")
    named = about.get("switched_off", [])
    if not isinstance(named, list):
        raise BadYaml(f"{name}/policy.yaml, switched_off: must be a list of ids of the lender's policy")
    known = {ground.id: ground for ground in pack.grounds}
    for one in named:
        if not isinstance(one, str):
            raise BadYaml(f"{name}/policy.yaml, switched_off: {str(one)!r} is no id; name the ids of grounds, one each")
        if one not in known:
            # a folder may serve a lender under several laws
            if one.split(".")[0] == pack.id:
                raise BadYaml(f"{name}/policy.yaml, switched_off: there is no {one!r} in the pack {pack.id}; arrears law list shows all")
        elif not known[one].is_policy:
            raise BadYaml(f"{name}/policy.yaml, switched_off: {_is_law(one)}")
    return set(named)


def _without(rule: Rule, switched_off: set[str]) -> Rule:
    if not any(ground.id in switched_off for ground in rule.grounds):
        return rule
    return Rule(rule.id, rule.title, rule.message, rule.when, rule.unless, rule.examples, rule.file,
                [ground for ground in rule.grounds if ground.id not in switched_off])


def _sources(texts: dict[str, str], name: str) -> dict[str, dict]:
    where = f"{name}/sources.yaml"
    if "sources.yaml" not in texts:
        raise BadYaml(f"{where}: missing; every rule and number cites a text that stands there")
    listed = strict_yaml.parse(texts["sources.yaml"], where)
    if not isinstance(listed, list):
        raise BadYaml(f"{where}: must be a list of texts, each beginning with - id")
    sources: dict[str, dict] = {}
    for entry in listed:
        strict_yaml.expect_keys(entry, {"id", "title", "issuer", "effective_from", "evidence"}, _SOURCE_MAY, where)
        wrong = [key for key, value in entry.items() if not isinstance(value, str)]
        if wrong:
            raise BadYaml(f"{where}{strict_yaml.line_of(entry, wrong[0])}: {wrong[0]} must be a text")
        if entry["evidence"] not in EVIDENCE:
            raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'evidence')}: evidence {entry['evidence']!r}; known are {', '.join(EVIDENCE)}")
        for key in ("effective_from", "effective_to", "verified_on"):
            if entry.get(key, "null") != "null":
                day_from(entry[key], f"{where}{strict_yaml.line_of(entry, key)}, {key}")
        if entry["id"] in sources:
            raise BadYaml(f"{where}{strict_yaml.line_of(entry)}: the source {entry['id']} stands twice; remove one")
        sources[entry["id"]] = entry
    return sources


def _demand_in_force(rules: list[Rule], sources: dict[str, dict]) -> None:
    """Raises BadYaml where a ground holds on a day on which the text that it cites did not, as far as its dates are known."""
    for ground in (ground for rule in rules for ground in rule.grounds if not ground.is_policy):
        first, last = (sources[ground.source].get(key, "null") for key in ("effective_from", "effective_to"))
        begins_early = first != "null" and ground.from_on < day_from(first, "effective_from")
        if begins_early or last != "null" and ground.until_on > day_from(last, "effective_to"):
            raise BadYaml(f"{ground.rule.file}, {ground.id}: holds on days on which {ground.source} does not (effective_from {first}, "
                          f"effective_to {last} in sources.yaml); correct the one or the other")


def _demand_apart(rules: list[Rule]) -> None:
    """Raises BadYaml where an id stands twice, or where two grounds of a rule say the same of the same day and contact."""
    seen: dict[str, str] = {}
    files: dict[str, str] = {}
    for rule in rules:
        if rule.id in files:
            raise BadYaml(f"{rule.file}, {rule.id}: a rule of that id stands already in {files[rule.id]}; each needs its own")
        files[rule.id] = rule.file
        for ground in rule.grounds:
            if ground.id in seen:
                raise BadYaml(f"{rule.file}, {rule.id}: the id {ground.id} stands already in {seen[ground.id]}; each needs its own, "
                              "answers name it")
            seen[ground.id] = rule.file
        for place, one in enumerate(rule.grounds):
            for other in rule.grounds[place + 1:]:
                apart = any(not one.reach[name] & other.reach[name] for name in one.reach.keys() & other.reach.keys())
                if one.source == other.source and not apart and one.from_on < other.until_on and other.from_on < one.until_on:
                    raise BadYaml(f"{rule.file}, {rule.id}: the grounds {one.id} and {other.id} rest on the same text and overlap in "
                                  "dates and reach; end the one on the day on which the other begins")
