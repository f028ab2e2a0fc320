"""The pieces of HTML a page is made of. Everything that is text is escaped here and nowhere else."""

import re
from collections.abc import Sequence
from html import escape

from arrears.pages.wording import Pair, words

Cell = str | int | Pair
TEXT, NUMBER, CODE, PROSE = "text", "number", "code", "prose"  # how a column is set: PROSE alone breaks its lines


def both(text: Cell) -> str:
    """Escaped text in both languages, of which the page shows one; one copy where the two are the same.

    >>> both(("<甲>", "<A>"))
    '<span lang="zh">&lt;甲&gt;</span><span lang="en">&lt;A&gt;</span>'
    """
    if not isinstance(text, tuple):
        return escape(str(text))
    chinese, english = text
    if chinese == english:
        return escape(chinese)
    return f'<span lang="zh">{escape(chinese)}</span><span lang="en">{escape(english)}</span>'


def say(key: str, **facts: Cell) -> str:
    """The wording of a key in both languages, its facts filled in, escaped."""
    return both(words(key, **facts))


def anchor(name: str) -> str:
    """A name an element may bear and be referred to by, whatever the text in it, such as a currency from the book.

    >>> anchor("buckets-CNY"), anchor('a "b"')
    ('buckets-CNY', 'a_20_22b_22')
    """
    return re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}", name)


def paragraph(content: str, kind: str = "") -> str:
    """A paragraph of ready HTML."""
    return f"<p{_kind(kind)}>{content}</p>"


def table(name: str, caption: Pair, columns: Sequence[tuple[Pair, str]], rows: Sequence[Sequence[Cell]],
          total: Sequence[Cell] | None = None) -> str:
    """A table with caption, column headers and row headers (the first column), in a region that scrolls sideways.

    `columns` are headers with how they are set; `total` is set apart as the last row.
    """
    name = anchor(name)
    heads = "".join(f'<th scope="col" class="{kind}">{both(head)}</th>' for head, kind in columns)
    kinds = [kind for _, kind in columns]
    body = "".join(_row(row, kinds) for row in rows)
    foot = f"<tfoot>{_row(total, kinds)}</tfoot>" if total else ""
    return (f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{name}-caption"><table>'
            f'<caption id="{name}-caption">{both(caption)}</caption><thead><tr>{heads}</tr></thead>'
            f"<tbody>{body}</tbody>{foot}</table></div>")


def figure(picture: str, caption: Pair, key: str = "", scrolls: bool = False) -> str:
    """A picture under its caption and the key to its colours; one of much detail scrolls rather than shrink."""
    if scrolls:
        picture = f'<div class="wide" role="group" tabindex="0" aria-label="{escape(" / ".join(caption))}">{picture}</div>'
    return f"<figure><figcaption>{both(caption)}</figcaption>{key}{picture}</figure>"


def beside(*blocks: str, kind: str = "") -> str:
    """Blocks side by side where the page is wide enough, else one under the other; `even` makes them equally wide."""
    return f'<div class="{f"beside {kind}".strip()}">{"".join(f"<div>{block}</div>" for block in blocks if block)}</div>'


def empty(key: str, commands: Sequence[str] = (), **facts: Cell) -> str:
    """What a part says when there is nothing to show, with the commands that would change it."""
    lines = "".join(f"<code>{escape(command)}</code>" for command in commands)
    return f'<div class="empty"><p>{say(key, **facts)}</p>{lines}</div>'


def section(name: str, body: str, **facts: Cell) -> str:
    """A numbered part of the page: title, body, and the sentence saying how it is computed."""
    how = f'<p class="how"><b>{say("how")}</b> {say(f"{name}.how", **facts)}</p>'
    return (f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{say(f"{name}.title")}</h2>'
            f"{body}{how}</section>")


def _row(cells: Sequence[Cell], kinds: Sequence[str]) -> str:
    first, *others = zip(cells, kinds, strict=True)
    rest = "".join(f'<td class="{kind}">{both(cell)}</td>' for cell, kind in others)
    return f'<tr><th scope="row" class="{first[1]}">{both(first[0])}</th>{rest}</tr>'


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
