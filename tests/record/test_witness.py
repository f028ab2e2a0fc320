"""The witness cosigns what continues, by the letter of tlog-witness, and refuses and reports what does not; real processes over loopback."""

import base64
import hashlib
import http.client
import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from record.small_log import SmallLog, consistency, leaves, tree_hash
from record.witness_process import NAME, WitnessProcess, ask, verified
from record.witness_process import THE_WITNESS as the_witness


@pytest.fixture
def witness(tmp_path):
    made = WitnessProcess(tmp_path / "witness")
    yield made
    made.kill()


@pytest.fixture
def log():
    return SmallLog(leaves(300))


@pytest.fixture
def port(witness, log):
    return witness.trust(log).start()


@pytest.fixture(scope="module")
def common_port(tmp_path_factory, common_log):
    made = WitnessProcess(tmp_path_factory.mktemp("common") / "witness").trust(common_log)
    yield made.start()
    made.kill()


@pytest.fixture(scope="module")
def common_log():
    return SmallLog(leaves(300))


# what it signs


def test_both_cosignatures_verify_with_bytes_written_out_from_the_specification(witness, log, port):
    before = int(time.time())
    status, kind, text = ask(port, log.request(0, 7))
    assert status == 200 and kind.startswith("text/plain")
    lines = text.splitlines()
    assert len(lines) == len(witness.vkeys) == 2 and [base64.b64decode(vkey.split("+", 2)[2])[0] for vkey in witness.vkeys] == [4, 6]
    for line, vkey in zip(lines, witness.vkeys, strict=True):
        assert before <= verified(line, vkey, log.checkpoint(7)) <= int(time.time())
        with pytest.raises(InvalidSignature):
            verified(line, vkey, log.checkpoint(8))


def test_the_two_keys_are_distinct_and_of_one_name(witness):
    assert {vkey.split("+")[0] for vkey in witness.vkeys} == {NAME} and len({vkey.split("+")[1] for vkey in witness.vkeys}) == 2
    kept = json.loads((witness.state / "key").read_text())
    assert kept["ed25519"] != kept["ml-dsa-44"] and (witness.state / "key").stat().st_mode & 0o777 == 0o600
    again = witness.run("init", "--name", "other.example")
    assert again.returncode == 2 and "holds a witness already" in again.stderr and json.loads((witness.state / "key").read_text()) == kept
    assert witness.run("show").stdout.split() == witness.vkeys


EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""


def test_the_example_of_the_specification_is_read_and_signed_as_it_says():
    checkpoint = the_witness.checkpoint_of(EXAMPLE)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root.hex()[:8]) == ("example.com/behind-the-sofa", 20852163, "0ac5186a") and the_witness.text_of(checkpoint.note) == EXAMPLE
    name, _, signature, _ = checkpoint.note.signatures[1]
    assert int.from_bytes(signature[:8], "big") == 1679315147 and len(signature) == 72 and name == "witness.example.com/w1"
    said = b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert the_witness.message_of(4, name, 1679315147, checkpoint) == said
    asked, old, proof = the_witness.request_of(("old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\n" + EXAMPLE).encode())
    assert (old, proof[0].hex()[:8], asked) == (20852014, "3e544d0a", checkpoint)


def test_a_log_that_signs_by_ml_dsa_as_another_implementation_does_is_understood(witness):
    """The key and the checkpoint are those of the tests of torchwood's litewitness (mldsa.txt, BSD licence): signed in Go, over the struct of tlog-cosignature, with time 0."""
    vkey, _, note = Path(__file__).with_name("mldsa_log.txt").read_text(encoding="utf-8").partition("\n")
    assert witness.run("trust", "--log", vkey).stdout == "example.com/mldsa-log\n" and verified(note.splitlines()[-1], vkey, note) == 0
    port = witness.start()
    status, _, text = ask(port, f"old 0\n\n{note}".encode())
    assert status == 200 and all(verified(line, own, note) > 0 for line, own in zip(text.splitlines(), witness.vkeys, strict=True))
    for wrong in (note.replace("mldsa-log\n1\n", "mldsa-log\n2\n"), note.replace("+zoE", "/zoE"), note.replace("Tiwn", "Tiwm")):
        assert wrong != note and ask(port, f"old 0\n\n{wrong}".encode())[0] == 403


