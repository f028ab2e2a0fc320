"""Which models a night uses: the released ones, named by version and digest, and the challengers they are compared with."""

from datetime import date

from arrears import registry
from arrears.scoring.model import Model
from arrears.store import Book


def models_in_use(book: Book, as_of: date) -> tuple[dict[str, dict], dict[str, dict], dict[str, str]]:
    """The released models a night of as_of uses; where a later version is kept, their challengers; and of those not used why not.

    By name: version, digest, and of the models who released them when, from how many rows, with which AUC. A model that was fitted on days after as_of
    would know what the night could not; one that was fitted on a file reads columns that a book has not; an application is
    asked about at approval, not at night. Raises Refused where a released version is gone
    or was changed.
    """
    used, challengers, unused = {}, {}, {}
    for name, entry in registry.standing(book).items():
        kept = registry.read_version(book, name, entry.version, entry.digest)
        if kept.card["definition"] is not None:
            unused[name] = "of_a_file"
            continue
        if kept.model.family == "application":
            unused[name] = "at_approval"
            continue
        if kept.card["as_of"] > as_of.isoformat():
            unused[name] = "of_later_days"
            continue
        auc = kept.card["metrics"]["test"].get("auc")
        used[name] = {"version": entry.version, "digest": entry.digest, "at": entry.at, "by": entry.by, "fitting_rows": kept.card["validation"]["train_rows"],
                      "auc": auc and auc["value"], "fitted_as_of": kept.card["as_of"]}
        latest = registry.versions_of(book, name)[-1]
        if latest > entry.version:
            later = registry.read_version(book, name, latest)
            if later.card["definition"] is None and later.card["as_of"] <= as_of.isoformat():
                challengers[name] = {"version": latest, "digest": later.digest}
    return used, challengers, unused


def released_models(book: Book, named: dict[str, dict]) -> dict[str, Model]:
    """The models of these versions and digests; raises Refused where one is gone or was changed."""
    return {name: registry.read_version(book, name, entry["version"], entry["digest"]).model for name, entry in named.items()}
