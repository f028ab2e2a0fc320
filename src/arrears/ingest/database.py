"""Records of a query over a database, as text, read within one read-only transaction that sees one moment.

Numbers come as the server writes them, never by way of a float. Moments that know their zone bear their offset. A
password is in no name, note or message. The line of a record is its number in the answer.
"""

import importlib
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import numpy as np
import polars as pl

from arrears.ingest.batch import Batch, BrokenRecord, demand_columns, header_names
from arrears.ingest.delimited import BLOCK, Counts, Layout, batches_of
from arrears.ingest.parquet_files import short_floats, without_exponents
from arrears.refusal import Refused

SCHEMES = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}
_ROWS = 50_000
_SHORT = {"real": (7, 2**17), "real, cut": (6, 10_000)}
"""Digits that can be trusted, and from where on not even hundredths can: of four bytes, and where the server sends six digits of them."""
_ASIDE = re.compile(
    r"""'(?:[^'\\]|''|\\.)*' | "(?:[^"]|"")*" | `[^`]*` | --[^\n]* | /\*.*?\*/ | \$(\w*)\$.*?\$\1\$""",
    re.VERBOSE | re.DOTALL,
)
_WRITES_A_FILE = re.compile(r"\b(?:outfile|dumpfile)\b|/\*M?!", re.IGNORECASE)
"""Words of MySQL, wherever they stand: a text that holds one is refused too, since what a text is the server alone knows."""


def is_database(given: str) -> bool:
    """Whether a SOURCE names a database rather than a file."""
    return "://" in given


def spoken_name(url: str) -> str:
    """The database without user, password, options and folders; raises Refused where nobody can tell them apart.

    >>> spoken_name("postgresql://clerk:secret@host:5432/book?sslmode=require"), spoken_name("sqlite:////data/book.db")
    ('postgresql://host:5432/book', 'sqlite://book.db')
    """
    parts = _parts(url)
    if parts.scheme == "sqlite":
        return f"sqlite://{Path(unquote(parts.path)).name}"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def without_password(url: str) -> str:
    """The same database, to be named on a command line; who has a password there gives it in another way.

    >>> without_password("mysql://clerk:secret@host/book?password=secret&unix_socket=/s"), without_password("sqlite:///book.db")
    ('mysql://clerk@host/book?unix_socket=%2Fs', 'sqlite:///book.db')
    """
    parts = _parts(url)
    user, at, host = parts.netloc.rpartition("@")
    if not parts.password and "password" not in parts.query:
        return url
    options = urlencode([option for option in parse_qsl(parts.query) if option[0] != "password"])
    return urlunsplit(parts._replace(netloc=user.partition(":")[0] + at + host, query=options))


