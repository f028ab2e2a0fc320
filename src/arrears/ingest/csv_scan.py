"""Records of delimited text, found by one compiled pass over the bytes.

A record is what Python's csv module takes for one: a quotation opens only where a cell begins, a doubled mark inside
it is one mark, and a line ends with LF, CR LF or CR. What differs: text behind a closed quotation, and a quotation that
is not closed within a bound, break the record, which then ends with its first line; so a stray mark costs one line. So does a
quotation over several lines of which each, taken alone, is a record of the header's width: two stray marks swallowed them.
A byte order mark before a record is none of it: files were joined.

Cells are delivered as views of Arrow's string_view layout into the block itself: nothing is copied.
"""

import numpy as np

from arrears.compiled import compiled

COMPLETE, UNFINISHED, QUOTE = 0, 1, 2
"""What a record is found to be."""
BROKEN_QUOTE, BROKEN_FIELDS, BROKEN_ENCODING, BROKEN_NUL = 0, 1, 2, 3
"""Why a record is taken out."""
CONTENT, HIGH, NUL, STOP = 1, 2, 4, 8
"""What a byte is: more than a blank, beyond ASCII, NUL, the end of a cell."""
QUOTED_MAX = 1 << 20
_TAB, _LF, _CR, _END_OF_TEXT, _BLANK, _MARK = 9, 10, 13, 26, 32, 34


@compiled
def first_line_end(block, at, end):
    """The place behind the line end that comes first, or `end`."""
    while at < end:
        if block[at] == _LF:
            return at + 1
        if block[at] == _CR:
            return at + 2 if at + 1 < end and block[at + 1] == _LF else at + 1
        at += 1
    return end


@compiled
def byte_kinds(delimiter):
    """What each byte means in a cell that is not quoted: bits of CONTENT, HIGH, NUL and STOP."""
    kinds = np.full(256, CONTENT, np.uint8)
    kinds[_BLANK] = kinds[_TAB] = kinds[_END_OF_TEXT] = 0
    kinds[128:] = CONTENT | HIGH
    kinds[0] = CONTENT | NUL
    kinds[_LF] = kinds[_CR] = kinds[delimiter] = STOP
    return kinds


@compiled
def _quoted(block, at, end, final, kinds, fields, least, most, found):
    """The place of the closing mark, -1 where it is beyond the block, -2 where there is none.

    found: 1 doubled marks, 2 line ends, 3 bits of the bytes, and 6 to 10 as `record` says; here 7 is what the line at hand
    has besides the `fields` before: the delimiters in quotations, less the fields on earlier lines.
    """
    start = at
    bits = found[3]
    while at < end:
        byte = block[at]
        if byte == _MARK:
            if at + 1 == end and not final:
                return -1
            if at + 1 == end or block[at + 1] != _MARK:
                found[3] = bits
                return at
            found[1] += 1
            bits |= CONTENT
            at += 1
        elif byte == _LF or byte == _CR:
            if byte == _CR and at + 1 == end and not final:
                return -1
            if byte == _LF or at + 1 == end or block[at + 1] != _LF:
                found[2] += 1
                cells = fields + found[7] + 1
                if found[8] == 0:
                    found[6] = cells
                elif least <= cells <= most:
                    found[9] += 1
                found[8] += 1
                found[7] = -fields
                found[10] = at + 1
        elif kinds[byte] == STOP:
            bits |= CONTENT
            found[7] += 1
        else:
            bits |= kinds[byte]
        at += 1
        if at - start > QUOTED_MAX:
            return -2
    return -2 if final else -1


@compiled
def _behind_mark(block, at, end):
    """The place behind a byte order mark, where there is one."""
    is_mark = at + 2 < end and block[at] == 0xEF and block[at + 1] == 0xBB and block[at + 2] == 0xBF
    return at + 3 if is_mark else at


