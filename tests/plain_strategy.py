"""Strategies decided one loan at a time in plain Python, from the plain content of their file; and made-up contents and loans to hold the code against."""

import json
from datetime import date, timedelta

import polars as pl
from hypothesis import strategies as st

from arrears.tables.holds import HOLD_KINDS

AS_OF = date(2026, 12, 10)
REASON = {"zh": "因", "en": "why"}
TREATMENTS = ("visit", "agency", "legal", "call_senior", "call", "sms", "leave_alone", "hold")
TEXT = {
    "bucket": ["M1", "M2", "M6+"], "product": ["quick", "slow"], "hold": ["none", *HOLD_KINDS[:2]], "cap": ["known", "unknown"], "overpaid": ["yes", "no"],
    "segment": ["firms", "people"], "frequency": ["weekly", "monthly"], "hardship": ["yes", "no"], "kind": ["sole_trader", "person"],
}
COUNTS = ("claimable", "days_past_due", "kept_plans", "kept_promises", "broken_promises", "contacts_30")
SHARES = ("pay_probability", "self_cure")
PUBLISHED = ("bucket", "claimable", "hardship", "days_past_due", "kept_plans")
EDGES = st.integers(0, 12)


def _ranges(write) -> st.SearchStrategy[str]:
    pairs = st.tuples(EDGES, st.integers(1, 6)).map(lambda pair: f"{write(pair[0])}..{write(pair[0] + pair[1])}")
    return EDGES.map(lambda edge: f"<{write(edge)}") | EDGES.map(lambda edge: f">={write(edge)}") | pairs


CELLS = {
    **{name: st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True) for name, values in TEXT.items()},
    **dict.fromkeys(COUNTS, _ranges(str)), **dict.fromkeys(SHARES, _ranges(lambda edge: f"{edge * 5}.25%")),
}


def conditions(names=tuple(CELLS), most: int = 2) -> st.SearchStrategy[dict]:
    """Conditions on up to so many of these fields."""
    few = st.lists(st.sampled_from(sorted(names)), max_size=most, unique=True)
    return few.flatmap(lambda chosen: st.fixed_dictionaries({name: CELLS[name] for name in chosen}))


@st.composite
def _follows(draw, allow_none: bool = False) -> dict:
    kind = draw(st.sampled_from(["treatment", "choose", "ladder", *(["nothing"] if allow_none else [])]))
    if kind == "treatment":
        return {"treatment": draw(st.sampled_from(TREATMENTS))}
    if kind == "choose":
        return {"choose": draw(st.lists(st.sampled_from(TREATMENTS), min_size=2, max_size=4, unique=True))}
    return {"ladder": draw(st.sampled_from(["slow", "fast"]))} if kind == "ladder" else {}


@st.composite
def _rows(draw) -> list[dict]:
    rows = []
    for place in range(draw(st.integers(0, 6))):
        row = {"name": f"row{place}", "when": draw(conditions()), "reason": {"zh": f"因{place}", "en": f"why {place}"}, "fixed": draw(st.sampled_from(["yes", "no", "no"]))}
        restrains = draw(st.integers(0, 3)) == 0
        rows.append(row | ({"restraint": "yes", "treatment": "leave_alone"} if restrains else draw(_follows())))
    return rows


@st.composite
def _ladder(draw, name: str) -> dict:
    days = [1, *sorted(draw(st.sets(st.integers(2, 15), max_size=3)))]
    return {"name": name, "zh": name, "en": name, "steps": [{"from_day": str(day), "treatment": draw(st.sampled_from(TREATMENTS))} for day in days]}


@st.composite
def _experiment(draw, name: str, bucket: str) -> dict:
    """An experiment on one bucket, so that two of them never take in the same loan."""
    begin, length = AS_OF + timedelta(days=draw(st.integers(-2, 1))), draw(st.integers(1, 4))
    cut = draw(st.integers(1, 98))
    shares = draw(st.sampled_from([[f"{cut}%", f"{100 - cut}%"], ["33.3333%", "33.3333%", "33.3334%"]]))
    arms = [{"name": f"arm{place}", "share": share, **draw(_follows(allow_none=True))} for place, share in enumerate(shares)]
    return {"name": name, "zh": name, "en": name, "from": str(begin), "until": str(begin + timedelta(days=length)), "outcome": "paid_30", "arms": arms,
            "when": {**draw(conditions(tuple(set(CELLS) - {"bucket"}), most=1)), "bucket": bucket}}


