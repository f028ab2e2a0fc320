"""How sensitive each column of the work plane is: classes C1, C2, C3 of JR/T 0171-2020, and how a sealed one is masked.

C3 (passwords, biometrics, codes sent by SMS): never shown and never shared. C2 (identity, contact, account, balance and
transactions): sealed at rest where it identifies a person, masked on display. C1: for use inside the institution.
Source: JR/T 0171-2020 as kept in this project's references, which quote the classes of balances, transactions, ID numbers,
phones, passwords, biometrics and SMS codes. `certainty` says which rows rest on that (`source`) and which are this
project's reading, to be confirmed against the standard's own text (`reading`).
"""

from dataclasses import dataclass

C1, C2, C3 = "C1", "C2", "C3"
CLASSES = (C1, C2, C3)


@dataclass(frozen=True)
class SealedColumn:
    """One column that is held only as a sealed text or content."""

    table: str
    column: str
    sensitivity: str
    """C1, C2 or C3; of a column that holds several kinds, the highest."""
    masks: dict[str, str]
    """By the row's kind ("" where the table has none) the kind of masks.masked. Empty where nothing of it is shown masked: it is opened or it is not."""
    indexes: dict[str, str]
    """By the row's kind the field of its blind index; empty where it is not looked up."""
    certainty: str
    """source or reading."""

    def mask(self, kind: str = "") -> str | None:
        """The kind of masks.masked for a row of that kind; None where nothing may be shown masked."""
        return self.masks.get(kind)


_POINTS = {"phone": "phone", "email": "email", "address": "address", "account": "account"}
_ROWS = (
    ("work_party", "name_sealed", C2, {"": "name"}, {}, "reading"),
    ("work_party", "id_number_sealed", C2, {"": "id_number"}, {"": "id_number"}, "source"),
    ("work_contactpoint", "value_sealed", C2, _POINTS, _POINTS, "source"),  # phones; e-mail, address and account are a reading
    ("work_contact", "note_sealed", C2, {}, {}, "reading"),
    ("work_hold", "reason_sealed", C2, {}, {}, "reading"),
    ("work_attachment", "title_sealed", C2, {}, {}, "reading"),
    ("work_attachment", "content_sealed", C3, {}, {}, "reading"),
    ("work_dispute", "text_sealed", C2, {}, {}, "reading"),
    ("work_dispute", "answer_sealed", C2, {}, {}, "reading"),
    ("work_complaint", "text_sealed", C2, {}, {}, "reading"),
    ("work_complaint", "answer_sealed", C2, {}, {}, "reading"),
    ("work_hardship", "text_sealed", C2, {}, {}, "reading"),
    ("work_hardship", "wanted_sealed", C2, {}, {}, "reading"),
    ("work_hardship", "sheet_sealed", C2, {}, {}, "reading"),
    ("work_hardship", "answer_sealed", C2, {}, {}, "reading"),
    ("work_matternote", "text_sealed", C2, {}, {}, "reading"),
    ("work_mattertask", "text_sealed", C2, {}, {}, "reading"),
    ("work_coachingnote", "text_sealed", C2, {}, {}, "reading"),
    ("work_coachingnote", "answer_sealed", C2, {}, {}, "reading"),
    ("work_sampleitem", "dispute_sealed", C2, {}, {}, "reading"),
    ("work_sheet", "comment_sealed", C2, {}, {}, "reading"),
    ("work_exportpart", "content_sealed", C2, {}, {}, "reading"),  # persons in it are masked already
    ("work_entry", "reason_sealed", C2, {}, {}, "reading"),
    ("work_brokenglass", "reason_sealed", C2, {}, {}, "reading"),
    ("work_leaf", "fields_sealed", C2, {}, {}, "reading"),
)
SEALED_COLUMNS = {(row[0], row[1]): SealedColumn(*row) for row in _ROWS}
"""Every sealed column of the work plane, by table and column. An attachment's content is C3, since a voice may serve as a biometric (this project's choice)."""


def sealed_column(table: str, column: str) -> SealedColumn:
    """How one sealed column is to be treated; raises KeyError for one that is not declared, so that nothing is sealed unclassified."""
    return SEALED_COLUMNS[table, column]


_ABOUT_A_PERSON = ("case", "party", "contactpoint", "debt", "payment", "placement", "hold", "attachment", "contact", "promise", "offer", "plan", "dispute", "complaint", "consent", "approval", "hardship", "matternote", "matterevidence", "mattertask",
                   "entry", "answer", "borrowerlogin", "brokenglass", "account", "leaf", "reminder", "absence", "coachingnote", "sampleitem", "sheet", "export", "exportpart")
_ABOUT_NOBODY = ("lender", "team", "collector", "change", "place", "waiting", "contactrule", "sample", "run", "nightstrategy", "rulebook")
_PROOFS_OF_WHO = {("work_account", "password"), ("work_borrowerlogin", "secret")}


def class_of(table: str, column: str) -> str:
    """The class of any column of the work plane: a sealed one's own; C3 for what proves who somebody is; C2 for whatever else stands about a person or their debts; else C1.

    The last three are this project's reading. Raises KeyError for a table that is not declared, so that no table comes without a class.
    """
    if (table, column) in SEALED_COLUMNS:
        return SEALED_COLUMNS[table, column].sensitivity
    if (table, column) in _PROOFS_OF_WHO:
        return C3
    return ({f"work_{name}": C2 for name in _ABOUT_A_PERSON} | {f"work_{name}": C1 for name in _ABOUT_NOBODY})[table]