@compiled
def record(block, at, end, final, kinds, starts, ends, doubled, least, most, found):
    """Whether one record is complete; its cells' bounds, and in `found` what is known of it.

    found: 0 cells, 2 line ends in it and behind it, 3 bits of CONTENT, HIGH and NUL, 4 the place behind it,
    5 whether there is anything in cells beyond the last column. Of its lines, each split at its delimiters as if it stood
    alone: 6 cells of the first, where it has several, 7 of the last, 8 line ends in quotations, 9 how many lines between
    the first and the last have `least` to `most` cells, 10 where the last begins.
    """
    found[:] = 0
    room = len(starts)
    fields = 0
    at = _behind_mark(block, at, end)
    while True:
        if at < end and block[at] == _MARK:
            start = at + 1
            found[1] = 0
            close = _quoted(block, start, end, final, kinds, fields, least, most, found)
            if close < 0:
                return UNFINISHED if close == -1 else QUOTE
            marks = found[1]
            says = close > start
            at = close + 1
            while at < end and kinds[block[at]] == 0:
                at += 1
        else:
            start = at
            marks = 0
            bits = 0
            while at < end:
                kind = kinds[block[at]]
                if kind == STOP:
                    break
                bits |= kind
                at += 1
            found[3] |= bits
            close = at
            says = bits > 0
        if fields < room:
            starts[fields], ends[fields], doubled[fields] = start, close, marks
        elif says:
            found[5] = 1
        fields += 1
        if at >= end:
            if not final:
                return UNFINISHED
            break
        byte = block[at]
        if byte == _LF or byte == _CR:
            if byte == _CR and at + 1 == end and not final:
                return UNFINISHED
            at = first_line_end(block, at, end)
            found[2] += 1
            break
        if kinds[byte] != STOP:
            return QUOTE
        at += 1
    found[0] = fields
    found[7] += fields
    found[4] = at
    return COMPLETE


@compiled
def is_utf_8(block, at, end):
    """Whether the bytes are well-formed UTF-8. Source: The Unicode Standard, table 3-7."""
    while at < end:
        lead = block[at]
        at += 1
        if lead < 0x80:
            continue
        low, high = 0x80, 0xBF
        if 0xC2 <= lead <= 0xDF:
            more = 1
        elif 0xE0 <= lead <= 0xEF:
            more = 2
            low = 0xA0 if lead == 0xE0 else 0x80
            high = 0x9F if lead == 0xED else 0xBF
        elif 0xF0 <= lead <= 0xF4:
            more = 3
            low = 0x90 if lead == 0xF0 else 0x80
            high = 0x8F if lead == 0xF4 else 0xBF
        else:
            return False
        if at + more > end or block[at] < low or block[at] > high:
            return False
        for place in range(at + 1, at + more):
            if block[place] < 0x80 or block[place] > 0xBF:
                return False
        at += more
    return True


@compiled
def _undouble(block, start, end):
    """The end of the cell whose doubled marks were made single, in its own place."""
    out = start
    at = start
    while at < end:
        block[out] = block[at]
        at += 2 if block[at] == _MARK else 1
        out += 1
    return out


@compiled
def _is_header(block, starts, ends, heads, bounds):
    """Whether the cells are those of one of the header rows; `bounds` has one row of cell bounds per header row."""
    for row in range(bounds.shape[0]):
        same = True
        for column in range(bounds.shape[1] - 1):
            first, last = bounds[row, column], bounds[row, column + 1]
            length = ends[column] - starts[column]
            if length != last - first:
                same = False
                break
            for place in range(length):
                if block[starts[column] + place] != heads[first + place]:
                    same = False
                    break
            if not same:
                break
        if same:
            return True
    return False


@compiled
def _word(block, at, length):
    """Four bytes as one number, little end first, of which the first `length` count; the rest is 0."""
    word = (
        np.uint32(block[at])
        | np.uint32(block[at + 1]) << np.uint32(8)
        | np.uint32(block[at + 2]) << np.uint32(16)
        | np.uint32(block[at + 3]) << np.uint32(24)
    )
    if length >= 4:
        return word
    return word & np.uint32((1 << (8 * max(length, 0))) - 1)


@compiled
def _view(block, start, end, view):
    """One string_view: its length, then up to 12 bytes of it, or 4 bytes, the buffer (0) and the place in it."""
    length = end - start
    view[0] = length
    view[1] = _word(block, start, length)
    if length <= 12:
        view[2] = _word(block, start + 4, length - 4)
        view[3] = _word(block, start + 8, length - 8)
    else:
        view[2] = 0
        view[3] = start


@compiled
def _sort(byte):
    """A digit, a letter, a byte beyond ASCII, or a sign."""
    if 48 <= byte <= 57:
        return 1
    if 65 <= byte <= 90 or 97 <= byte <= 122:
        return 2
    return 3 if byte >= 0x80 else 0


