"""The words of the pages, in Chinese and in English: one row per key, Chinese first; facts stand in braces.

Here are the words every page has. A kind of page adds its own, in a module that its other modules take `words` from.
"""

from collections.abc import Mapping

Pair = tuple[str, str]

WORDS: dict[str, Pair] = {
    "page.sections": ("目录", "Contents"), "how": ("算法：", "How it is computed:"),
    "total": ("合计", "Total"), "col.value": ("值", "Value"), "col.share": ("占比", "Share"),
}


def speak(more: Mapping[str, Pair]) -> None:
    """From now on the pages know these words too; raises ValueError at a key that already has other words."""
    for key, pair in more.items():
        if WORDS.setdefault(key, pair) != pair:
            raise ValueError(f"the words of {key!r} are {WORDS[key]} already, not {pair}; choose another key")


def words(key: str, **facts: object) -> Pair:
    """The wording of a key with its facts filled in; a fact that is itself a pair speaks the same language.

    >>> words("total"), words("how")[1]
    (('合计', 'Total'), 'How it is computed:')
    """
    return tuple(
        template.format(**{name: fact[language] if isinstance(fact, tuple) else fact for name, fact in facts.items()})
        for language, template in enumerate(WORDS[key]))


def named(kind: str, name: str) -> Pair:
    """The label of one of a kind, such as a currency; one that has none is called by its own name."""
    return WORDS.get(f"{kind}.{name}", (name, name))