def _parts(url: str) -> SplitResult:
    """The parts of a URL. A sign that ends the host, written into a password as it is, would make a part of it seem the host."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - it raises where it is none
        is_cut = bool(parts.netloc) and "@" not in parts.netloc and "@" in parts.path + parts.query + parts.fragment
        if parts.scheme == "sqlite" or not (is_cut or parts.fragment):
            return parts
    except ValueError:  # its own sentence may hold a part of the password
        pass
    scheme = url.partition("://")[0]
    raise Refused(
        f"{scheme}://…: the address of the database cannot be read; write scheme://user@host:port/name, and in user and password "
        "%2F for /, %3F for ?, %23 for #, %40 for @, %5B for [, %25 for %",
        f"{scheme}://…：数据库地址无法读取；请写成 scheme://用户@主机:端口/库名，用户名和密码中的 / ? # @ [ % 写作 %2F %3F %23 %40 %5B %25",
    )


def open_query(url: str, query: str | None) -> "DatabaseQuery":
    """The answer of one query; raises Refused where the database or the query cannot be used."""
    name = spoken_name(url)
    scheme = _parts(url).scheme.lower()
    if scheme not in SCHEMES:
        raise Refused(
            f"{name}: databases of the kind {scheme} are not known; use postgresql://, mysql:// or sqlite:///",
            f"{name}：不认识数据库类型 {scheme}；请用 postgresql://、mysql:// 或 sqlite:///",
        )
    if not query:
        raise Refused(
            f"{name}: the mapping has no `query` for this database; write the SELECT that gives the records",
            f"{name}：映射没有为这个数据库写 query；请写出取数的 SELECT",
        )
    return DatabaseQuery(name, _CONNECTIONS[SCHEMES[scheme]](url, name), _one_select(query, name))


def _one_select(query: str, name: str) -> str:
    plain = _ASIDE.sub(lambda found: "''" if found.group()[0] in "'\"`$" else " ", query).strip()
    if not re.match(r"(?:select|with|table|values)\b", plain.lstrip("( \n\t"), re.IGNORECASE):
        raise Refused(
            f"{name}: the query is not a SELECT, and nothing else may be done in a lender's database",
            f"{name}：query 不是 SELECT；除查询外不允许在贷款机构的数据库里做任何事",
        )
    if _WRITES_A_FILE.search(query):
        raise Refused(
            f"{name}: the query could write a file on the server (OUTFILE, DUMPFILE, or a remark that the server runs); leave it out",
            f"{name}：query 可能在服务器上写文件（OUTFILE、DUMPFILE 或会被执行的注释）；请删去",
        )
    if ";" in plain.rstrip("; \n\t"):
        raise Refused(
            f"{name}: the query holds several statements; write one SELECT",
            f"{name}：query 里有多条语句；请只写一条 SELECT",
        )
    depth = 0
    for sign in plain:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            break
    if depth:
        raise Refused(f"{name}: the query's brackets do not match; mend it", f"{name}：query 的括号不配对；请修正")
    return query.strip().rstrip("; \n\t") if plain.endswith(";") and query.strip().endswith(";") else query.strip()


class DatabaseQuery:
    """The records a query answers; each call of `batches` asks anew."""

    is_read_once = True

    def __init__(self, name: str, connection, query: str):
        self.name = name
        self.notes: list[tuple[str, str]] = []
        self._connection = connection
        self._query = query
        self._digest: str | None = None
        names, self._kinds = connection.describe(query)
        self.columns, self.notes = header_names([names])

    @property
    def digest(self) -> str:
        """SHA-256 of the rows delivered; raises Refused before they were read to the end."""
        if self._digest is None:
            raise Refused(
                f"{self.name}: the digest of a query is known only when its rows were read",
                f"{self.name}：查询结果的摘要要在读完后才知道",
            )
        return self._digest

    def batches(self, columns: list[str] | None = None) -> Iterator[Batch]:
        """The records, in the order of the answer; with `columns` only those."""
        asked = demand_columns(self.name, self.columns, columns)
        places = [self.columns.index(column) for column in asked]
        digest = sha256("\n".join(asked).encode())
        first, delivered = 1, False
        for cells, broken in self._connection.rows(self._query, places):
            count = len(cells) + len(broken)
            wrong = {number for number, _ in broken}
            lines = np.array(
                [number for number in range(first, first + count) if number - first not in wrong], np.int64
            )
            cells = cells.with_columns(
                _plain(cells.to_series(index), self._kinds[place]) for index, place in enumerate(places)
            ).rename(dict(zip(cells.columns, asked, strict=True)))
            _add_rows(digest, cells)
            delivered = True
            yield Batch(
                cells,
                pl.Series("line", lines, dtype=pl.Int64),
                [BrokenRecord(first + number, "encoding", detail) for number, detail in broken],
            )
            first += count
        self._digest = digest.hexdigest()
        if not delivered:
            self.notes.append(("the query answers no record", "查询没有返回记录"))


def _plain(cells: pl.Series, kind: str) -> pl.Series:
    cells = cells.set(cells == "", None)
    if kind in _SHORT:
        return short_floats(cells, *_SHORT[kind])
    if kind == "float":
        return without_exponents(cells)
    if kind == "moment":
        offset = cells.str.contains(r"[+-]\d\d(:\d\d)?$").fill_null(False)
        return pl.select(pl.when(offset).then(cells).otherwise(cells + "+00:00")).to_series().alias(cells.name)
    return cells


def _add_rows(digest, cells: pl.DataFrame) -> None:
    """Each row counts with the length of each of its cells, so that the digest is one of rows, not of batches."""
    parts = [
        pl.when(pl.col(name).is_null())
        .then(pl.lit("-"))
        .otherwise(pl.format("{}:{}", pl.col(name).str.len_bytes(), pl.col(name)))
        for name in cells.columns
    ]
    for text in cells.select(pl.concat_str(parts, separator=",").alias("row"))["row"].to_list() if parts else []:
        digest.update(text.encode())
        digest.update(b"\n")


def _failed(name: str, error: Exception, secrets: tuple[str | None, ...] = ()) -> Refused:
    said = " ".join(str(error).split())
    for secret in secrets:
        if secret:
            said = said.replace(secret, "***")
    return Refused(
        f"{name}: the database refuses ({said[:300]}); check that it runs, the name, your right to read, and the query",
        f"{name}：数据库拒绝了请求（{said[:300]}）；请检查数据库是否运行、名称、读取权限和 query",
    )


def _driver(module: str, package: str, name: str):
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Refused(
            f"{name}: this database needs the package {package}; run: pip install '{package}'",
            f"{name}：读取这种数据库需要软件包 {package}；请运行：pip install '{package}'",
        ) from error


class _PostgreSQL:
    """COPY in CSV, so that the rows go through the same compiled reader as a file."""

    def __init__(self, url: str, name: str):
        self._driver = _driver("psycopg", "psycopg[binary]", name)
        self._url = re.sub(r"^postgres:", "postgresql:", url)
        self._name = name
        password = urlsplit(url).password
        self._secrets = (password, unquote(password) if password else None)

    def _connect(self):
        connection = self._driver.connect(self._url, connect_timeout=10, client_encoding="utf8")
        connection.read_only = True
        connection.isolation_level = self._driver.IsolationLevel.REPEATABLE_READ
        for setting in (
            "DateStyle = 'ISO'",
            "TimeZone = 'UTC'",
            "IntervalStyle = 'iso_8601'",
            "extra_float_digits = 1",
        ):
            connection.execute(f"SET {setting}")
        return connection

    def describe(self, query: str) -> tuple[list[str], list[str]]:
        try:
            with self._connect() as connection:
                found = _columns_of(connection, query)
        except (self._driver.Error, OSError, ValueError) as error:
            raise _failed(self._name, error, self._secrets) from None
        kinds = {700: "real", 701: "float", 1184: "moment"}
        return [column.name for column in found], [kinds.get(column.type_code, "text") for column in found]

    def rows(self, query: str, places: list[int]) -> Iterator[tuple[pl.DataFrame, list[tuple[int, str]]]]:
        names = [f"c{place + 1}" for place in places]
        # A row of nothing but null would be a blank line; the mark in front keeps it, and keeps its number.
        layout = Layout(self._name, ["mark", *names], fewest=len(names) + 1, may_stray=False)
        try:
            with self._connect() as connection:
                found = _columns_of(connection, query)
                every = ", ".join(f"c{place + 1}" for place in range(len(found)))
                chosen = "".join(f", {name}::text" for name in names)
                copy = f"COPY (SELECT 1{chosen} FROM (\n{query}\n) AS answer ({every})) TO STDOUT (FORMAT csv)"  # noqa: S608
                with connection.cursor().copy(copy) as stream:
                    pieces = iter(stream)
                    for batch in batches_of(lambda: _next_bytes(pieces), layout, names, Counts()):
                        yield batch.cells, []
        except (self._driver.Error, OSError, ValueError) as error:
            if isinstance(error, Refused):
                raise
            raise _failed(self._name, error, self._secrets) from None


def _columns_of(connection, query: str) -> list:
    """The columns of the answer; the server refuses a query that is more than one statement.

    What a text or a remark is, and so what a semicolon parts, only the server surely knows: a prepared statement is one
    statement by its protocol, so nothing can end the read-only transaction. Ask this of each connection before the query runs
    in any other way. Source: PostgreSQL, Frontend/Backend Protocol, Extended Query.
    """
    return connection.execute(f"SELECT * FROM (\n{query}\n) AS answer LIMIT 0", prepare=True).description or []  # noqa: S608 (see _one_select)


def _next_bytes(pieces: Iterator) -> tuple[bytes, bool]:
    taken, size = [], 0
    for piece in pieces:
        taken.append(bytes(piece))
        size += len(taken[-1])
        if size >= BLOCK:
            return b"".join(taken), False
    return b"".join(taken), True


class _MySQL:
    """The text the server writes, row after row, none converted."""

    def __init__(self, url: str, name: str):
        self._driver = _driver("pymysql", "pymysql", name)
        self._name = name
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        self._secrets = (parts.password, unquote(parts.password) if parts.password else None)
        self._arguments = {
            "host": parts.hostname or "localhost",
            "port": parts.port or 3306,
            "user": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password or ""),
            "database": unquote(parts.path.lstrip("/")) or None,
            "unix_socket": options.get("unix_socket"),
            "charset": "utf8mb4",
            "use_unicode": False,
            "connect_timeout": 10,
        }

    def _connect(self):
        from pymysql.converters import encoders
        from pymysql.cursors import SSCursor

        connection = self._driver.connect(conv=dict(encoders), cursorclass=SSCursor, **self._arguments)
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SET SESSION time_zone = '+00:00'")
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        return connection

    def describe(self, query: str) -> tuple[list[str], list[str]]:
        kinds = {4: "real, cut", 5: "float", 7: "moment"}
        try:
            connection, cursor = self._connect(), None
            try:
                # Not within a subquery with LIMIT 0: there MySQL refuses columns of one name.
                cursor = connection.cursor()
                cursor.execute("SET SESSION sql_select_limit = 0")
                cursor.execute(query)
                found = cursor.description or ()
            finally:
                _hang_up(connection, cursor)
        except (self._driver.Error, OSError, ValueError, RuntimeError) as error:
            raise _failed(self._name, error, self._secrets) from None
        return [column[0] for column in found], [kinds.get(column[1], "text") for column in found]

    def rows(self, query: str, places: list[int]) -> Iterator[tuple[pl.DataFrame, list[tuple[int, str]]]]:
        try:
            connection, cursor = self._connect(), None
            try:
                cursor = connection.cursor()
                cursor.execute(query)
                yield from _in_batches(cursor, places)
            finally:
                _hang_up(connection, cursor)
        except (self._driver.Error, OSError) as error:
            raise _failed(self._name, error, self._secrets) from None


def _hang_up(connection, cursor) -> None:
    """Ends the connection without reading what the server has yet to send, as the driver would when it forgets them."""
    if (result := getattr(cursor, "_result", None)) is not None:
        result.unbuffered_active = False
    if cursor is not None:
        cursor.connection = None
    connection.close()


class _SQLite:
    """The file opened for reading only; TEXT that is no UTF-8 breaks its record."""

    def __init__(self, url: str, name: str):
        self._driver = importlib.import_module("sqlite3")
        self._name = name
        given = unquote(urlsplit(url).path)
        relative = Path(given.removeprefix("/"))
        self._path = relative if relative.is_file() and not given.startswith("//") else Path("/" + given.lstrip("/"))
        if not self._path.is_file():
            raise Refused(
                f"{name}: there is no such database file; write sqlite:///folder/file.db, or sqlite:////folder/file.db "
                "for a path from the root",
                f"{name}：没有这个数据库文件；请写 sqlite:///folder/file.db，绝对路径写 sqlite:////folder/file.db",
            )

    def _connect(self):
        connection = self._driver.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        connection.text_factory = bytes
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        return connection

    def describe(self, query: str) -> tuple[list[str], list[str]]:
        try:
            connection = self._connect()
            try:
                found = connection.execute(query).description or ()
            finally:
                connection.close()
        except (self._driver.Error, self._driver.Warning, ValueError) as error:
            raise _failed(self._name, error) from None
        return [column[0] for column in found], ["text"] * len(found)

    def rows(self, query: str, places: list[int]) -> Iterator[tuple[pl.DataFrame, list[tuple[int, str]]]]:
        try:
            connection = self._connect()
            try:
                yield from _in_batches(connection.execute(query), places)
            finally:
                connection.close()
        except (self._driver.Error, self._driver.Warning) as error:
            raise _failed(self._name, error) from None


def _in_batches(cursor, places: list[int]) -> Iterator[tuple[pl.DataFrame, list[tuple[int, str]]]]:
    names = [f"c{place + 1}" for place in places]
    while rows := cursor.fetchmany(_ROWS):
        good, broken = [], []
        for number, row in enumerate(rows):
            try:
                good.append([_cell(row[place]) for place in places])
            except UnicodeDecodeError:
                broken.append((number, ""))
        cells = {name: [row[index] for row in good] for index, name in enumerate(names)}
        yield pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String)), broken


def _cell(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float):
        text = repr(value).removesuffix(".0")
        return without_exponents(pl.Series([text]))[0] if "e" in text or len(text) > 15 else text
    return str(value)


_CONNECTIONS = {"postgresql": _PostgreSQL, "mysql": _MySQL, "sqlite": _SQLite}