@st.composite
def contents(draw) -> dict:
    """The content of a strategy's file: every part of it that says what is proposed."""
    channels = {"visit": "visit", "call_senior": "call", "call": "call", "sms": "sms"}
    owners = {"agency": "agency", "legal": "legal"}
    treatments = [{"name": name, "zh": name, "en": name,
                   **({"channel": channels[name], "cool_off_days": str(draw(st.integers(0, 5)))} if name in channels else {"owner": owners.get(name, "nobody")})}
                  for name in TREATMENTS]
    when = conditions(tuple(set(CELLS) - {"segment"}))
    return {
        "id": "made", "version": "1", "treatments": treatments,
        "segments": {"rows": [{"name": "firms", "zh": "firms", "en": "firms", "when": draw(when)}], "otherwise": {"name": "people", "zh": "people", "en": "people"}},
        "ladders": [draw(_ladder("slow")), draw(_ladder("fast"))],
        "rows": draw(_rows()), "otherwise": {"name": "else", "reason": REASON, **draw(_follows())},
        "offers": {"rows": [{"name": f"offer{place}", "when": draw(conditions(PUBLISHED)), "shift_days_most": "5", "reason": REASON} for place in range(draw(st.integers(0, 3)))],
                   "otherwise": {"name": "none", "reason": REASON}},
        "experiments": [draw(_experiment(f"test{place}", bucket)) for place, bucket in enumerate(draw(st.sampled_from([[], ["M1"], ["M1", "M2"]])))],
        "limits": [{"name": f"limit{place}", "zh": "x", "en": "x", "counts": "people", "most": "3", "when": draw(conditions())} for place in range(draw(st.integers(0, 3)))],
    }


LOAN = st.fixed_dictionaries({
    **{name: st.sampled_from([*values, None] if name in ("kind", "frequency") else values) for name, values in TEXT.items() if name != "segment"},
    **{name: st.integers(0, 13) for name in COUNTS if name not in ("days_past_due", "contacts_30")}, "days_past_due": st.integers(1, 18),
    **{name: st.sampled_from([0.0, 0.0525, 0.0524, 0.1025, 0.5, 0.6025, 1.0, None]) for name in SHARES},
    **{name: st.none() | st.integers(0, 9).map(lambda days: AS_OF - timedelta(days=days)) for name in ("last_paid_on", "last_promised_on")},
    "currency": st.just("CNY"), "borrower_id": st.integers(0, 30).map(lambda number: f"B{number:02}"),
})
TOUCH = st.fixed_dictionaries({"contacts_30": st.integers(0, 13), "cooling": st.sets(st.integers(0, 5)).map(lambda places: sum(1 << place for place in places)),
                               "last_contact_on": st.integers(0, 9).map(lambda days: AS_OF - timedelta(days=days))})
BOOKS = st.tuples(contents(), st.lists(LOAN, min_size=1, max_size=20), st.dictionaries(st.integers(0, 30).map(lambda number: f"B{number:02}"), TOUCH, max_size=20))
"""What a strategy's file says, late loans, and of some people how they were contacted."""
LATE_SCHEMA = {
    "loan_id": pl.String, "borrower_id": pl.String, **{name: pl.String for name in TEXT if name != "segment"}, "currency": pl.String, "claimable_minor": pl.Int64,
    **{name: pl.Int64 for name in COUNTS if name != "contacts_30"}, **dict.fromkeys(SHARES, pl.Float64), "last_paid_on": pl.Date, "last_promised_on": pl.Date,
}


def text_of(content: dict) -> str:
    """The file; JSON is YAML too."""
    return json.dumps(content, ensure_ascii=False, indent=1)


def late_frame(loans: list[dict]) -> pl.DataFrame:
    return pl.DataFrame([{"loan_id": f"L{place:03}", "claimable_minor": loan["claimable"], **loan} for place, loan in enumerate(loans)], schema=LATE_SCHEMA)


def touched_frame(touches: dict[str, dict]) -> pl.DataFrame:
    schema = {"borrower_id": pl.String, "contacts_30": pl.Int64, "cooling": pl.UInt64, "last_contact_on": pl.Date}
    return pl.DataFrame([{"borrower_id": name, **touch} for name, touch in sorted(touches.items())], schema=schema)


def _number(text: str) -> float:
    return float(text.removesuffix("%")) / 100 if text.endswith("%") else int(text)


def fits_slowly(when: dict, loan: dict) -> bool:
    """Whether all these conditions, as they are written, hold for the loan; what is not known fits none."""
    for name, cell in when.items():
        value = loan[name]
        if value is None:
            return False
        if name in TEXT:
            held = value in (cell if isinstance(cell, list) else [cell])
        elif cell.startswith("<"):
            held = value < _number(cell[1:])
        elif cell.startswith(">="):
            held = value >= _number(cell[2:])
        else:
            low, high = cell.split("..")
            held = _number(low) <= value < _number(high)
        if not held:
            return False
    return True


