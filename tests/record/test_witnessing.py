"""The log has its checkpoints cosigned by a witness in a process of its own, and hears of it when the witness has seen another history."""

import base64
import hashlib
import re
import shutil
import socket
import ssl
import threading
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from arrears.record import witnessing
from arrears.record.append import Log
from arrears.record.notes import read_vkey
from arrears.record.settings import Witness
from arrears.record.signing_key import make_key, make_successor
from arrears.record.witnessing import Fork, Unreachable, add_from_text, add_lines, cosigned, submit
from arrears.refusal import Refused
from record.small_log import ORIGIN, SmallLog, leaves
from record.witness_process import WitnessProcess, verified

NOW = 4_000_000_000_000_000


@pytest.fixture
def key(tmp_path):
    return make_key(tmp_path / "home" / "record.key", ORIGIN, NOW)


@pytest.fixture
def log(tmp_path, key):
    with Log.create(tmp_path / "log", key) as made:
        made.extend(b"".join(leaves(300)))
        made.publish()
        yield made


@pytest.fixture
def process(tmp_path, key):
    made = WitnessProcess(tmp_path / "witness")
    assert made.run("trust", "--log", key.vkey).returncode == 0
    yield made
    made.kill()


@pytest.fixture
def witness(process):
    return reached(process, process.start())


def reached(process: WitnessProcess, port: int) -> Witness:
    return Witness(tuple(read_vkey(one) for one in process.vkeys), f"http://127.0.0.1:{port}")


def grown(log: Log, count: int, of: str = "") -> Log:
    log.extend(b"".join(leaves(log.size + count, of)[log.size:]))
    log.publish()
    return log


def in_words(refused: Refused) -> str:
    assert re.search("[一-鿿]", refused.zh) and not re.search("[一-鿿]", refused.en)
    return refused.en


def test_each_checkpoint_bears_both_cosignatures_as_it_lies_in_the_folder(log, process, witness):
    for _ in range(4):
        lines = submit(log, witness, NOW)
        note = (log.folder / "checkpoint").read_text(encoding="utf-8")
        assert len(lines) == 2 and note.endswith("\n".join([*lines, ""]))
        for line, vkey in zip(lines, process.vkeys, strict=True):
            assert verified(line, vkey, note) > 0
        assert submit(log, witness, NOW) == [], "it is not asked again for what it gave"
        grown(log, 77)
    assert [one.split("+")[0] for one in (log.folder / "witnesses").read_text().splitlines()] == ['"bank.example/witness1'] * 2
    Log.open(log.folder).close()


def test_a_log_that_lost_its_memory_of_the_witness_mends_itself_by_the_size_it_is_told(log, witness):
    submit(log, witness, NOW)
    grown(log, 5)
    path = log.folder / "checkpoints"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "witness1" not in line))
    log.close()
    with Log.open(log.folder, log_key(log)) as again:
        assert len(submit(again, witness, NOW)) == 2


def log_key(log: Log):
    from arrears.record.signing_key import open_key

    return open_key(log.folder.parent / "home" / "record.key")


def test_an_older_backup_of_the_log_is_noticed_whether_it_asks_at_once_or_goes_on(log, key, witness, process):
    submit(log, witness, NOW)
    backup = shutil.copytree(log.folder, log.folder.parent / "backup")
    submit(grown(log, 20), witness, NOW)
    seen = log.checkpoint()
    log.close()
    with Log.open(backup, key) as restored:
        before = restored.checkpoint()
        with pytest.raises(Fork) as told:
            submit(grown(restored, 3, "after the restore"), witness, NOW)
        assert "older backup" in in_words(told.value) and "较旧的备份" in told.value.zh
        assert told.value.seen_size == 320 and told.value.seen_note.startswith(seen.note.partition("\n\n")[0]) and told.value.ours.size == 303
        assert base64.b64encode(seen.root).decode() in told.value.en and base64.b64encode(told.value.ours.root).decode() in told.value.en, "both sides are said"
        with pytest.raises(Fork) as told:
            submit(grown(restored, 17, "after the restore"), witness, NOW)
        assert told.value.seen_size == told.value.ours.size == 320
        with pytest.raises(Fork):
            submit(grown(restored, 40, "after the restore"), witness, NOW)
        assert "witness1" not in restored.checkpoint().note and before.size == 300
    assert process.run("status").returncode == 1 and len(process.evidence()) == 2, "the witness keeps both: two roots at 320, and what the larger one rewrote"
    for path in process.evidence():
        assert process.run("evidence", str(path), "--log", key.vkey).returncode == 0


