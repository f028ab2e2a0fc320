"""The pack as a decision table of zen-engine, and records for it: made from the pack itself, so that it cannot lag behind it.

A row of the table is a ground, its output the ground's id; all rows that fit are collected, as the screen tells all grounds that
speak. A record has everything that needs looking up ready: how many contacts count for each rule, whether the debtor can be reached,
which red lines the text crosses, whether a consent is open. These are found here by joins in Polars, another way than the screen's.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
from gate_book import Book

from arrears.compliance.asked import FAILED, NO_TEXT, STATUSES
from arrears.compliance.screen import Prepared
from arrears.compliance.wording import findings
from arrears.law.rules import CHANNELS, REACH, Ground, Pack, Rule
from arrears.tables.contacts import DIRECTIONS, OUTCOMES
from arrears.tables.holds import HOLD_KINDS
from arrears.zones import DAY, MINUTE

UNCOVERED = "uncovered"
_MOST_TELLING_FIRST = ("relation", "channel", "product", "purpose", "licence", "actor")
_FOREVER = 2_000_000
_SHANGHAI_AHEAD = 480 * MINUTE


def table(pack: Pack) -> dict:
    """The whole pack as one decision table between an input and an output, in zen-engine's JSON."""
    rows = [{"_id": ground.id, **_cells(ground), "ground": _quoted(ground.id)} for ground in pack.grounds]
    rows.append({"_id": "before", "day": f"< {pack.covers_from}", "ground": _quoted(UNCOVERED)})
    for name, values in pack.covers.items():
        others = ", ".join(_quoted(value) for value in REACH[name] if value not in values)
        if others:
            rows.append({"_id": name, name: others, "ground": _quoted(UNCOVERED)})
    # The columns that rule out most rows stand first, since a row is left at its first cell that does not fit.
    columns = [name for name in (*_MOST_TELLING_FIRST, "day") if any(name in row for row in rows)]
    inputs = [{"id": name, "name": name, "field": name} for name in columns] + [{"id": "holds", "name": "holds"}]
    blank = {each["id"]: "" for each in inputs}
    content = {"hitPolicy": "collect", "inputs": inputs, "outputs": [{"id": "ground", "name": "ground", "field": "ground"}],
               "rules": [{**blank, **row} for row in rows]}
    place = {"x": 0, "y": 0}
    return {
        "nodes": [{"id": "in", "type": "inputNode", "name": "in", "position": place},
                  {"id": "table", "type": "decisionTableNode", "name": "table", "position": place, "content": content},
                  {"id": "out", "type": "outputNode", "name": "out", "position": place}],
        "edges": [{"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"}, {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"}],
    }


def _cells(ground: Ground) -> dict[str, str]:
    cells = {name: ", ".join(_quoted(value) for value in REACH[name] if value in values) for name, values in ground.reach.items()}
    # The end of time is larger than any day asked about.
    cells["day"] = f">= {ground.from_on}" if ground.until_on > _FOREVER else f"[{ground.from_on}..{ground.until_on})"
    rule = ground.rule
    said = [f"({_EXPRESSIONS[kind](value, rule)})" for kind, value in rule.when.items()]
    said += [f"not ({_EXPRESSIONS[kind](value, rule)})" for kind, value in rule.unless.items()]
    return {**cells, "holds": " and ".join(said)}


def _quoted(value: str) -> str:
    return f"'{value}'"


def _any_of(field: str) -> Callable[[list[str], Rule], str]:
    return lambda wanted, rule: " or ".join(f"{_quoted(one)} in {field}" for one in wanted)


def _clock(value: dict, rule: Rule) -> str:
    begin, end = (60 * int(value[key][:2]) + int(value[key][3:]) for key in ("from", "to"))
    return f"minute >= {begin} {'and' if begin <= end else 'or'} minute < {end}"


def _lacking(value: dict, rule: Rule) -> str:
    said = [f"staff < {value['staff']}"] if "staff" in value else []
    return " or ".join(said + (["not recorded"] if "recorded" in value else []))


_EXPRESSIONS: dict[str, Callable[[object, Rule], str]] = {
    "local_time_in": _clock,
    "contacts_already": lambda value, rule: f"{counter_of(rule)} >= {value['at_least']}",
    "debtor_reachable": lambda value, rule: "debtor_reachable",
    "lacks": _lacking,
    "debtor_status": _any_of("debtor_status"),
    "party_status": _any_of("party_status"),
    "debtor_or_party_status": lambda wanted, rule: f"{_any_of('debtor_status')(wanted, rule)} or {_any_of('party_status')(wanted, rule)}",
    "hold": _any_of("holds_placed"),
    "limitation_expired": lambda value, rule: "day > limitation_on",
    "text_missing": lambda value, rule: "text_missing",
    "text_has": _any_of("red_lines"),
    "amount_above_claim": lambda value, rule: "amount_minor > claimable_minor",
    "consent_open": lambda kind, rule: f"consent_{kind}_open",
}


def counter_of(rule: Rule) -> str:
    """The field of a record in which the contacts that count for this rule are counted."""
    return "count_" + rule.id.replace(".", "_")


def records(book: Book, places: np.ndarray, prepared: Prepared) -> list[dict]:
    """One record for each of these people, in their order, with all counters ready."""
    asked = book.asked.take(places)
    rows = asked.rows
    local = rows.at + _SHANGHAI_AHEAD
    columns = {"day": local // DAY, "minute": local % DAY // MINUTE, "staff": rows.staff, "recorded": rows.recorded,
               "limitation_on": rows.limitation_on, "claimable_minor": rows.claimable, "text_missing": rows.text == NO_TEXT}
    named = {name: [REACH[name][code] for code in getattr(rows, name)] for name in REACH}
    sets = {"debtor_status": (rows.debtor_status, STATUSES), "party_status": (rows.party_status, STATUSES), "holds_placed": (rows.holds, HOLD_KINDS)}
    lists = {name: [[value for place, value in enumerate(values) if bits >> place & 1] for bits in column] for name, (column, values) in sets.items()}
    of_text = [_of_text(text, prepared) for text in asked.texts]
    lists["red_lines"] = [[] if text == NO_TEXT else of_text[text][0] for text in rows.text]
    columns["amount_minor"] = np.array([-1 if text == NO_TEXT else of_text[text][1] for text in rows.text])
    columns |= _looked_up(book, places, prepared.pack)
    names = [*columns, *named, *lists]
    every = zip(*(column.tolist() for column in columns.values()), *named.values(), *lists.values(), strict=True)
    return [dict(zip(names, row, strict=True)) for row in every]


def _of_text(text: str, prepared: Prepared) -> tuple[list[str], int]:
    """The red lines it crosses and the largest sum it names, as the screen has found them: reading a text is not what is compared."""
    lines = {one.red_line for one in findings(text, prepared.lexicon)}
    return sorted(lines), prepared.screened[text][1]


def _looked_up(book: Book, places: np.ndarray, pack: Pack) -> dict[str, np.ndarray]:
    """Counters by joins: of each rule that counts, whether the debtor can be reached, whether the evening was agreed to."""
    rows = book.asked.rows
    people = pl.DataFrame({"row": np.arange(len(places)), "person": places, "at": rows.at[places], "number": rows.number[places],
                           "with_debtor": book.rows["relation"][places] == REACH["relation"].index("debtor")})
    people = people.with_columns(day=(pl.col("at") + _SHANGHAI_AHEAD) // DAY)
    past = pl.DataFrame(book.contacts).with_columns(
        channel=pl.Series(CHANNELS).gather(book.contacts["channel"]), direction=pl.Series(DIRECTIONS).gather(book.contacts["direction"]),
        outcome=pl.Series(OUTCOMES).gather(book.contacts["outcome"]), past_day=(pl.col("at") + _SHANGHAI_AHEAD) // DAY,
    ).filter(pl.col("person").is_in(places)).rename({"at": "past_at"})
    found = {}
    for rule in pack.rules:
        for kind, value in rule.when.items():
            if kind == "contacts_already":
                found[counter_of(rule)] = _counted(people, past, value)
            elif kind == "debtor_reachable":
                found["debtor_reachable"] = _reachable(book, people, past, value)
    consents = pl.DataFrame({"person": book.consent_person, "given": book.consents.given_at, "revoked": book.consents.revoked_at,
                             "begin": book.consents.from_minute, "end": book.consents.to_minute})
    minute = (pl.col("at") + _SHANGHAI_AHEAD) % DAY // MINUTE
    open_now = people.join(consents, on="person").filter(
        pl.col("at").is_between("given", "revoked", closed="left") & minute.is_between("begin", "end", closed="left"))
    return {**found, "consent_night_contact_open": people["row"].is_in(open_now["row"].implode()).to_numpy()}


def _counted(people: pl.DataFrame, past: pl.DataFrame, value: dict) -> np.ndarray:
    keys = {"party": ["person", "with_debtor"], "number": ["person", "with_debtor", "number"]}[value["same"]]
    for name in ("channel", "direction", "outcome"):
        if name in value:
            past = past.filter(pl.col(name).is_in(value[name]))
    joined = people.join(past, on=keys).filter(pl.col("past_at") <= pl.col("at"))
    if "in_days" in value:
        joined = joined.filter(pl.col("past_day") > pl.col("day") - int(value["in_days"]))
    counts = joined.group_by("row").len("count")
    return people.join(counts, on="row", how="left", maintain_order="left")["count"].fill_null(0).to_numpy()


def _reachable(book: Book, people: pl.DataFrame, past: pl.DataFrame, value: dict) -> np.ndarray:
    """The debtor can be reached: not every number is dead, nor did the last dials fail on an earlier day, nor are they gone."""
    dials, days_later = int(value["dials"]), int(value["days_later"])
    own = people.drop("number").join(past.filter(pl.col("with_debtor") & (pl.col("direction") == "outbound")).drop("with_debtor"), on="person")
    own = own.filter(pl.col("past_at") <= pl.col("at"))
    numbers = pl.Series(book.rows["numbers"]).gather(own["person"])
    tried = own.filter((pl.col("number") < 3 * pl.col("person") + numbers) & pl.col("channel").is_in(["call", "voice_bot", "sms"]))
    latest = tried.filter(pl.col("past_at") == pl.col("past_at").max().over("row", "number"))
    dead = latest.group_by("row", "number").agg(dead=(pl.col("outcome") == "invalid_number").all()).filter("dead").group_by("row").len("dead_numbers")
    # Of equal instants a dial that reached somebody is taken for the later one.
    dialled = own.filter(pl.col("channel").is_in(["call", "voice_bot"])).with_columns(failed=pl.col("outcome").is_in(list(FAILED)))
    last = dialled.sort("past_at", ~pl.col("failed"), maintain_order=True).group_by("row", maintain_order=True).tail(dials)
    lost = last.group_by("row").agg(
        lost=(pl.len() == dials) & pl.col("failed").all() & (pl.col("past_day").max() + days_later <= pl.col("day").first()))
    joined = people.join(dead, on="row", how="left", maintain_order="left").join(lost, on="row", how="left", maintain_order="left")
    places = people["person"].to_numpy()
    every_dead = joined["dead_numbers"].fill_null(0).to_numpy() == book.rows["numbers"][places]
    gone = book.rows["debtor_status"][places] & (1 << STATUSES.index("deceased") | 1 << STATUSES.index("incapacitated")) != 0
    return ~(every_dead | joined["lost"].fill_null(False).to_numpy() | gone)


def grounds_of(result: object) -> list[str]:
    """The ids that the table collected for one record, in order of their names."""
    return sorted(hit["ground"] for hit in result) if isinstance(result, list) else []