def test_every_consistency_proof_up_to_65_entries_is_accepted_and_no_other_root():
    entries = leaves(65)
    roots = [tree_hash(entries[:size]) for size in range(66)]
    for new in range(2, 66):
        for old in range(1, new):
            proof = consistency(old, entries[:new])
            assert the_witness.roots_of(old, new, proof, roots[old]) == (roots[old], roots[new])
            assert the_witness.roots_of(old, new, [*proof, roots[0]], roots[old]) is None
            for wrong in (the_witness.roots_of(old, new, proof[1:], roots[old]), the_witness.roots_of(old, new, [roots[0], *proof[1:]], roots[old])):
                assert wrong is None or wrong != (roots[old], roots[new])


def test_the_same_checkpoint_is_cosigned_again_and_one_connection_serves_many_requests(log, port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.connect()
    kept = connection.sock
    for old, size in [(0, 0), (0, 0), (0, 1), (1, 1), (1, 5), (5, 256), (256, 257), (257, 300), (300, 300)]:
        connection.request("POST", "/any/prefix/add-checkpoint", log.request(old, size))
        answer = connection.getresponse()
        assert (answer.status, len(answer.read().splitlines())) == (200, 2), (old, size)
    assert connection.sock is kept
    connection.close()


# what it refuses


def test_an_unknown_log_a_false_signature_and_an_unknown_key_are_refused(witness, log, port):
    assert ask(port, SmallLog(leaves(3), origin="other.example/log").request(0))[0] == 404
    assert ask(port, SmallLog(log.entries).request(0))[0] == 403
    note = log.checkpoint(3)
    flipped = note[:-8] + ("A" if note[-8] != "A" else "B") + note[-7:]
    assert ask(port, f"old 0\n\n{flipped}".encode())[0] == 403
    unknown = SmallLog(log.entries)
    assert ask(port, f"old 0\n\n{note}{unknown.signature_line(note.partition(chr(10) * 2)[0] + chr(10))}".encode())[0] == 200, "a signature of an unknown key is passed over"
    assert ask(port, log.request(0, 2), path="/other")[0] == 404 and ask(port, b"", path="/add-checkpoint", method="GET")[0] == 404


def test_another_old_size_is_answered_with_the_size_and_an_older_checkpoint_too(witness, log, port):
    assert ask(port, log.request(0, 20))[0] == 200
    for old, size in [(0, 20), (0, 30), (10, 30), (25, 30), (10, 10), (0, 10)]:
        assert ask(port, log.request(old, size)) == (409, "text/x.tlog.size", "20\n"), (old, size)
    assert ask(port, log.request(10, 10).replace(b"old 10", b"old 11"))[0] == 400, "an old size above the checkpoint's"
    assert ask(port, log.request(20, 30))[0] == 200
    assert [line.split(", ")[1] for line in witness.said().splitlines() if line.startswith("cosigned 已联署: lender.example/record, ")] == ["20 entries 条", "30 entries 条"]
    assert "an older checkpoint of lender.example/record" in witness.said() and "较旧的备份" in witness.said() and witness.run("status").returncode == 0


def test_a_proof_that_does_not_lead_there_is_refused(witness, log, port):
    assert ask(port, log.request(0, 20))[0] == 200
    good = log.request(20, 30)
    assert ask(port, good.replace(good.splitlines()[1], base64.b64encode(bytes(32))))[0] == 422
    assert ask(port, b"old 20\n\n" + log.checkpoint(30).encode())[0] == 422
    assert ask(port, b"old 20\n" + base64.b64encode(bytes(32)) + b"\n\n" + log.checkpoint(20).encode())[0] == 422, "no proof belongs to the same size"
    told = witness.run("status")
    assert told.returncode == 1 and "NOT SHOWN" in told.stdout and len(witness.evidence()) == 1, "once for each checkpoint"
    assert ask(port, good)[0] == 200
    told = witness.run("status")
    assert told.returncode == 0 and "it has seen 30 entries" in told.stdout and not witness.evidence() and len(witness.evidence("settled")) == 1, "shown in the end, so nothing is held against the log"
    assert ask(port, f"old 0\n{base64.b64encode(bytes(32)).decode()}\n\n{log.checkpoint(40)}".encode())[0] == 409


@pytest.mark.parametrize("change", [
    lambda body: body.replace(b"old 5", b"old 05"), lambda body: body.replace(b"old 5", b"old +5"), lambda body: body.replace(b"old 5", b"old  5"), lambda body: body.replace(b"old 5", b"Old 5"),
    lambda body: body.replace(b"old 5", "old ５".encode()), lambda body: body.replace(b"old 5", b"old 5\r"), lambda body: body.replace(b"old 5", b"old 5_0"), lambda body: body.replace(b"old 5", b"old -5"), lambda body: body.replace(b"old 5", b"old " + b"9" * 40),
    lambda body: body[:-1], lambda body: body + b"\n", lambda body: body + b"x\n", lambda body: body.replace(b"\n9\n", b"\n09\n"), lambda body: body.replace(b"\n9\n", b"\n9.0\n"), lambda body: body.replace(b"\n9\n", b"\n-9\n"),
    lambda body: b"\xff\xfe" + body, lambda body: body.replace(b"lender", b"l\xffnder"), lambda body: body.replace(b"lender", b"l\x00nder"), lambda body: body.replace(b"lender", b"l\tnder"),
    lambda body: body.replace(b"old 5\n", b"old 5\n" + (base64.b64encode(bytes(32)) + b"\n") * 64), lambda body: body.replace(b"old 5\n", b"old 5\nAAAA\n"), lambda body: body.replace(b"old 5\n", b"old 5\n!\n"),
    lambda body: body.replace("— ".encode(), b"- "), lambda body: body.replace("— ".encode(), "—  ".encode()), lambda body: body.partition(b"\n\n")[2], lambda body: body.partition("—".encode())[0],
    lambda body: body + body.splitlines(True)[-1] * 100, lambda body: b"", lambda body: b"\n", lambda body: b"old 5\n\n", lambda body: b"old 5\n\n\n\n", lambda body: os.urandom(3000),
    lambda body: body[:-3] + bytes([body[-3] + 1]) + body[-2:], lambda body: body.replace(b"\n\nlender", b"\nlender"), lambda body: b"old 0\n\n" + SmallLog(origin="x" * 256).checkpoint().encode(), lambda body: b"old 0\n\n" + SmallLog(origin="").checkpoint().encode(),
], ids=lambda change: None)
def test_what_is_not_written_by_the_letter_is_refused(common_log, common_port, change):
    body = common_log.request(5, 9)
    assert change(body) != body
    status, kind, text = ask(common_port, change(body))
    assert status == 400 and kind == "text/plain; charset=utf-8" and len(text.splitlines()) == 2, text


def test_63_lines_of_proof_are_read_and_extension_lines_are_cosigned(witness, log, port):
    assert ask(port, b"old 0\n" + (base64.b64encode(bytes(32)) + b"\n") * 63 + b"\n" + log.checkpoint(4).encode())[0] == 422
    body = log.checkpoint(4).partition("\n\n")[0] + "\nan extension\n"
    status, _, text = ask(port, f"old 0\n\n{log.signed(body)}".encode())
    assert status == 200 and verified(text.splitlines()[0], witness.vkeys[0], log.signed(body)) > 0


def test_huge_chunked_and_broken_requests_are_refused_and_others_are_served_meanwhile(log, port):
    def raw(*parts: bytes, wait: bool = True) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
            for part in parts:
                one.sendall(part)
            if not wait:
                return b""
            one.shutdown(socket.SHUT_WR)
            answer = b""
            while part := one.recv(65536):
                answer += part
            return answer

    post = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n"
    assert raw(post + b"Content-Length: 300000\r\n\r\n").startswith(b"HTTP/1.1 413 ")
    assert raw(post + b"Content-Length: 99999999999999999999\r\n\r\n").startswith(b"HTTP/1.1 413 ")
    assert raw(post + b"Content-Length: -1\r\n\r\n").startswith(b"HTTP/1.1 411 ")
    assert raw(post + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").startswith(b"HTTP/1.1 411 ")
    assert raw(post + b"\r\n").startswith(b"HTTP/1.1 411 ")
    assert raw(post + b"Content-Length: 50\r\n\r\nold 0\n").startswith(b"HTTP/1.1 400 ")
    assert raw(b"POST /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 414 ")
    assert raw(post + b"".join(b"X-%d: 1\r\n" % i for i in range(200)) + b"\r\n").startswith(b"HTTP/1.1 431 ")
    assert raw(b"\x16\x03\x01\x02\x00\x01\xff\x00\r\n\r\n").find(b"400 Bad request") >= 0
    raw(post + b"Content-Length: 500\r\n\r\nold", wait=False)
    body = log.request(0, 2)
    told = raw(post + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body), body)
    assert told.startswith(b"HTTP/1.1 100 ") and b"HTTP/1.1 200 " in told
    waiting = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(40)]
    for one in waiting:
        one.sendall(post + b"Content-Le")
    assert ask(port, log.request(2, 3))[0] == 200, "forty slow ones hold nobody up"
    for one in waiting:
        one.close()


