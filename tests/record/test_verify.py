"""The verifier as a program: alone in its file, with what it has, against whatever it is given."""

import ast
import base64
import contextlib
import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from arrears.record import verify
from arrears.record.append import Log
from arrears.record.signing_key import make_key
from record import plain_log as plain
from record import published_notes as published
from record.plain_log import LOG, NEXT, full_log, log_of
from record.small_log import SmallLog

PROGRAM = Path(verify.__file__)
ASKED = verify.Asked(verify.read_vkey(LOG.vkey), [], [])


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    return full_log(tmp_path_factory.mktemp("program") / "log").folder


@pytest.fixture
def folder(built, tmp_path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "log"))


def run(*words: object, python: tuple[str, ...] = (sys.executable, str(PROGRAM)), **environment: str) -> subprocess.CompletedProcess:
    done = subprocess.run([*python, *map(str, words)], capture_output=True, timeout=120, env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8", **environment})
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def test_the_file_imports_the_standard_library_and_cryptography_alone():
    tree = ast.parse(PROGRAM.read_text("utf-8"))
    names = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names} | {(node.module or ".").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names - set(sys.stdlib_module_names) == {"cryptography"}


def test_the_file_alone_in_another_folder_verifies_a_log_and_says_so_in_both_languages(built, tmp_path):
    alone = Path(shutil.copy(PROGRAM, tmp_path / "v.py"))
    python = (sys.executable, "-I", str(alone))
    (tmp_path / "key").write_text(LOG.vkey + "\n")
    for key in (LOG.vkey, tmp_path / "key", built / "keys"):
        done = run("log", built, "--key", key, "--lang", "en", python=python)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"TRUE" in done.stdout and b"Nothing against the log's own operator" in done.stdout
    assert "属实" in run("log", built, "--key", LOG.vkey, python=python, LANG="zh_CN.UTF-8").stdout.decode()
    assert "TRUE" in run("log", built, "--key", LOG.vkey, python=python, LANG="en_US.UTF-8").stdout.decode()
    assert all(run("log", built, "--key", LOG.vkey, python=python, **said).stdout.startswith(b"TRUE") for said in ({"LANG": "C.UTF-8"}, {}, {"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}))
    assert run("log", built, "--key", LOG.vkey, python=python, LANG="zh_CN.UTF-8", PYTHONIOENCODING="ascii").returncode == 0


def test_a_reader_that_leaves_early_gets_no_traceback_and_the_same_status(built):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, str(PROGRAM), "log", str(built), "--key", LOG.vkey], stdout=writing, stderr=subprocess.PIPE, timeout=120)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_its_json_says_the_same_for_machines(folder):
    raw = bytearray((folder / "tile/0/000").read_bytes())
    raw[32 * 9] ^= 1
    (folder / "tile/0/000").write_bytes(raw)
    done = run("log", folder, "--key", LOG.vkey, "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["true"], said["false_count"]) == (1, False, 1)
    assert {name: said["findings"][0][name] for name in ("file", "entry", "offset", "code")} == {"file": "tile/0/000", "entry": 9, "offset": 288, "code": "tile"}
    assert said["findings"][0]["still_en"] and said["not_proven"]


@pytest.mark.parametrize("words", [(), ("log",), ("log", "/nowhere", "--key", LOG.vkey), ("log", ".", "--key", "no key"), ("bundle", "/nowhere", "--key", LOG.vkey), ("log", "{log}", "--key", "{log}/nothing"), ("log", "{log}", "--key", plain.WITNESS.vkey),
                                   ("log", "{log}", "--key", LOG.vkey, "--witness", LOG.vkey), ("log", "{log}", "--key", LOG.vkey, "--tsa", "{log}/keys"), ("log", "{log}", "--key", LOG.vkey, "--seen", "/nowhere"), ("log", "{log}/tile", "--key", LOG.vkey),
                                   ("log", "{log}/keys", "--key", LOG.vkey), ("log", "{log}", "--key", "/dev/zero"), ("bundle", "/dev/zero", "--key", LOG.vkey), ("bundle", "{log}", "--key", LOG.vkey)])
def test_what_is_asked_wrongly_or_cannot_be_read_is_status_2_with_words(built, words, capsys):
    assert verify.main([word.replace("{log}", str(built)) for word in words]) == 2
    assert capsys.readouterr().err.strip()


def test_without_cryptography_it_says_what_to_install(built):
    done = run("log", built, "--key", LOG.vkey, "--lang", "en", python=(sys.executable, "-I", "-S", str(PROGRAM)))
    assert done.returncode == 2
    assert b"python -m pip install --upgrade cryptography" in done.stderr


def test_where_cryptography_knows_no_ml_dsa_all_else_is_checked_and_that_it_was_not_is_said(folder):
    blind = f"import sys, runpy; from cryptography import x509; from cryptography.hazmat.primitives import asymmetric; vars(asymmetric).pop('mldsa', 0); sys.modules['cryptography.hazmat.primitives.asymmetric.mldsa'] = None; sys.argv = sys.argv[1:]; runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"
    python = (sys.executable, "-c", blind, "verify.py")
    done = run("log", folder, "--key", LOG.vkey, "--witness", plain.WITNESS.vkey, "--witness", plain.WITNESS_PQ.vkey, "--lang", "en", python=python)
    assert done.returncode == 0, done.stdout.decode()
    assert b"2 ML-DSA signature lines were NOT checked" in done.stdout
    raw = bytearray((folder / "checkpoint").read_bytes())
    raw[20] ^= 1
    (folder / "checkpoint").write_bytes(raw)
    assert run("log", folder, "--key", LOG.vkey, python=python).returncode == 1


def test_with_a_later_key_the_log_is_true_and_what_that_key_does_not_vouch_for_is_said(built):
    report = verify.check_log(str(built), verify.Asked(verify.read_vkey(NEXT.vkey), [], []), [])
    assert report.false_count == 0
    assert any("5 checkpoints are signed by keys that the key you gave does not vouch for" in en for _, en, _ in report.told)


def test_a_key_that_is_not_the_logs_is_named_even_where_everything_else_agrees(built):
    stranger = verify.read_vkey(plain.Signer(plain.ORIGIN, 1, b"\x07" * 32).vkey)
    report = verify.check_log(str(built), verify.Asked(stranger, [], []), [])
    assert {finding.code for finding in report.findings} == {"key"}


def test_a_handover_that_only_the_new_key_signed_is_not_believed(tmp_path):
    log = log_of(tmp_path / "log", 5)
    body = f"arrears record key\n{plain.ORIGIN}\n5\n{NEXT.vkey}\n"
    log._add_line("keys", body + "\n" + NEXT.line(body))
    log.key = NEXT
    log.grow(plain.entries(5, 9))
    report = verify.check_log(str(log.folder), ASKED, [])
    assert {finding.file for finding in report.findings} == {"keys"}


def test_a_witness_given_that_never_signed_is_named(built):
    stranger = verify.read_vkey(plain.Signer("witness.example/w9", 4, b"\x09" * 32).vkey)
    report = verify.check_log(str(built), verify.Asked(ASKED.key, [stranger], []), [])
    assert [finding.code for finding in report.findings] == ["witness"]


def test_a_cosignature_over_another_time_or_by_another_kind_of_key_is_found(tmp_path):
    for kind in (4, 6):
        log = log_of(tmp_path / f"log{kind}", 5)
        witness = plain.Signer("witness.example/w1", kind, b"\x03" * 32)
        log.name_witnesses(witness)
        note = log.notes[-1]
        line = witness.line(note[: note.rindex("\n\n") + 1], 1_790_000_000)
        raw = bytearray(plain.base64.b64decode(line.split(" ")[2]))
        raw[11] ^= 1
        log.publish(note + " ".join([*line.split(" ")[:2], plain.b64(bytes(raw))]) + "\n")
        report = verify.check_log(str(log.folder), ASKED, [])
        assert {finding.file for finding in report.findings} == {"checkpoints", "checkpoint"}


def test_tree_sizes_from_zero_to_five_hundred_agree_with_the_definition(tmp_path):
    log = log_of(tmp_path / "log", *range(0, 60), *range(250, 262), *range(505, 520))
    report = verify.check_log(str(log.folder), ASKED, [])
    assert (report.false_count, report.checked["roots"]) == (0, 60 + 12 + 15)


def test_inclusion_proofs_agree_with_the_definition_for_every_place_up_to_seventy():
    leaves = [plain.sha256(bytes([index])) for index in range(70)]
    for size in range(1, 71):
        root = plain.root(leaves[:size])
        for index in range(size):
            path = plain.path(index, leaves[:size])
            assert verify.inclusion_root(leaves[index], index, size, path) == root
            for wrong_index, wrong_path in ((index, path[:-1]), (index, [*path, root]), (size, path)):
                try:
                    assert path == wrong_path or verify.inclusion_root(leaves[index], wrong_index, size, wrong_path) != root
                except verify.Unfit:
                    continue


def test_random_bytes_in_every_file_never_end_in_a_traceback(folder):
    drawn = random.Random(11)
    files = [path for path in folder.rglob("*") if path.is_file()]
    pieces = [b"\0", b"\n", b'"', b"\\u0000", b"\xff\xfe", b"{" * 5000, b"[" * 200_000, b"9" * 5000, b"NaN", "—".encode(), b"\\ud800", b'"\n"', b" "]
    for _ in range(150):
        path = drawn.choice(files)
        right = path.read_bytes()
        wrong = bytearray(right)
        for _ in range(drawn.randrange(1, 4)):
            place = drawn.randrange(len(wrong) + 1)
            wrong[place:place + drawn.choice([0, 1, 5, 5000])] = drawn.choice([*pieces, drawn.randbytes(drawn.randrange(300))])
        path.write_bytes(wrong)
        report = verify.check_log(str(folder), ASKED, [])
        assert wrong == right or report.false_count, path
        assert verify._printed(report, "x", 0) and verify._as_json(report) and verify._printed(report, "x", 1)
        path.write_bytes(right)


def test_a_folder_that_links_to_itself_does_not_stand_for_a_log_without_end(tmp_path):
    """Every tile of a log of one entry again and again is the same; a stranger's key signs 2^62 of them, and 2000 links show them."""
    node, folder = hashlib.sha256(b"\0" + bytes(32)).digest(), tmp_path / "log"
    for place, tile in (("entries", (b"\0\x20" + bytes(32)) * 256), ("0", node * 256)):
        (folder / "tile" / place).mkdir(parents=True)
        for number in range(1000):
            (folder / "tile" / place / f"{number:03d}").write_bytes(tile)
            (folder / "tile" / place / f"x{number:03d}").symlink_to(".")
    for _ in range(62):
        node = hashlib.sha256(b"\1" + node + node).digest()
    stranger = SmallLog()
    note = stranger.signed(f"{stranger.origin}\n{2**62}\n{base64.b64encode(node).decode()}\n")
    (folder / "checkpoint").write_text(note)
    (folder / "checkpoints").write_text(json.dumps(note, ensure_ascii=False) + "\n")
    (folder / "keys").write_text(json.dumps(stranger.vkey) + "\n")
    done = run("log", folder, "--key", SmallLog().vkey, "--lang", "en")
    assert done.returncode == 1 and "its folder is a symbolic link" in done.stdout.decode()


def test_devices_pipes_links_and_strange_names_are_named_and_never_followed(folder, tmp_path):
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "tile/0/pipe")
    os.symlink("/dev/zero", folder / "tile/0/002")
    os.symlink(folder, folder / "tile/1/x001")
    os.symlink("/", folder / "anchors")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind(os.path.relpath(folder / "socket"))
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe\x1b[31m"))).write_bytes(b"")
    (folder / "stamps").mkdir()
    os.mkfifo(folder / "stamps" / "5-0123456789abcdef.tsr")
    done = run("log", folder, "--key", LOG.vkey, "--lang", "en")
    said = done.stdout.decode()
    assert done.returncode == 1
    assert "\x1b" not in said
    for name in ("pipe", "tile/0/pipe", "tile/0/002", "tile/1/x001", "anchors", "socket", "stamps/5-0123456789abcdef.tsr", "\\udcff\\udcfe\\u001b[31m"):
        assert f"- {name}" in said, name
    for name in ("checkpoint", "keys", "checkpoints", "tile/entries/000", "witnesses"):
        (folder / name).unlink()
        os.mkfifo(folder / name)
    assert run("log", folder, "--key", LOG.vkey).returncode == 1


def test_enormous_files_are_named_and_not_read(folder):
    for name in ("checkpoint", "keys", "witnesses", "checkpoints", "tile/0/000", "tile/entries/001.p/14"):
        os.truncate(folder / name, 1 << 40)
        report = verify.check_log(str(folder), ASKED, [])
        assert name in {finding.file for finding in report.findings}
        shutil.rmtree(folder)
        shutil.copytree(folder.parent / "kept", folder) if (folder.parent / "kept").exists() else full_log(folder)


def test_a_checkpoint_of_a_size_nobody_has_ends_in_words_and_soon(tmp_path):
    log = log_of(tmp_path / "log", 5)
    log.sign(f"{plain.ORIGIN}\n{2**60}\n{plain.b64(bytes(32))}\n")
    report = verify.check_log(str(log.folder), ASKED, [])
    assert any("nothing is here" in finding.en for finding in report.findings)
    log.sign(f"{plain.ORIGIN}\n{2**64}\n{plain.b64(bytes(32))}\n")
    assert verify.check_log(str(log.folder), ASKED, []).false_count


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '"x"', "[" * 100_000, '{"format":"arrears-record-bundle/1"}', '{"format":"arrears-record-bundle/1","format":"arrears-record-bundle/1"}', '{"format":"arrears-record-bundle/1","content":NaN}',
                                  '{"format":"arrears-record-bundle/1","proof":7,"keys":{},"stamps":"x","salt":[],"row":7,"field_salts":[]}', "9" * 100_000, '{"format":"arrears-record-bundle/2"}', '{"format":"arrears-record-bundle/1","content":"\\ud800"}'])
def test_hostile_bundles_end_in_words(tmp_path, text, capsys):
    (tmp_path / "b.json").write_text(text)
    assert verify.main(["bundle", str(tmp_path / "b.json"), "--key", LOG.vkey, "--lang", "en"]) in (1, 2)
    said = capsys.readouterr()
    assert (said.out or said.err).strip()


def test_a_log_that_grows_while_it_is_read_is_not_called_false(tmp_path):
    key = make_key(tmp_path / "keys" / "record.key", plain.ORIGIN, 1_790_000_000_000_000)
    asked, judged, stop = verify.Asked(verify.read_vkey(key.vkey), [], []), [], threading.Event()
    Log.create(tmp_path / "log", key).close()

    def write() -> None:
        with Log.open(tmp_path / "log", key) as log:
            while not stop.is_set() and log.size < 60_000:
                log.extend(b"".join(plain.sha256(log.size.to_bytes(8, "big"), bytes([place])) for place in range(37)))
                log.publish()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(judged) < 25 or (judged[-1] < 1500 and len(judged) < 500):
            report = verify.check_log(str(tmp_path / "log"), asked, [])
            judged.append(report.checked.get("entries", 0))
            assert not report.false_count, report.findings
    finally:
        stop.set()
        writer.join()
    assert judged[-1] > judged[0], "the log did not grow: this test showed nothing"
    assert verify.check_log(str(tmp_path / "log"), asked, []).false_count == 0


def test_notes_and_cosignatures_that_others_published_are_true_and_a_changed_byte_in_them_is_not():
    for vkey, text, when in ((published.EXAMPLE_VKEY, published.EXAMPLE, None), (published.GO_VKEY, f"{published.GO_TEXT}\n{published.GO_LINE}\n", None), (published.LOG_VKEY, published.COSIGNED, None),
                             (published.WITNESS_VKEY, published.COSIGNED, 0x6A122120), (published.MLDSA_VKEY, published.MLDSA_COSIGNED, 0x6A6FB0F3)):
        key, note = verify.read_vkey(vkey), verify.read_note(text)
        (line,) = [line for line in note.lines if (line.name, line.id) == (key.name, key.id)]
        assert verify.signature_time(key, line, note.body) == when, vkey[:40]
        for place in range(0, len(line.signature), 7):
            wrong = bytearray(line.signature)
            wrong[place] ^= 2
            with pytest.raises(verify.Unfit):
                verify.signature_time(key, verify.Line(line.text, line.name, line.id, bytes(wrong)), note.body)
        with pytest.raises(verify.Unfit):
            verify.signature_time(key, line, note.body.replace("\n", " \n", 1) if when is None or key.kind == 4 else note.body.replace("Vmn", "Vmm"))


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\n\n", "a\n\n— b\n", "a\n\n— b c\n", "a\n\n— b AAAA\n", "a\n\n- b AAAAAAAAAA==\n", "a\n\n— b AAAAAAAAAB==\n", "a\n\n—  AAAAAAAAAA==\n", "a\n\n— b+c AAAAAAAAAA==\n", "a\n\n— b AAAAAAAAAA==",
                                  "a\t\n\n— b AAAAAAAAAA==\n", "a\x7f\x00\n\n— b AAAAAAAAAA==\n", "a\r\n\n— b AAAAAAAAAA==\n", "a\n\n— b AAAAAAAAAA== \n", "a\n\n— b AAAAAAAAAA==\n— b AAAAAAAAAA==\n", "a\n\n— b\u00a0c AAAAAAAAAA==\n"])
