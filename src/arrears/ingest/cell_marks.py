"""What the reading library does not say of a sheet's cells: errors, formulas never calculated, percentages, and how far they reach.

Each format of workbooks has a scan of its own that makes these marks (xlsx_package, ods_package, xls_container).
"""

from dataclasses import dataclass, field

from arrears.refusal import Refused

ROWS_MAX, COLUMNS_MAX = 1_048_576, 16_384
ERRORS = ("#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#N/A", "#NULL!", "#SPILL!")
AREA_MAX = 60_000_000


@dataclass
class CellMarks:
    """Cells of a sheet by (row, column), both from 1, and the last row and column that hold one."""

    rows: int = 0
    columns: int = 0
    formulas: int = 0
    unvalued: set[tuple[int, int]] = field(default_factory=set)
    """Formulas without a stored value, or with one that was never calculated."""
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    percents: dict[int, bytearray] = field(default_factory=dict)
    """Of a column, for each row (from 0) 1 where the cell is shown as a percentage."""
    early: set[tuple[int, int]] = field(default_factory=set)
    """Moments so shortly before midnight that the reading library gives the next day."""

    def reach(self, row: int, column: int) -> None:
        """The sheet holds a cell there."""
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)

    def fail(self, row: int, column: int, text: str) -> None:
        """The cell is an error; what no spreadsheet calls one (Err:502, none at all) is #VALUE!."""
        text = text.strip().upper()
        self.errors[row, column] = text if text in ERRORS else "#VALUE!"

    def show_percent(self, row: int, column: int) -> None:
        """The cell is shown as a percentage."""
        if row > ROWS_MAX:  # the sheet is refused, once its end is seen
            return
        shown = self.percents.setdefault(column, bytearray())
        shown.extend(bytes(max(0, row + 1 - len(shown))))
        shown[row] = 1

    def is_percent(self, row: int, column: int) -> bool:
        shown = self.percents.get(column, b"")
        return row < len(shown) and shown[row] == 1

    def demand_near(self, name: str, area_max: int = AREA_MAX) -> None:
        """Raises Refused where the cells are spread too far to be held in memory."""
        if self.rows > ROWS_MAX or self.columns > COLUMNS_MAX or self.rows * self.columns > area_max:
            raise Refused(
                f"{name}: its cells are spread over {self.rows} rows and {self.columns} columns; delete what stands far "
                "below or beside the table, or export it as CSV",
                f"{name}：单元格散布在{self.rows}行{self.columns}列；请删除表格下方和右侧远处的内容，或导出为 CSV",
            )


def is_just_before_midnight(serial: float) -> bool:
    """A moment that rounds to the next day at a thousandth of a second, as the reading library rounds it."""
    return 1 <= serial < 3e6 and 0 < round(serial) - serial < 0.000_6 / 86_400


def letters(column: int) -> str:
    """The letters of a column, counted from 1.

    >>> letters(1), letters(28)
    ('A', 'AB')
    """
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def number_of(letters: str) -> int:
    """The column of these letters, from 1.

    >>> number_of("A"), number_of("ab")
    (1, 28)
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