def test_a_slow_request_is_cut_and_too_many_connections_are_turned_away(tmp_path, log):
    made = the_witness.init(tmp_path / "state", "slow.example")
    the_witness.trust(tmp_path / "state", log.vkey)
    the_witness.MOST_SECONDS, the_witness.MOST_CONNECTIONS, before = 0.3, 3, (the_witness.MOST_SECONDS, the_witness.MOST_CONNECTIONS)
    import threading

    server = the_witness.Server("127.0.0.1", 0, made)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        waiting = [socket.create_connection(server.server_address, timeout=20) for _ in range(3)]
        waiting[0].sendall(b"POST /add-checkpoint HTTP/1.1\r\n")
        with socket.create_connection(server.server_address, timeout=20) as fourth:
            assert fourth.recv(1) == b"", "turned away"
        assert [one.recv(1) for one in waiting] == [b"", b"", b""], "cut"
        for one in waiting:
            one.close()
        the_witness.MOST_SECONDS = 30.0
        answers = []
        while not answers:
            with suppress(OSError):
                answers.append(ask(server.server_address[1], log.request(0, 3))[0])
        assert answers == [200], "there is room again"
    finally:
        the_witness.MOST_SECONDS, the_witness.MOST_CONNECTIONS = before
        server.shutdown()
        server.server_close()
        thread.join()