def test_what_is_no_signed_note_is_refused(text):
    verify.read_note("a\n\n— b AAAAAAAAAA==\n")
    with pytest.raises(verify.Unfit):
        verify.read_note(text)


@pytest.mark.parametrize("body", ["x\n5\nA\n", "log\n05\n{root}\n", "log\n-1\n{root}\n", "log\n5\n{root}", "log\n5\n{root}\nmore\n", "log\n5\n\n", "log\n٥\n{root}\n", "log\n9999999999999999999\n{root}\n", "log\n5\n{short}\n", "log \n5\n{root}\n"])
def test_what_is_no_checkpoint_of_this_log_is_refused(body):
    root, short = plain.b64(bytes(32)), plain.b64(bytes(31))
    assert verify.read_body(f"log\n5\n{root}\n", "log") == (5, bytes(32))
    with pytest.raises(verify.Unfit):
        verify.read_body(body.format(root=root, short=short), "log")


@pytest.mark.parametrize("change", [lambda key: key.replace("+", "-", 1), lambda key: key.upper(), lambda key: "x" + key, lambda key: key[:-4], lambda key: key + "=", lambda key: " " + key, lambda key: key.replace("log.", "log\n"), lambda key: "", lambda key: "+" * 9])
def test_what_is_no_verifier_key_is_refused(change):
    with pytest.raises(verify.Unfit):
        verify.read_vkey(change(LOG.vkey))
