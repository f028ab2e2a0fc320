"""The loads that a finished night knew, where the book as it is now no longer gives the rows it saw.

A night keeps the numbers of its loads. The ledger keeps every load, and the files of a load stay when it is taken back, so the
rows of any night can be laid out again, though loads were taken back since or brought rows dated before the night.
"""

from arrears import store
from arrears.refusal import Refused
from arrears.store import Book, Ledger


def loads_to_restore(book: Book, numbers: tuple[int, ...], known_at: int) -> Ledger | None:
    """The ledger as the night saw it, which is to be laid out anew; None where the book as it is now serves.

    It serves where the night's loads are all in force still, and every other one brought only rows that count after `known_at`;
    and for a book of plain files, which keeps nothing of then. Raises Refused where the ledger does not know the loads.
    """
    ledger = store.read_ledger(book)
    then, now = set(numbers), {load["id"]: load for load in ledger.in_force()}
    later = [load for number, load in now.items() if number not in then and store.brought_rows(load)]
    if not then or (then <= now.keys() and all(_counts_after(load, known_at) for load in later)):
        return None
    if unknown := sorted(then - {load["id"] for load in ledger.loads}):
        raise Refused(
            f"{book.ledger_path}: it does not know load {unknown[0]}, on which that night was done; restore the ledger from a backup of the book",
            f"{book.ledger_path}：台账中没有该夜批所依据的第 {unknown[0]} 次装载；请从账册备份恢复台账",
        )
    return ledger.only(then)


def _counts_after(load: dict, known_at: int) -> bool:
    first = load["recorded_first"]
    return store.counts_from(load) > known_at and (first is None or first > known_at)