# rewrites and split views


def proves(witness: WitnessProcess, path, log: SmallLog) -> bool:
    return witness.run("evidence", str(path), "--log", log.vkey).returncode == 0


@pytest.mark.parametrize("size", [20, 12])
def test_a_split_view_at_a_size_that_was_seen_is_refused_and_its_evidence_stands_by_itself(witness, log, port, size):
    for old, new in [(0, 12), (12, 20)]:
        assert ask(port, log.request(old, new))[0] == 200
    other = SmallLog(leaves(300, "other"), log.key)
    for old in (0, size):
        assert ask(port, other.request(old, size)) == (409, "text/x.tlog.size", "20\n")
    told = witness.run("status")
    assert told.returncode == 1 and "EVIDENCE" in told.stdout and "two roots for one size" in witness.said() and "同一大小有两个根" in witness.said()
    (path,) = witness.evidence()
    text = path.read_text(encoding="utf-8")
    assert log.checkpoint(size) in text and other.checkpoint(size) in text, "both signed notes, as they were"
    assert proves(witness, path, log) and not proves(witness, path, SmallLog(origin=log.origin))
    for number, wrong in enumerate((text.replace(log.checkpoint(size), log.checkpoint(size + 1)), text.replace(other.checkpoint(size), log.checkpoint(size)), text.replace("5 lines", "4 lines"), text[:-1], text[:400], text.replace("AAAA", "AAAB"), "x", "")):
        (witness.folder / f"wrong{number}").write_text(wrong, encoding="utf-8")
        assert wrong == text or not proves(witness, witness.folder / f"wrong{number}", log), number
    assert ask(port, log.request(20, 30))[0] == 200, "the history that was seen goes on"
    assert witness.run("status").returncode == 1, "and the report stays"


