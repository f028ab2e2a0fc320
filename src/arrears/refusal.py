"""Input that is refused: a sentence that says what, where, why and what to do, in English and Chinese."""


class Refused(ValueError):
    """Nothing was changed; the message tells the user what to mend."""

    def __init__(self, en: str, zh: str, examples: tuple[list[str], list[str]] = ([], [])):
        super().__init__(en)
        self.en = en
        self.zh = zh
        self.examples = examples
        """Lines that show what is meant, in English and Chinese; a user sees those of one language."""


class DiskFull(Refused):
    """There was no room to write; what was done so far is kept, and the run goes on from there."""
