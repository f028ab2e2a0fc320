"""What a model is asked: which event, within how long, of whom, and what is not known."""

from dataclasses import dataclass

from arrears.scoring.model import BOOSTED, SCORECARD

Words = tuple[str, str]
"""The same in Chinese and in English."""


@dataclass(frozen=True)
class Target:
    """One question that a model answers.

    event: what happens, as a clause. who: whose loans are asked about. horizon_days: by when it has happened; 0 where the rows say.
    event_is_bad: a higher estimate is worse for the lender. is_share: the answer is a share of an amount, not yes or no.
    limits: what a reader of the card must know.
    """

    name: str
    family: str
    event: Words
    who: Words
    horizon_days: int
    event_is_bad: bool
    is_share: bool = False
    limits: tuple[Words, ...] = ()

    @property
    def kind(self) -> str:
        """How it is fitted unless said otherwise: a points table where a person is to read it, trees where the answer is a share."""
        return BOOSTED if self.is_share else SCORECARD