def test_a_rewritten_history_that_grew_is_refused_and_where_its_own_proof_says_so_that_is_evidence(witness, log, port):
    assert ask(port, log.request(0, 21))[0] == 200
    rewritten = SmallLog([*leaves(10), *leaves(1, "changed"), *leaves(300)[11:]], log.key)
    assert ask(port, rewritten.request(21, 30))[0] == 422
    (path,) = witness.evidence()
    assert "\nrewritten\n" in path.read_text() and proves(witness, path, log), "its proof leads from another root at 21 to the root it signed at 30"
    told = witness.run("status")
    assert told.returncode == 1 and "EVIDENCE" in told.stdout
    forged = path.with_name("forged.txt")
    forged.write_text(path.read_text().replace(log.checkpoint(21), log.checkpoint(22)))
    assert not proves(witness, forged, log), "another size: the same proof leads nowhere"


def test_a_rewritten_history_at_a_power_of_two_is_refused_though_the_proof_alone_convicts_nobody(witness, log, port):
    assert ask(port, log.request(0, 16))[0] == 200
    rewritten = SmallLog([*leaves(1, "changed"), *leaves(300)[1:]], log.key)
    assert ask(port, rewritten.request(16, 30))[0] == 422
    (path,) = witness.evidence()
    assert "\nnot shown to continue\n" in path.read_text() and not proves(witness, path, log)
    assert witness.run("status").returncode == 1


def test_what_it_saw_can_be_read_by_anyone_who_compares(witness, log, port):
    assert ask(port, log.request(0, 12))[0] == 200
    assert ask(port, b"", path="/health", method="GET")[::2] == (200, "ok\n")
    _, kind, text = ask(port, b"", path="/", method="GET")
    assert "it has seen 12 entries" in text and "已见 12 条" in text and all(vkey in text for vkey in witness.vkeys)
    status, _, note = ask(port, b"", path=f"/seen/{hashlib.sha256(log.origin.encode()).hexdigest()}", method="GET")
    assert status == 200 and note.startswith(log.checkpoint(12)) and verified(note.splitlines()[-2], witness.vkeys[0], note) > 0
    assert ask(port, b"", path="/seen/" + "0" * 64, method="GET")[0] == 404 and ask(port, b"", path="/seen/../key", method="GET")[0] == 404


# its own state


def test_a_clock_that_went_back_signs_nothing(tmp_path, log):
    made = the_witness.init(tmp_path / "state", "clock.example")
    the_witness.trust(tmp_path / "state", log.vkey)
    three, four = the_witness.checkpoint_of(log.checkpoint(3)), the_witness.checkpoint_of(log.checkpoint(4))
    made.offer(three, 0, [], 2_000_000_000)
    for checkpoint, proof in [(three, []), (four, consistency(3, log.entries[:4]))]:
        with pytest.raises(the_witness.Wrong) as refused:
            made.offer(checkpoint, 3, proof, 1_999_999_999)
        assert refused.value.status == 503 and "clock" in refused.value.en and "时钟" in refused.value.zh
    with pytest.raises(the_witness.Wrong):
        made.health(1_999_999_999)
    assert made.health(2_000_000_000) == "ok\n" and made.offer(four, 3, consistency(3, log.entries[:4]), 2_000_000_000)


def test_an_old_state_that_was_put_back_is_noticed_by_its_own_signature(tmp_path, log):
    made = the_witness.init(tmp_path / "state", "old.example")
    the_witness.trust(tmp_path / "state", log.vkey)
    note = log.checkpoint(9) + made.offer(the_witness.checkpoint_of(log.checkpoint(9)), 0, [], 5)
    (folder,) = (tmp_path / "state" / "logs").iterdir()
    for name in ("history", "seen.json"):
        (folder / name).unlink()
    with pytest.raises(the_witness.Wrong) as refused:
        made.offer(the_witness.checkpoint_of(note), 0, [], 6)
    assert refused.value.status == 503 and "old backup" in refused.value.en and "旧备份" in refused.value.zh


