"""What a text says beneath its disguise, with the way back to the text as it was written.

Full-width forms, invisible characters, look-alikes and traditional characters are undone character by character. Spaces
and marks between Chinese characters are left out; between Latin words they are one space. Punctuation that ends a clause
stays, so that a phrase is not read together from two sentences.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property

FULL_WIDTH, ZERO_WIDTH, SPACED, LOOK_ALIKE, TRADITIONAL = 1, 2, 4, 8, 16
# The first that was found names the disguise: the one that takes the most intent comes first.
NAMES = ((LOOK_ALIKE, "look_alike"), (ZERO_WIDTH, "zero_width"), (SPACED, "spaced"), (TRADITIONAL, "traditional"), (FULL_WIDTH, "full_width"))
LEET = str.maketrans("0134578$@!", "oieastbsai")

_CLAUSE_ENDS = frozenset(",;:!?。、\n()[]{}【】《》〔〕")
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e0fff]")
_CLAUSE, _LATIN, _LETTER, _SOFT = "h", "l", "c", "s"
_ENCLOSED = re.compile(r"(?<=[,;:!?。、\n()\[\]{}【】《》〔〕])[\u3400-\u9fff](?=[,;:!?。、\n()\[\]{}【】《》〔〕])")
_LATIN_PIECE = re.compile(r"[a-z0-9'$@!]+")
_LATIN_RUN = re.compile(r"[a-z0-9'$@!]+(?:[ .][a-z0-9'$@!]+)*")
_ENDINGS = ("s", "ed", "ing", "er", "d", "es")
_JOIN_PIECES, _JOIN_LETTERS = 14, 16


@dataclass(frozen=True)
class View:
    """One reading of a text: for each character where it stood, how it was disguised, and what was left out before it."""

    text: str
    starts: list[int]
    marks: list[int]
    left_out: list[int]

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where each character stands."""
        found: dict[str, list[int]] = {}
        for place, one in enumerate(self.text):
            found.setdefault(one, []).append(place)
        return found

    @cached_property
    def letters(self) -> frozenset[str]:
        """The characters that occur."""
        return frozenset(self.places)

    def disguise(self, start: int, end: int) -> int:
        """The disguises, as bits, that were undone within [start, end)."""
        found = 0
        for bits in self.marks[start:end]:
            found |= bits
        for bits in self.left_out[start + 1:end]:
            found |= bits
        return found


@cache
def plain_character(character: str) -> tuple[str, int]:
    """The characters meant by one, lower case, simplified, Latin where it only looks Latin; and the disguise as bits.

    Empty for what cannot be seen. Source: Unicode TR15 (NFKC) and TR39 (confusables), OpenCC t2s.
    """
    if "\u0020" <= character <= "\u007e":
        return character.lower(), 0
    category = unicodedata.category(character)
    if category in ("Cf", "Mn", "Me", "Cc", "Co", "Cn", "Cs") and character not in "\n\r\t\u2028\u2029" or _INVISIBLE.match(character):
        return "", ZERO_WIDTH
    folded = unicodedata.normalize("NFKC", character)
    bits = FULL_WIDTH if folded != character and any(one.isalnum() for one in folded) else 0
    meant = ""
    for one in folded.lower():
        latin, more = _plain_letter(one)
        meant, bits = meant + latin, bits | more
    return meant, bits


def _plain_letter(letter: str) -> tuple[str, int]:
    if letter in "\r\u2028\u2029":
        return "\n", 0
    if letter in "’‘ʼ＇`´":
        return "'", 0
    if "\u3400" <= letter:
        simplified = _simplified(letter)
        return simplified, TRADITIONAL if simplified != letter else 0
    if letter.isalpha() and letter > "\u007f":
        latin = _latin(letter)
        return latin, LOOK_ALIKE if latin != letter else 0
    return ("", ZERO_WIDTH) if unicodedata.combining(letter) else (letter, 0)


