"""Which models a night uses: the released ones, named by version and digest, and the challengers they are compared with."""

from arrears import registry
from arrears.scoring.model import Model
from arrears.store import Book


def models_in_use(book: Book) -> tuple[dict[str, dict], dict[str, dict]]:
    """The released models and, where a later version is kept, their challengers: by name version, digest, and of the former who released it when.

    Raises Refused where a released version is gone or was changed.
    """
    used, challengers = {}, {}
    for name, entry in registry.standing(book).items():
        kept = registry.read_version(book, name, entry.version, entry.digest)
        auc = kept.card["metrics"]["test"].get("auc")
        used[name] = {"version": entry.version, "digest": entry.digest, "at": entry.at, "by": entry.by, "fitting_rows": kept.card["validation"]["train_rows"],
                      "auc": auc and auc["value"]}
        latest = registry.versions_of(book, name)[-1]
        if latest > entry.version:
            challengers[name] = {"version": latest, "digest": registry.read_version(book, name, latest).digest}
    return used, challengers


def released_models(book: Book, named: dict[str, dict]) -> dict[str, Model]:
    """The models of these versions and digests; raises Refused where one is gone or was changed."""
    return {name: registry.read_version(book, name, entry["version"], entry["digest"]).model for name, entry in named.items()}
