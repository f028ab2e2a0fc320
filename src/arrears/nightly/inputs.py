"""What a night depends on: kept in its run.json, and read into what decides it."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from arrears import __version__, store, strategy_register
from arrears.allocation.roster import ROSTER_FILE, Roster
from arrears.allocation.roster_reading import demand_stages, roster_from
from arrears.compliance.screen import Prepared, prepare
from arrears.days import last_day_of_previous_month, microseconds_of, moment_of
from arrears.delinquency.buckets import Buckets, read_buckets
from arrears.law.agencies import AgencyRule, agencies_from
from arrears.law.caps import Law, law_from
from arrears.law.lender import LENDER_FILE, Lender, lender_from
from arrears.law.packs import law_of, pack_kept, packed
from arrears.nightly.earlier_nights import held_by, run_digest
from arrears.nightly.matured import night_matured
from arrears.nightly.models import models_in_use, released_models
from arrears.scoring.model import Model
from arrears.store import Book, Manifest
from arrears.strategy.reading import demand_buckets, strategy_from
from arrears.strategy.strategy import Strategy


@dataclass(frozen=True)
class Deciders:
    """What decides a night, read from its inputs."""

    law: Law
    gate: Prepared
    lender: Lender
    strategy: Strategy
    models: dict[str, Model]
    buckets: Buckets
    roster: Roster | None
    agencies: tuple[AgencyRule, ...]

    @staticmethod
    def of(inputs: "Inputs", book: Book) -> "Deciders":
        """Raises BadYaml where a text is not as it should be, Refused where a released model is not the one that was released."""
        lender, cn, buckets = lender_from(inputs.lender), packed(inputs.law, "cn"), read_buckets()
        strategy = strategy_from(inputs.strategy)
        demand_buckets(strategy, buckets.names)
        roster = roster_from(inputs.roster, ROSTER_FILE) if inputs.roster else None
        if roster is not None:
            demand_stages(roster, buckets.names)
        return Deciders(law_from(cn), prepare(pack_kept(inputs.law, lender.law)), lender, strategy, released_models(book, inputs.models), buckets, roster, agencies_from(cn))


@dataclass(frozen=True)
class Inputs:
    """All that a night depends on beside the rows of the book and this version of the program.

    earlier: the nights that this one is compared with; vintages: those that end a month; earlier_runs: the digests of
    what each of them was done on, so that one done anew makes this one another night; loads: the numbers of those that were in force.
    law: the files of each pack that was read (cn/caps.yaml …) and of the lender's own rules (policy/…); lender: the text of lender.yaml.
    models: of each released model its version, its digest, since when and by whom, and of its card the fitting rows and the AUC;
    matured: the earlier night whose estimates are measured now; challengers: a later version that is kept, to be compared;
    models_unused: released models that cannot speak of this night, each with the reason. strategy_version: of the version in force its number, digest, first
    night and who approved it; empty where the shipped strategy holds or a file was named. roster: the text of roster.yaml, empty where there is none.
    held: the earlier night, and which sharing out of it, by which people hold their cases; empty where none did.
    """

    as_of: date
    known_at: int
    book: str
    law: dict[str, str]
    lender: str
    strategy: str
    snapshot: str
    earlier: tuple[date, ...]
    vintages: tuple[date, ...]
    earlier_runs: dict[str, str]
    loads: tuple[int, ...]
    models: dict[str, dict]
    matured: dict[str, str]
    challengers: dict[str, dict]
    models_unused: dict[str, str]
    strategy_version: dict[str, str | int]
    roster: str
    held: dict[str, str]
    version: str = __version__

    @property
    def law_digest(self) -> str:
        """SHA-256 over every file of the law that was read, the lender's own rules and lender.yaml."""
        return sha256(store.json_bytes({**self.law, LENDER_FILE: self.lender})).hexdigest()

    def record(self) -> dict:
        """The inputs as they are kept with the night, in run.json."""
        return {
            "as_of": self.as_of.isoformat(), "known_at": moment_of(self.known_at).isoformat(), "snapshot": self.snapshot,
            "book": self.book, "law": self.law, "lender": self.lender, "strategy": self.strategy, "version": self.version,
            "earlier_nights": [day.isoformat() for day in self.earlier],
            "vintage_nights": [day.isoformat() for day in self.vintages], "earlier_runs": self.earlier_runs,
            "loads": list(self.loads), "models": self.models, "matured": self.matured, "challengers": self.challengers, "models_unused": self.models_unused,
            "strategy_version": self.strategy_version, "roster": self.roster, "held": self.held,
        }


def inputs_from(record: dict) -> Inputs:
    """The inputs that a run.json kept."""
    return Inputs(
        date.fromisoformat(record["as_of"]), microseconds_of(datetime.fromisoformat(record["known_at"])), record["book"],
        record["law"], record["lender"], record["strategy"], record["snapshot"], tuple(map(date.fromisoformat, record["earlier_nights"])),
        tuple(map(date.fromisoformat, record["vintage_nights"])), record["earlier_runs"], tuple(record["loads"]),
        record.get("models", {}), record.get("matured", {}), record.get("challengers", {}), record.get("models_unused", {}),
        record.get("strategy_version", {}), record.get("roster", ""), record.get("held", {}), record["version"],
    )


def kept_inputs(folder: Path) -> Inputs | None:
    """What the night in this folder was done on; None where nobody can say."""
    try:
        return inputs_from(json.loads((folder / "run.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError):
        return None


def inputs_of(book: Book, manifest: Manifest, as_of: date, known_at: int, strategy_text: str | None = None, policy: dict[str, str] | None = None) -> Inputs:
    """What a night of that date would be done on now. strategy_text: in the place of the strategy in force; policy: the files of the lender's own rules."""
    earlier = [night for night in book.night_dates() if night < as_of]
    compared, vintages = _compared(earlier, as_of), tuple(night for night in earlier if _ends_month(night))
    models, challengers, unused = models_in_use(book, as_of)
    matured = night_matured(book, as_of, models, _models_of)
    runs = {night.isoformat(): run_digest(book.night(night)) for night in {*compared, *vintages, *map(date.fromisoformat, matured.values())}}
    lender = store.lender_text(book)
    strategy, version = (strategy_text, {}) if strategy_text else strategy_register.in_force_told(book, as_of)
    return Inputs(
        as_of, known_at, book.name, law_of(lender_from(lender).law, policy), lender, strategy, manifest.snapshot,
        compared, vintages, runs, manifest.loads, models, matured, challengers, unused, version, store.roster_text(book), held_by(book, earlier),
    )


def _models_of(night: Path) -> dict[str, dict]:
    """The models that a finished night used; none where nobody can say."""
    inputs = kept_inputs(night)
    return {} if inputs is None else inputs.models


def _compared(earlier: list[date], as_of: date) -> tuple[date, ...]:
    """The nights tonight is compared with: the last one, and the last by the end of the month before."""
    by_month_end = [night for night in earlier if night <= last_day_of_previous_month(as_of)]
    return tuple(sorted({*earlier[-1:], *by_month_end[-1:]}))


def _ends_month(day: date) -> bool:
    return date.fromordinal(day.toordinal() + 1).day == 1