@cache
def _converter():
    import opencc  # a tenth of a second and a dictionary, for those who screen texts only

    return opencc.OpenCC("t2s")


@cache
def _simplified(letter: str) -> str:
    return _converter().convert(letter) if unicodedata.category(letter) == "Lo" else letter


@cache
def _latin(letter: str) -> str:
    """The Latin letter that another letter looks like; without its accent where it is a Latin one."""
    base = unicodedata.normalize("NFD", letter)[0]
    if base.isascii():
        return base.lower()
    from confusable_homoglyphs import confusables  # reads its own table

    for form in (letter, letter.upper()):
        for alike in confusables.confusables_data.get(form, ()):
            if len(alike["c"]) == 1 and alike["c"].isascii() and alike["c"].isalpha():
                return alike["c"].lower()
    return letter


@cache
def _forms(look_alikes: tuple[tuple[str, str], ...]) -> tuple[dict[str, str], frozenset[str], int]:
    """The character each form stands for, with which characters forms begin, and the length of the longest."""
    return dict(look_alikes), frozenset(form[0] for form, _ in look_alikes), max((len(form) for form, _ in look_alikes), default=0)


def read_through(text: str, look_alikes: tuple[tuple[str, str], ...]) -> View:
    """The text as it is meant, clause marks kept. `look_alikes` are further forms and the Chinese character each stands for."""
    forms, firsts, longest = _forms(look_alikes)
    units, position, left_out = [], 0, 0
    while position < len(text):
        size = 0
        if text[position] in firsts:
            size = next((n for n in range(longest, 0, -1) if text[position:position + n] in forms), 0)
        meant, bits = (forms[text[position:position + size]], LOOK_ALIKE) if size else plain_character(text[position])
        if not meant:
            left_out |= bits
        for one in meant:
            units.append((one, position, bits, left_out))
            left_out = 0
        position += size or 1
    return _packed(units)


def _kind(units: list, index: int, spelled: bool) -> str:
    one = units[index][0]
    if "\u3400" <= one <= "\u9fff":
        return _LETTER
    if one in _CLAUSE_ENDS and one != "!":
        return _CLAUSE
    if "a" <= one <= "z" or "0" <= one <= "9":
        return _LATIN
    before, after = (_beside(units, index, step, spelled) for step in (-1, 1))
    if one == "'" and "a" <= before <= "z" and "a" <= after <= "z" or one in "$@" and ("a" <= after <= "z" or "a" <= before <= "z" and after in "$@") \
            or one == "!" and "a" <= before <= "z" and "a" <= after <= "z":
        return _LATIN
    if one == "!":
        return _CLAUSE
    return _LETTER if one.isalpha() else _SOFT


def _beside(units: list, index: int, step: int, spelled: bool) -> str:
    """The next character to one side; where words are spelled out, the next that is no space."""
    near = index + step
    while spelled and 0 <= near < len(units) and units[near][0] == " ":
        near += step
    return units[near][0] if 0 <= near < len(units) else " "


def _packed(units: list) -> View:
    """Chinese without what stands between its characters; Latin words one space apart."""
    spelled = _is_spelled("".join(unit[0] for unit in units))
    kinds = [_kind(units, index, spelled) for index in range(len(units))]
    text, starts, marks, left_out = [], [], [], []
    soft: list[tuple[str, int]] = []
    last, hidden = _CLAUSE, 0
    for (one, origin, bits, dropped), kind in zip(units, kinds, strict=True):
        hidden |= dropped
        if kind == _SOFT:
            soft.append((one, origin))
            continue
        if soft and last == kind == _LATIN and not (spelled and len(soft) == 1):
            text.append("." if any(between == "." for between, _ in soft) else " ")
            starts.append(soft[0][1])
            marks.append(0)
            left_out.append(hidden)
            hidden = 0
        elif soft and _CLAUSE not in (last, kind):
            hidden |= SPACED
        text.append(one)
        starts.append(origin)
        marks.append(bits)
        left_out.append(hidden)
        soft, last, hidden = [], kind, 0
    return View("".join(text), starts, marks, left_out)