@compiled
def _sorts_of_cell(block, at, kinds):
    """Of which sort a line's first cell begins and ends."""
    while kinds[block[at]] == 0 or block[at] == _MARK:
        at += 1
    first = last = block[at]
    while kinds[block[at]] != STOP and block[at] != _MARK:
        if kinds[block[at]] != 0:
            last = block[at]
        at += 1
    return 4 * _sort(first) + _sort(last)


@compiled
def _swallowed(block, at, found, kinds, least, most, is_odd):
    """Whether a record of several lines is several records: the first line and the last, and half of those between, are whole.

    And the last begins with a cell like the record's own: L12 and L9, where a note's line mostly begins with words. Where it
    has another number of cells than a record, one line that has the right one is enough.
    """
    first, last = least <= found[6] <= most, least <= found[7] <= most
    if is_odd:
        return first or last or found[9] > 0
    if not (first and last and 2 * found[9] >= found[8] - 1):
        return False
    return _sorts_of_cell(block, _behind_mark(block, at, found[4]), kinds) == _sorts_of_cell(block, found[10], kinds)


@compiled
def _fault(found, fewest, most, block, at):
    """Why the record is taken out, or -1."""
    if found[3] & NUL:
        return BROKEN_NUL
    if found[3] & HIGH and not is_utf_8(block, at, found[4]):
        return BROKEN_ENCODING
    if found[0] < fewest or found[0] > most or found[5]:
        return BROKEN_FIELDS
    return -1


@compiled
def scan(
    block, end, final, delimiter, fewest, most, strays, taken, heads, bounds, views, present, lines, repeats, broken, state
):
    """The records of a block from state's place to `end`, until an output is full; 16 bytes of room are behind `end`.

    A record has `fewest` to `most` cells, and nothing in those that `bounds` has no column for. Where `strays`, quotation
    marks may be where none belongs, and a record over several lines is looked at for it.
    state: 0 place, 1 line, 2 records, 3 broken records, 4 repeated headers, 5 records of empty cells.
    views: column by record by 4 words; broken: line, reason, cells. `taken` are the columns delivered.
    """
    columns = bounds.shape[1] - 1
    kinds = byte_kinds(delimiter)
    starts = np.zeros(columns, np.int64)
    ends = np.zeros(columns, np.int64)
    doubled = np.zeros(columns, np.int64)
    found = np.zeros(11, np.int64)
    at, line, rows, faults = state[0], state[1], state[2], state[3]
    room = len(lines)
    while at < end and rows + faults < room and state[4] < len(repeats):
        kind = record(block, at, end, final, kinds, starts, ends, doubled, fewest, most, found)
        if kind == UNFINISHED:
            break
        if kind == COMPLETE and found[8] > 0 and strays:
            if _swallowed(block, at, found, kinds, fewest, most, _fault(found, fewest, most, block, at) == BROKEN_FIELDS):
                kind = QUOTE
        if kind == QUOTE:
            broken[faults, 0], broken[faults, 1], broken[faults, 2] = line, BROKEN_QUOTE, 0
            faults += 1
            at = first_line_end(block, at, end)
            line += 1
            continue
        if found[3] == 0:
            state[5] += found[0] > 1
        else:
            fault = _fault(found, fewest, most, block, at)
            if fault == BROKEN_FIELDS and found[0] == columns and _is_header(block, starts, ends, heads, bounds):
                repeats[state[4]] = line
                state[4] += 1
            elif fault >= 0:
                broken[faults, 0], broken[faults, 1], broken[faults, 2] = line, fault, found[0]
                faults += 1
            else:
                for column in range(found[0], columns):
                    starts[column] = ends[column] = 0
                for column in range(min(found[0], columns)):
                    if doubled[column]:
                        ends[column] = _undouble(block, starts[column], ends[column])
                if _is_header(block, starts, ends, heads, bounds):
                    repeats[state[4]] = line
                    state[4] += 1
                else:
                    for out in range(len(taken)):
                        column = taken[out]
                        _view(block, starts[column], ends[column], views[out, rows])
                        present[out, rows] = ends[column] > starts[column]
                    lines[rows] = line
                    rows += 1
        at = found[4]
        line += found[2]
    state[0], state[1], state[2], state[3] = at, line, rows, faults
