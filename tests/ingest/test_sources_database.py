"""Queries over real databases: every value exact, nothing written, no password said."""

import re
import sqlite3
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from arrears.ingest import database
from arrears.ingest.flaw import Flaw
from arrears.ingest.reading import amount_of
from arrears.refusal import Refused
from ingest import database_servers
from plain_books import arrears


@pytest.fixture(scope="module")
def postgresql():
    with database_servers.postgresql() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE receipts (id bigint, 金额 numeric(30,2), rate double precision, flag boolean, day date, at timestamptz,"
                " local timestamp, note text)"
            )
            connection.execute(
                "INSERT INTO receipts VALUES (9007199254740993, 12345678901234567.80, 0.00005, true, '2024-01-30',"
                " '2024-01-30 10:20:30+08', '2024-01-30 10:20:30', E'a \"b\", c\\nd'), (2, 0.10, 1e15, false, null, null, null, ''),"
                " (null, null, null, null, null, null, null, null)"
            )
        yield url


@pytest.fixture(scope="module")
def mariadb():
    with database_servers.mariadb() as url:
        with (
            pymysql.connect(
                user="clerk",
                password="s3cret",
                unix_socket=url.split("unix_socket=")[1],
                database="book",
                autocommit=True,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "CREATE TABLE receipts (id BIGINT, 金额 DECIMAL(30,2), rate DOUBLE, day DATE, at TIMESTAMP NULL, local DATETIME,"
                " note TEXT, number INT)"
            )
            cursor.execute("SET time_zone = '+08:00'")
            cursor.execute(
                "INSERT INTO receipts VALUES (9007199254740993, 12345678901234567.80, 0.00005, '2024-01-30',"
                " '2024-01-30 10:20:30', '2024-01-30 10:20:30', 'a \"b\", c\\nd 借据', 7), (2, 0.10, 1e15, NULL, NULL, NULL, '', 8)"
            )
        yield url


def _read(url, query, columns=None):
    source = database.open_query(url, query)
    batches = list(source.batches(columns))
    rows = [row for batch in batches for row in batch.cells.rows()]
    lines = [line for batch in batches for line in batch.lines.to_list()]
    return source, rows, lines, [record for batch in batches for record in batch.broken]


def test_postgresql_gives_every_value_exactly(postgresql):
    source, rows, lines, broken = _read(postgresql, "SELECT * FROM receipts ORDER BY id NULLS LAST;")
    assert source.columns == ["id", "金额", "rate", "flag", "day", "at", "local", "note"]
    assert rows == [
        ("2", "0.10", "1E+15", "false", None, None, None, None),
        (
            "9007199254740993",
            "12345678901234567.80",
            "0.00005",
            "true",
            "2024-01-30",
            "2024-01-30 02:20:30+00",
            "2024-01-30 10:20:30",
            'a "b", c\nd',
        ),
        (None,) * 8,
    ]
    assert lines == [1, 2, 3] and broken == []
    assert source.name == "postgresql:///postgres"


def test_mariadb_gives_every_value_exactly(mariadb):
    source, rows, lines, broken = _read(mariadb, "SELECT * FROM receipts ORDER BY id -- by id")
    assert source.columns == ["id", "金额", "rate", "day", "at", "local", "note", "number"]
    assert rows == [
        ("2", "0.10", "1E+15", None, None, None, None, "8"),
        (
            "9007199254740993",
            "12345678901234567.80",
            "0.00005",
            "2024-01-30",
            "2024-01-30 02:20:30+00:00",
            "2024-01-30 10:20:30",
            'a "b", c\nd 借据',
            "7",
        ),
    ]
    assert lines == [1, 2] and broken == []
    assert source.name == "mysql://localhost/book"


@pytest.mark.parametrize(("server", "kind"), [("postgresql", "real"), ("mariadb", "FLOAT")])
def test_a_short_float_says_its_amount_or_is_none(request, server, kind):
    url = request.getfixturevalue(server)
    written = ["0.1", "12.34", "1234.56", "-9999.99", "16777217", "300000", "131072.01", "1234567.89", "0.00005"]
    cells = [f"CAST({one} AS {kind})" for one in written]
    _, rows, _, _ = _read(url, "SELECT " + " AS n UNION ALL SELECT ".join(cells) + " AS n")
    read = [amount_of(cell, power=5, currency="CNY") for (cell,) in rows]
    exact = [amount_of(one, power=5, currency="CNY") for one in written]
    assert read == [*exact[:4], *[Flaw("scientific", None)] * 4, exact[8]]


def test_a_text_that_looks_like_records_is_one_text(postgresql):
    _, rows, _, broken = _read(postgresql, "SELECT 'L1' AS id, E'VIP\\n1,L2,paid' AS note")
    assert rows == [("L1", "VIP\n1,L2,paid")] and broken == []


def test_only_the_columns_asked_for_come_and_names_stay_apart(postgresql, mariadb):
    for url in (postgresql, mariadb):
        source, rows, _, _ = _read(url, "SELECT id, note AS id, 金额 FROM receipts WHERE id = 2", ["金额", "id"])
        assert source.columns == ["id", "id (2)", "金额"]
        assert rows == [("0.10", "2")]


def test_the_digest_is_of_the_rows_and_known_after_reading(postgresql):
    source = database.open_query(postgresql, "SELECT id FROM receipts ORDER BY id")
    with pytest.raises(Refused, match="known only when its rows were read"):
        _ = source.digest
    list(source.batches())
    assert re.fullmatch("[0-9a-f]{64}", source.digest)
    assert source.digest == _read(postgresql, "SELECT id FROM receipts ORDER BY id")[0].digest
    assert source.digest != _read(postgresql, "SELECT id FROM receipts ORDER BY id DESC")[0].digest


def test_an_answer_may_be_left_after_its_first_batch(postgresql, mariadb):
    for url, query in (
        (postgresql, "SELECT n, repeat('x', 100) AS note FROM generate_series(1, 1000000) AS n"),
        (mariadb, "SELECT seq, repeat('x', 100) AS note FROM seq_1_to_1000000"),
    ):
        batches = database.open_query(url, query).batches()
        assert next(batches).lines[0] == 1
        batches.close()


def test_many_rows_stream_in_batches(postgresql, mariadb):
    _, rows, lines, _ = _read(postgresql, "SELECT n, 'note ' || n AS note FROM generate_series(1, 300000) AS n")
    assert len(rows) == 300_000 and rows[-1] == ("300000", "note 300000") and lines[-1] == 300_000
    _, rows, lines, _ = _read(mariadb, "SELECT seq, concat('note ', seq) AS note FROM seq_1_to_120000")
    assert len(rows) == 120_000 and rows[-1] == ("120000", "note 120000") and lines[-1] == 120_000


def test_nothing_can_be_written(postgresql, mariadb):
    with pytest.raises(Refused, match="transaction read-write mode"):
        _read(postgresql, "SELECT set_config('transaction_read_only', 'off', false)")
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("CREATE FUNCTION spoil() RETURNS int LANGUAGE sql AS 'DELETE FROM receipts RETURNING 1'")
    with pytest.raises(Refused, match="read-only transaction"):
        _read(postgresql, "SELECT spoil()")
    for url in (postgresql, mariadb):
        for query in ("DELETE FROM receipts", "DROP TABLE receipts", "UPDATE receipts SET id = 1"):
            with pytest.raises(Refused, match="the query is not a SELECT"):
                database.open_query(url, query)


@pytest.mark.parametrize("query", ["SELECT 1; DROP TABLE x", "SELECT 1; SELECT 2;", "SELECT ';' ; SELECT 1"])
def test_several_statements_are_refused(query):
    with pytest.raises(Refused) as refused:
        database.open_query("postgresql://clerk:s3cret@localhost/book", query)
    assert refused.value.en == "postgresql://localhost/book: the query holds several statements; write one SELECT"
    assert refused.value.zh == "postgresql://localhost/book：query 里有多条语句；请只写一条 SELECT"


def test_brackets_cannot_leave_the_query():
    with pytest.raises(Refused, match="brackets do not match"):
        database.open_query("postgresql://localhost/book", "SELECT 1) TO STDOUT (FORMAT csv")


@pytest.mark.parametrize(
    "query", ["SELECT ';' AS a -- x; y", "SELECT 1 AS a /* ; */;", "WITH x AS (SELECT 1 AS a) SELECT * FROM x"]
)
def test_signs_in_texts_and_remarks_are_no_statements(postgresql, query):
    assert len(_read(postgresql, query)[1]) == 1


def test_a_bad_query_says_what_the_database_says(postgresql, mariadb, tmp_path):
    for url in (postgresql, mariadb, _sqlite(tmp_path)):
        with pytest.raises(Refused) as refused:
            database.open_query(url, "SELECT a FROM nowhere")
        assert "nowhere" in refused.value.en and "the database refuses" in refused.value.en
        assert "数据库拒绝了请求" in refused.value.zh
        assert "s3cret" not in refused.value.en + refused.value.zh


def test_a_wrong_password_is_not_said(postgresql, mariadb):
    for url in (postgresql, mariadb):
        with pytest.raises(Refused) as refused:
            database.open_query(url.replace("s3cret", "wr0ng"), "SELECT 1")
        assert "wr0ng" not in refused.value.en + refused.value.zh
        assert refused.value.__cause__ is None


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_does_not_answer_says_so(tmp_path, scheme):
    where = f"host={tmp_path}" if scheme == "postgresql" else f"unix_socket={tmp_path}/none"
    with pytest.raises(Refused, match="the database refuses .*; check that it runs"):
        database.open_query(f"{scheme}://clerk:s3cret@/book?{where}", "SELECT 1")


def test_an_unknown_kind_and_a_missing_query_say_so():
    with pytest.raises(
        Refused, match="databases of the kind oracle are not known; use postgresql://, mysql:// or sqlite:///"
    ):
        database.open_query("oracle://clerk:s3cret@host/book", "SELECT 1")
    with pytest.raises(Refused, match="the mapping has no `query` for this database"):
        database.open_query("postgresql://host/book", None)


def test_a_missing_driver_says_what_to_install(monkeypatch):
    def absent(module):
        raise ImportError(module)

    monkeypatch.setattr(database.importlib, "import_module", absent)
    with pytest.raises(Refused, match=r"needs the package psycopg\[binary\]; run: pip install"):
        database.open_query("postgresql://host/book", "SELECT 1")


def _sqlite(tmp_path):
    path = tmp_path / "book.db"
    if not path.exists():
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE receipts (id INTEGER, amount REAL, note TEXT)")
            connection.executemany(
                "INSERT INTO receipts VALUES (?, ?, ?)",
                [(9007199254740993, 0.00005, "借据"), (2, 1e15, ""), (3, 12.0, None)],
            )
            connection.execute("INSERT INTO receipts VALUES (4, 0.1, CAST(x'ff' AS TEXT))")
        connection.close()
    return f"sqlite:///{path}"


def test_sqlite_gives_every_value_exactly_and_breaks_only_what_is_no_text(tmp_path):
    source, rows, lines, broken = _read(_sqlite(tmp_path), "SELECT * FROM receipts ORDER BY rowid")
    assert rows == [("9007199254740993", "0.00005", "借据"), ("2", "1E+15", None), ("3", "12", None)]
    assert lines == [1, 2, 3]
    assert [(record.line, record.rule) for record in broken] == [(4, "encoding")]
    assert source.name == "sqlite://book.db"
    assert str(tmp_path) not in source.name


def test_a_missing_sqlite_file_is_not_made(tmp_path):
    with pytest.raises(Refused, match="sqlite://none.db: there is no such database file"):
        database.open_query(f"sqlite:///{tmp_path}/none.db", "SELECT 1")
    assert not (tmp_path / "none.db").exists()


def test_a_query_without_rows_says_so(tmp_path):
    source, rows, _, _ = _read(_sqlite(tmp_path), "SELECT id FROM receipts WHERE id < 0")
    assert rows == []
    assert source.notes == [("the query answers no record", "查询没有返回记录")]


def test_the_name_of_a_database_holds_no_user(postgresql):
    assert urlsplit(database.spoken_name(postgresql)).username is None


@pytest.mark.parametrize("query", [
    "select '\\') x; COMMIT; DELETE FROM receipts; SELECT * FROM (SELECT 1 AS id --'",
    "select id from receipts -- \r) x; COMMIT; DELETE FROM receipts; SELECT * FROM (SELECT 1 AS id",
    "select 1 /* /* */ ) x; COMMIT; DELETE FROM receipts; SELECT * FROM (SELECT 1 /* */ */ AS id",
])
def test_what_the_guard_reads_otherwise_than_the_server_changes_nothing(postgresql, query):
    before = _read(postgresql, "SELECT id FROM receipts")[1]
    with pytest.raises(Refused):
        _read(postgresql, query)
    assert before and _read(postgresql, "SELECT id FROM receipts")[1] == before


@pytest.mark.parametrize("query", ["SELECT 1 INTO OUTFILE 'stolen'", "SELECT 1 /*!INTO DUMPFILE 'stolen' */", "SELECT 1 /*M! INTO OUTFILE 'stolen' */"])
def test_a_query_writes_no_file_on_the_server(query):
    with pytest.raises(Refused, match="could write a file on the server"):
        database.open_query("mysql://localhost/book", query)


def test_the_next_command_that_map_prints_holds_no_password(postgresql, tmp_path):
    ran = arrears("map", postgresql, "--out", tmp_path / "my.yaml")
    assert ran.status == 0, ran.error
    assert "arrears ingest 'postgresql://clerk@/postgres?host=" in ran.out
    assert "s3cret" not in ran.out + ran.error + (tmp_path / "my.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("url", [
    "mysql://clerk:s3c/ret@host/db", "postgresql://clerk:s3c?ret@host/db", "postgresql://clerk:s3c#ret@host/db", "postgresql://clerk:s3c[ret@host/db",
    "mysql://host:s3c/db", "mysql://clerk:s3cret@host:99999/db", "postgresql://[::1/s3c",
])
def test_no_part_of_a_password_is_said_or_kept_however_the_address_is_miswritten(url, tmp_path):
    mapping = tmp_path / "m.yaml"
    mapping.write_text("mapping: m\nsources:\n- source: s\n  query: SELECT 1\n  tables: {payments: as_is}\n", encoding="utf-8")
    for words in (("map", url, "--out", tmp_path / "o.yaml"), ("ingest", url, "--mapping", mapping, "--book", tmp_path / "book")):
        ran = arrears(*words, "--lang", "en")
        assert ran.status == 2 and "cannot be read; write scheme://user@host:port/name" in ran.error, ran
        assert "s3c" not in ran.out + ran.error and "ret@" not in ran.out + ran.error
    assert not any("s3c" in path.read_text(encoding="utf-8", errors="replace") for path in tmp_path.rglob("*.json"))
