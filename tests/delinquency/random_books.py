"""Books in bulk, from a seed and without Hypothesis: the same drawing, thousands of loans at once."""

from random import Random

from delinquency.drawing import draw_book


def random_book(loans: int, seed: int) -> dict:
    """A valid book of so many loans (see `drawing`), the same for the same seed, with one `as_of` and `known_at`."""
    return draw_book(Random(seed).randint, loans)
