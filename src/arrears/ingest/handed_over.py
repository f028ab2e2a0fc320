"""People on their way to the vault: read with a load, written sealed for the vault's public key once it is known which records count.

What a record says of people may go along only if the record does, and that is known when all were judged. Until then it lies in
the load's passing folder under a key that is in memory alone: whoever finds what a killed load left can read nothing of it.
Source: docs/reference/mapping.md, section Personal columns.
"""

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from itertools import chain, repeat
from pathlib import Path

import polars as pl
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from arrears.ingest.mapping import Mapping
from arrears.refusal import Refused
from arrears.store import PEOPLE_FILE, Book
from arrears.vault.handover import HandoverPublicKey, read_public_key, seal_stream


class WaitingPeople:
    """What the records read so far say of people, not yet told who of them counts. Its state is a folder of passing files."""

    def __init__(self, folder: Path):
        self._folder, self._cipher = folder, AESGCM(AESGCM.generate_key(256))
        self._parties: list[tuple[str, int]] = []
        self.unusable: dict[str, Counter] = {}
        """How many cells of each source column no text could be read from, by rule of fault_words."""

    def unusable_cells(self) -> dict[str, dict[str, int]]:
        """The same as plain dicts, columns and rules in their order."""
        return {column: dict(sorted(rules.items())) for column, rules in sorted(self.unusable.items())}

    def keep(self, first: int, said: list[tuple[str, int, pl.DataFrame]], unusable: dict[str, dict[str, int]]) -> None:
        """Keeps what `vaulted.people_in` gave of a batch whose first record is `first`."""
        for column, rules in unusable.items():
            self.unusable.setdefault(column, Counter()).update(rules)
        for relation, number, frame in said:
            if len(frame):
                self._folder.mkdir(parents=True, exist_ok=True)
                plain = BytesIO()
                frame.with_columns(record=pl.col("record").cast(pl.Int64) + first).write_ipc(plain)
                place = len(self._parties)
                (self._folder / f"{place:06d}").write_bytes(self._cipher.encrypt(_nonce(place), plain.getvalue(), None))
                self._parties.append((relation, number))

    def write(self, folder: Path, key: HandoverPublicKey, bad: pl.Series) -> dict[str, int]:
        """Writes PEOPLE_FILE into the folder, in the order of the records, without those of `bad`; no file where nothing is said.

        Gives the rows by relation. Of rows of one batch that say the same the last is written.
        """
        count: Counter = Counter()
        rows = self._rows(bad, count)
        first = next(rows, None)
        if first is None:
            return {}
        with (folder / PEOPLE_FILE).open("wb") as file:
            for piece in seal_stream(key, chain([first], rows)):
                file.write(piece)
        return dict(sorted(count.items()))

    def _rows(self, bad: pl.Series, count: Counter) -> Iterator[dict]:
        for place, (relation, number) in enumerate(self._parties):
            for row in rows_of(self._frame(place, bad), relation, number):
                count[relation] += 1
                yield row

    def _frame(self, place: int, bad: pl.Series) -> pl.DataFrame:
        sealed = (self._folder / f"{place:06d}").read_bytes()
        frame = pl.read_ipc(BytesIO(self._cipher.decrypt(_nonce(place), sealed, None)))
        frame = frame.filter(~pl.col("record").is_in(bad.implode())).drop("record")
        return frame.unique(keep="last", maintain_order=True)


def rows_of(frame: pl.DataFrame, relation: str, number: int) -> Iterator[dict]:
    """Rows as a handover takes them: borrower_id, relation, ordinal, and what is known of the person; what is null is absent."""
    names = ("borrower_id", "relation", "ordinal", *(name for name in frame.columns if name != "borrower_id"))
    may_be_absent = [name for name in frame.columns if frame[name].has_nulls()]
    who, *known = (frame[name].to_list() for name in names if name in frame.columns)
    for values in zip(who, repeat(relation), repeat(number), *known, strict=False):
        row = dict(zip(names, values, strict=True))
        for name in may_be_absent:
            if row[name] is None:
                del row[name]
        yield row


def vault_key_of(book: Book, mappings: list[Mapping], named: Path | None, called: Path | None = None) -> HandoverPublicKey | None:
    """The public key that people are sealed for, None where no mapping has a column for the vault.

    It lies in the book unless another file is `named`; `called` is how the user named the book. Raises Refused where it is missing or none.
    """
    mapping = next((one for one in mappings if one.vaulted), None)
    if mapping is None:
        return None
    path = named or book.vault_key_path
    if not path.is_file():
        shown = named or (called or book.root) / path.name
        columns = list(dict.fromkeys(one.column for one in mapping.vaulted))
        raise Refused(
            f"{shown}: no such file; the mapping {mapping.name} sends {', '.join(columns)} to the vault, which is possible only sealed for the vault's "
            f"public key, so nothing was read: run arrears vault public-key --out {shown}, or name the key's file with --vault-key FILE",
            f"{shown}：没有此文件；映射“{mapping.name}”要把 {'、'.join(columns)} 送入保险库，而这只能用保险库的公钥密封，因此未读取任何内容："
            f"请运行 arrears vault public-key --out {shown}，或用 --vault-key FILE 指明公钥文件",
        )
    try:
        return read_public_key(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:  # a refusal is a ValueError too
        en, zh = (problem.en, problem.zh) if isinstance(problem, Refused) else (str(problem), "无法读取")
        raise Refused(
            f"{path}: no public key of a vault stands in it ({en}), so nothing was read: remove it and run arrears vault public-key --out {path}",
            f"{path}：其中没有保险库公钥（{zh}），因此未读取任何内容：请删除后运行 arrears vault public-key --out {path}",
        ) from None


def _nonce(place: int) -> bytes:
    """Each file's own: the key is of one load and one run of the program."""
    return place.to_bytes(12, "big")
