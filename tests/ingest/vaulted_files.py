"""A small lender whose file of loans holds people, the mapping that sends them to the vault, and the vault's keys."""

from pathlib import Path

from arrears import store
from arrears.vault.handover import HandoverPrivateKey, HandoverPublicKey, new_private_key, open_people
from ingest.lender_files import HEADERS, MAPPING, Lender, loan_row, schedule_rows

PEOPLE = ("手机号", "备用电话", "住址", "联系人", "联系人电话", "担保人", "担保人证件", "邮箱", "还款卡")
COLUMNS = (*HEADERS["loans"], *PEOPLE)
VAULTED = """
  vaulted:
    姓名: name
    身份证号: id_number
    手机号: phone
    备用电话: phone
    住址: address
    邮箱: email
    还款卡: account
    联系人: {reserved_contact: 1, is: name}
    联系人电话: {reserved_contact: 1, is: phone}
    担保人: {guarantor: 2, is: name}
    担保人证件: {guarantor: 2, is: id_number}
"""
VAULT_MAPPING = MAPPING.replace("personal: {hashed: [身份证号], left_out: [姓名]}", "personal:\n  hashed: [身份证号]" + VAULTED.rstrip())


def people_row(number: int, *people: str, **changes) -> list[str]:
    """One line of loans; `people` are the cells of PEOPLE from the first on."""
    return [*loan_row(number, **changes), *people, *[""] * (len(PEOPLE) - len(people))]


class VaultLender(Lender):
    """A lender whose book holds the public key of a vault that this test alone can open."""

    def __init__(self, folder: Path, mapping: str = VAULT_MAPPING):
        super().__init__(folder, mapping)
        self.private: HandoverPrivateKey = new_private_key()
        self.book.mkdir()
        self.write_key(self.book / "vault.pub")

    def write_key(self, path: Path) -> Path:
        path.write_text(f"{HandoverPublicKey(self.private.public)}\n", encoding="utf-8")
        return path

    def write_people(self, rows: list[list[str]], columns: tuple = COLUMNS, name: str = "loans") -> Path:
        """The lines of loans, which are numbered from 1 on, as they are; and beside them a schedule for each."""
        self.write("instalments", [line for number in range(1, len(rows) + 1) for line in schedule_rows(number)])
        path = self.files / f"{name}.csv"
        lines = [",".join(columns), *(",".join(f'"{cell}"' for cell in row) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def people_files(self) -> list[Path]:
        book = store.book_at(self.book)
        return store.people_files(book, store.read_ledger(book))

    def people(self) -> list[dict]:
        """What all sealed files of the book say, in their order."""
        return [row for path in self.people_files() for row in open_people(lambda _: self.private, path.read_bytes())]