def test_the_same_backup_brought_to_the_same_entries_is_no_fork(log, key, witness):
    submit(log, witness, NOW)
    backup = shutil.copytree(log.folder, log.folder.parent / "backup")
    submit(grown(log, 20), witness, NOW)
    log.close()
    with Log.open(backup, key) as restored:
        assert len(submit(grown(restored, 20), witness, NOW)) == 2


def test_a_witness_that_is_down_slow_or_ill_is_told_and_another_is_asked_all_the_same(log, witness, process, monkeypatch):
    monkeypatch.setattr(witnessing, "SECONDS_WAITED", 0.5)
    answers = {"closed": None, "silent": b"", "babbling": b"HTTP/1.1 200 OK\r\nX: ", "dripping": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "long": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000, "ill": b"HTTP/1.1 503 x\r\nContent-Length: 4\r\n\r\nill\n", "binary": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\xff",
               "none": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "elsewhere": b"HTTP/1.1 302 x\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "other size": b"HTTP/1.1 409 x\r\nContent-Length: 3\r\n\r\n07\n"}
    asked = {}
    for name, answer in answers.items():
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            thread = threading.Thread(target=answered, args=(server, answer))
            if answer is None:
                server.close()
            else:
                thread.start()
            before = log.checkpoint()
            with pytest.raises(Refused) as refusal:
                submit(log, Witness(witness.keys, f"http://127.0.0.1:{port}"), NOW)
            asked[name] = refusal.value
            assert log.checkpoint() == before and len(submit(log, Witness(witness.keys[:1], witness.url), NOW)) in (0, 1), name
            if answer is not None:
                thread.join()
        assert in_words(asked[name]), name
    assert {name for name, one in asked.items() if isinstance(one, Unreachable)} == {"closed", "silent", "babbling", "dripping", "long", "ill", "binary"}
    assert not any(isinstance(one, Fork) for one in asked.values())
    assert "witness1" in log.checkpoint().note


def answered(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1 << 16)
        try:
            connection.sendall(answer)
            while answer.endswith(b"close\r\n\r\n"):
                connection.sendall(b"x")
                threading.Event().wait(0.05)
            while answer in (b"", b"HTTP/1.1 200 OK\r\nX: ") and connection.recv(1 << 16):
                pass
        except OSError:
            return


def test_a_false_signature_and_one_from_tomorrow_are_not_taken(log, process, witness):
    other = WitnessProcess(process.folder.parent / "other", "bank.example/witness1")
    assert "without a signature" in in_words(refused_by(log, Witness(tuple(read_vkey(one) for one in other.vkeys), witness.url)))
    assert "more than an hour" in in_words(refused_by(log, witness, 1_000_000_000_000_000))
    assert log.checkpoint().note.count("—") == 1


def refused_by(log: Log, witness: Witness, now: int = NOW) -> Refused:
    with pytest.raises(Refused) as refused:
        submit(log, witness, now)
    assert not isinstance(refused.value, Fork)
    return refused.value


def test_a_witness_that_does_not_know_the_log_or_its_new_key_says_what_to_give_it(tmp_path, log, key, process, witness):
    stranger = WitnessProcess(tmp_path / "stranger", "other.example/w")
    try:
        assert "does not know the log" in in_words(refused_by(log, reached(stranger, stranger.start())))
    finally:
        stranger.kill()
    submit(log, witness, NOW)
    log.rotate(make_successor(tmp_path / "home" / "record.key", NOW))
    grown(log, 9)
    assert "the file `keys`" in in_words(refused_by(log, witness))
    told = process.run("trust", "--rotation", str(log.folder / "keys"))
    assert told.returncode == 0 and told.stdout == "1 new keys are trusted\n", told.stderr
    assert len(submit(log, witness, NOW)) == 2, "while it runs"


def test_a_rewritten_log_hears_of_the_fork(log, key, witness, process):
    submit(log, witness, NOW)
    log.close()
    shutil.rmtree(log.folder)
    with Log.create(log.folder, key) as rewritten:
        rewritten.extend(b"".join([*leaves(299), hashlib.sha256(b"changed").digest(), *leaves(10, "more")]))
        rewritten.publish()
        with pytest.raises(Fork) as told:
            submit(rewritten, witness, NOW)
        assert (told.value.seen_size, told.value.ours.size) == (300, 310)
    assert process.run("status").returncode == 1 and "rewritten" in process.said()


def test_a_partner_without_a_network_cosigns_from_the_files_and_its_lines_are_added(tmp_path, log, process):
    told = process.run("cosign", "--log", str(log.folder), "--out", str(tmp_path / "cosigned"))
    assert told.returncode == 0, told.stderr
    witness = Witness(tuple(read_vkey(one) for one in process.vkeys))
    text = (tmp_path / "cosigned").read_text(encoding="utf-8")
    grown(log, 3)
    assert len(add_from_text(log, text, (witness,), NOW)) == 2, "the checkpoint of then, though the log went on"
    assert add_from_text(log, process.run("cosign", "--log", str(log.folder)).stdout, (witness,), NOW) == log.checkpoint().note.splitlines()[-2:]
    with pytest.raises(Refused) as refused:
        add_from_text(log, text, (), NOW)
    assert "vkeys" in in_words(refused.value)
    with pytest.raises(Refused) as refused:
        add_from_text(log, SmallLog(leaves(3, "other")).checkpoint(), (witness,), NOW)
    assert "none of this log's" in in_words(refused.value)


def test_a_log_that_is_read_only_is_cosigned_too_and_one_that_went_on_meanwhile_is_no_fork(log, witness):
    with Log.open(log.folder) as reader:
        lines = cosigned(reader, witness, NOW)
        assert len(lines) == 2 and "witness1" not in log.checkpoint().note
        submit(grown(log, 4), witness, NOW)
        with pytest.raises(Unreachable) as refused:
            cosigned(reader, witness, NOW)
        assert "went on from 300 to 304" in in_words(refused.value)
    add_lines(log, witness, 300, lines)
    add_lines(log, witness, 300, [])
    assert sum("witness1" in note for note in log.checkpoints()) == 2


def test_a_witness_behind_tls_is_asked_where_its_certificate_is_trusted_and_not_otherwise(tmp_path, log, witness):
    certificate, other = certificate_of(tmp_path / "witness.pem"), certificate_of(tmp_path / "other.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"https://localhost:{server.getsockname()[1]}"
        thread = threading.Thread(target=forwarded, args=(server, context, int(witness.url.rsplit(":", 1)[1]), 3))
        thread.start()
        try:
            for trusted in (other, None):
                with pytest.raises(Unreachable) as refused:
                    submit(log, Witness(witness.keys, address, trusted), NOW)
                assert "CERTIFICATE_VERIFY_FAILED" in in_words(refused.value)
            assert len(submit(log, Witness(witness.keys, address, certificate), NOW)) == 2
        finally:
            thread.join()
    (tmp_path / "none.pem").write_text("x")
    with pytest.raises(Refused) as refused:
        submit(grown(log, 1), Witness(witness.keys, address, tmp_path / "none.pem"), NOW)
    assert "no certificates can be read" in in_words(refused.value)


def certificate_of(path):
    """A key and a certificate of its own for localhost, in one file."""
    private, name, day = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime(2020, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number(), day, day.replace(year=2120))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).add_extension(x509.BasicConstraints(True, None), True).sign(private, hashes.SHA256())
    path.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + made.public_bytes(serialization.Encoding.PEM))
    return path


def forwarded(server: socket.socket, context: ssl.SSLContext, port: int, count: int) -> None:
    """What a reverse proxy does: TLS outside, plain HTTP to the witness inside."""
    for _ in range(count):
        outside, _ = server.accept()
        try:
            with context.wrap_socket(outside, server_side=True) as tls, socket.create_connection(("127.0.0.1", port)) as inside:
                answers = threading.Thread(target=poured, args=(inside, tls))
                answers.start()
                poured(tls, inside)
                inside.shutdown(socket.SHUT_RDWR)
                answers.join()
        except OSError:
            outside.close()


def poured(source: socket.socket, target: socket.socket) -> None:
    try:
        while part := source.recv(1 << 16):
            target.sendall(part)
    except OSError:
        return