def _is_spelled(text: str) -> bool:
    """Whether Latin words are written letter by letter, with wider gaps between the words."""
    words = re.findall(r"[a-z]+", text)
    singles = sum(len(word) == 1 for word in words)
    return len(words) > 4 and singles * 10 > len(words) * 7 and re.search(r"[a-z](?:  +|\.\.+|\*\*+|--+|__+)[a-z]", text) is not None


def without_enclosing_marks(view: View) -> View | None:
    """The view with clause marks left out around single characters (黑，名，单); None where there are none."""
    removed = set()
    for found in _ENCLOSED.finditer(view.text):
        removed |= {found.start() - 1, found.end()}
    if not removed:
        return None
    kept = [index for index in range(len(view.text)) if index not in removed]
    hidden = [view.left_out[index] | (SPACED if index - 1 in removed else 0) for index in kept]
    return View("".join(view.text[index] for index in kept), [view.starts[index] for index in kept],
                [view.marks[index] for index in kept], hidden)


def with_words_joined(view: View, vocabulary: frozenset[str]) -> View | None:
    """The view with the pieces of a known word put together (arr est, a.r.r.e.s.t, j4il); None where there are none."""
    text, starts, marks, left_out = list(view.text), view.starts, list(view.marks), list(view.left_out)
    removed: set[int] = set()
    for run in _LATIN_RUN.finditer(view.text):
        pieces = [found.span() for found in _LATIN_PIECE.finditer(view.text, *run.span())]
        first = 0
        while first < len(pieces):
            last, word = _longest_word(view.text, pieces, first, vocabulary)
            if word:
                places = [index for start, end in pieces[first:last] for index in range(start, end)]
                for place, letter in zip(places, word, strict=True):
                    marks[place] |= LOOK_ALIKE if text[place] != letter else 0
                    text[place] = letter
                gaps = [start - 1 for start, _ in pieces[first + 1:last]]
                removed.update(gaps)
                for gap in gaps:
                    left_out[gap + 1] |= SPACED
            first = last if word else first + 1
    if not removed and "".join(text) == view.text:
        return None
    kept = [index for index in range(len(text)) if index not in removed]
    return View("".join(text[index] for index in kept), [starts[index] for index in kept], [marks[index] for index in kept],
                [left_out[index] for index in kept])


@cache
def _grown(vocabulary: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The known words of four letters and more with an ending, and the letters with which any known word begins."""
    return (frozenset(word + end for word in vocabulary if len(word) >= 4 for end in _ENDINGS),
            frozenset(word[0] for word in vocabulary))


def _longest_word(text: str, pieces: list, first: int, vocabulary: frozenset[str]) -> tuple[int, str]:
    """The end of the longest known word that begins with piece `first` and is not written plainly; empty where none."""
    grown, begins = _grown(vocabulary)
    begin = text[slice(*pieces[first])]
    if begin[0].translate(LEET) not in begins:  # most end here
        return first, ""
    wholes = [""]
    for start, end in pieces[first:first + _JOIN_PIECES]:
        if len(wholes[-1]) + end - start > _JOIN_LETTERS:
            break
        wholes.append(wholes[-1] + text[start:end])
    for count in range(len(wholes) - 1, 0, -1):
        whole = wholes[count]
        if len(whole) < 2 or count == 1 and whole.isalpha() or whole.isdigit():
            continue
        word = whole.translate(LEET)
        if not (word in vocabulary or (count == 1 or begin not in vocabulary) and word in grown):
            continue
        if count == 1 or not all(end - start > 1 and text[start:end] in vocabulary for start, end in pieces[first:first + count]):
            return first + count, word
    return first, ""