@pytest.mark.parametrize("harm", [
    lambda folder: (folder / "history").unlink(), lambda folder: (folder / "seen.json").write_text("[1"), lambda folder: (folder / "seen.json").write_bytes(b"\xff"),
    lambda folder: (folder / "history").write_bytes((folder / "history").read_bytes().splitlines(True)[0]), lambda folder: (folder / "seen.json").write_text("{}"),
    lambda folder: (folder / "history").write_bytes(b"nonsense\n"), lambda folder: (folder / "history").write_bytes(b""),
], ids=lambda harm: None)
def test_a_damaged_state_signs_nothing(witness, log, port, harm):
    assert ask(port, log.request(0, 3))[0] == ask(port, log.request(3, 4))[0] == 200
    (folder,) = (witness.state / "logs").iterdir()
    harm(folder)
    assert ask(port, log.request(4, 5))[0] == 503 and ask(port, log.request(0, 5))[0] == 503 and ask(port, b"", path="/health", method="GET")[0] == 503
    assert witness.run("status").returncode == 2


def test_a_line_that_was_never_finished_is_overwritten_and_one_that_was_counts(witness, log, port):
    assert ask(port, log.request(0, 3))[0] == 200
    (folder,) = (witness.state / "logs").iterdir()
    before = (folder / "seen.json").read_bytes()
    with (folder / "history").open("ab") as file:
        file.write(b'[1790000000, 4, "cut')
    assert ask(port, log.request(3, 4))[0] == 200
    (folder / "seen.json").write_bytes(before)  # as if killed between both files
    other = SmallLog([*leaves(3), *leaves(1, "other")], log.key)
    assert ask(port, other.request(3, 4)) == (409, "text/x.tlog.size", "4\n") and len(witness.evidence()) == 1
    assert ask(port, log.request(4, 5))[0] == 200 and len((folder / "history").read_text().splitlines()) == 3


def test_a_signing_key_that_others_may_read_is_not_used(witness):
    (witness.state / "key").chmod(0o644)
    told = witness.run("show")
    assert told.returncode == 2 and "chmod 600" in told.stderr


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"name": "a", "ed25519": "00", "ml-dsa-44": "00"}', None])
def test_a_damaged_or_missing_signing_key_is_told(witness, content):
    (witness.state / "key").write_bytes(content) if content is not None else (witness.state / "key").unlink()
    told = witness.run("status")
    assert told.returncode == 2 and "cannot be read" in told.stderr and "无法读取" in told.stderr


def test_nonsense_does_not_crowd_out_what_proves(tmp_path, log, monkeypatch):
    made = the_witness.init(tmp_path / "state", "full.example")
    the_witness.trust(tmp_path / "state", log.vkey)
    monkeypatch.setattr(the_witness, "MOST_REPORTS", 3)
    made.offer(the_witness.checkpoint_of(log.checkpoint(20)), 0, [], 5)
    other = SmallLog(leaves(300, "other"), log.key)
    for size in range(30, 36):
        with pytest.raises(the_witness.Wrong):
            made.offer(the_witness.checkpoint_of(other.checkpoint(size)), 20, [bytes(32)], 6)
    assert [kind for kind, _ in made.reports()] == ["not shown to continue"] * 3
    with pytest.raises(the_witness.Wrong):
        made.offer(the_witness.checkpoint_of(other.checkpoint(20)), 20, [], 7)
    assert [kind for kind, _ in made.reports()][-1] == "two roots for one size" and len(made.reports()) == 4


def test_who_runs_no_witness_can_judge_a_file_of_evidence(witness, log, tmp_path, capsys):
    (tmp_path / "none").write_text("no evidence")
    assert the_witness.main(["evidence", str(tmp_path / "none"), "--log", log.vkey, "--state", str(tmp_path / "nowhere")]) == 2
    assert "no whole file of evidence" in capsys.readouterr().err


def test_commands_that_name_nothing_or_an_address_that_is_none_end_with_a_sentence(witness, log):
    for words in (["trust"], ["trust", "--log", "gone.vkey"], ["serve", "--listen", "127.0.0.1"], ["serve", "--listen", "127.0.0.1:99999"], ["evidence", "gone", "--log", log.vkey], ["init", "--name", "a b"]):
        told = witness.run(*words)
        assert told.returncode == 2 and told.stderr and "Traceback" not in told.stderr, words