def _first(entries: list[dict], otherwise: dict, loan: dict) -> dict:
    return next((entry for entry in entries if fits_slowly(entry["when"], loan)), otherwise)


def _given(content: dict, entry: dict, loan: dict) -> set[str] | None:
    """The treatments that an entry gives this loan; None where it gives none."""
    if "treatment" in entry:
        return {entry["treatment"]}
    if "choose" in entry:
        return set(entry["choose"])
    if "ladder" not in entry:
        return None
    steps = next(one["steps"] for one in content["ladders"] if one["name"] == entry["ladder"])
    return {[step["treatment"] for step in steps if int(step["from_day"]) <= loan["days_past_due"]][-1]}


def arm_slowly(experiment: dict, borrower: str) -> int:
    """The place of the arm: FNV-1a with its finish in integers without a width, and shares in millionths."""
    state = 0xCBF29CE484222325
    for byte in f"{experiment['name']}\n{borrower}".encode():
        state = ((state ^ byte) * 0x100000001B3) % 2**64
    state ^= state >> 33
    state = state * 0xFF51AFD7ED558CCD % 2**64
    state ^= state >> 33
    drawn, so_far = (state >> 32) * 1_000_000 // 2**32, 0
    for place, arm in enumerate(experiment["arms"]):
        so_far += share_ppm(arm)
        if drawn < so_far:
            return place
    raise AssertionError("the shares do not reach 100 %")


def share_ppm(arm: dict) -> int:
    whole, _, decimals = arm["share"].removesuffix("%").partition(".")
    return int(whole) * 10_000 + int(decimals.ljust(4, "0"))


def proposed_slowly(content: dict, loan: dict, touch: dict | None, as_of: date) -> dict:
    """What is proposed for one late loan, rule by rule as the documents say it."""
    touch = touch or {"contacts_30": 0, "cooling": 0, "last_contact_on": None}
    loan = {**loan, "contacts_30": touch["contacts_30"]}
    loan["segment"] = _first(content["segments"]["rows"], content["segments"]["otherwise"], loan)["name"]
    cooling = {name for place, name in enumerate(TREATMENTS) if touch["cooling"] >> place & 1}

    by = {one["name"]: one for one in content["treatments"]}

    def barred(name: str) -> bool:
        """Not of whom nothing may be asked, if it is a contact or a stranger's; not of whom is on hold, if it is a stranger's or a visit."""
        strange = by[name].get("owner") in ("agency", "legal") or by[name].get("channel") == "visit"
        return (loan["claimable"] <= 0 and (strange or "channel" in by[name])) or (loan["hold"] != "none" and strange)

    def cooled(names: set[str]) -> set[str]:
        return {name for name in names - cooling if not barred(name)} or {"leave_alone"}

    row = _first(content["rows"], content["otherwise"], loan)
    of_row = _given(content, row, loan)
    found = {"rule": row["name"], "segment": loan["segment"], "options": cooled(of_row), "experiment": None, "arm": None, "propensity": 1.0, "instead": set(), "waits": False}
    running = [one for one in content["experiments"] if date.fromisoformat(one["from"]) <= as_of < date.fromisoformat(one["until"]) and fits_slowly(one["when"], loan)]
    if running and row.get("fixed") != "yes" and loan["hold"] == "none":
        (one,) = running
        gives = [cooled(of_row if (own := _given(content, arm, loan)) is None else own) for arm in one["arms"]]
        place = arm_slowly(one, loan["borrower_id"])
        same = sum(share_ppm(arm) for arm, names in zip(one["arms"], gives, strict=True) if names == gives[place])
        found |= {"options": gives[place], "experiment": one["name"], "arm": one["arms"][place]["name"], "propensity": same / 1_000_000}
    elif found["options"] != of_row and found["options"] == {"leave_alone"}:
        found["waits"] = True
    if row.get("restraint") == "yes" and found["experiment"] is None:
        others = [entry for entry in content["rows"] if entry.get("restraint") != "yes"]
        found["instead"] = cooled(_given(content, _first(others, content["otherwise"], loan), loan))
    found["offer"] = _first(content["offers"]["rows"], content["offers"]["otherwise"], loan)["name"]
    found["limits"] = {one["name"] for one in content["limits"] if fits_slowly(one["when"], loan)}
    days = [day for day in (touch["last_contact_on"], loan["last_paid_on"], loan["last_promised_on"]) if day is not None]
    found["last_touched_on"] = max(days, default=None)
    return found
