"""A bundle: what it opens is said in words, and whatever is changed in it is found or proves nothing less."""

import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
import rfc8785

from arrears.record import verify
from arrears.record.append import Log
from arrears.record.bundle import bundle, row_of, set_tree
from arrears.record.signing_key import make_key
from record import plain_log as plain
from record.plain_log import LOG, NEXT, PlainLog, full_log

NOTE = "客户称下周发工资后还款 <b>&\u2028"
ENTRY = {"kind": "entry", "lender": "first", "entry": "6f2c1f0e-0000-4000-8000-000000000001", "number": 12, "case": None, "at": "2026-11-02T02:00:00.000000Z", "actor": None, "actor_name": "王丽", "roles": ["collector", "lead"], "via": "web",
         "verb": "promise.take", "purpose": None, "parameters": {"amount_minor": 123456, "currency": "CNY", "due_on": "2026-11-09"}, "result": {"promise": "p1"}, "policies": ["may_act"], "refused": False, "key": None,
         "changes": [{"table": "work_promise", "operation": "insert", "rows": 1, "ids": ["a"], "before": None, "after": "ab" * 32}], "withheld": {}}
SALT = bytes(range(32))
FIELD_SALT = bytes(range(1, 33))


def entry_text() -> str:
    digest = hashlib.sha256(b"arrears field v1\n" + FIELD_SALT + rfc8785.dumps(NOTE)).hexdigest()
    return rfc8785.dumps({**ENTRY, "withheld": {"note": digest}}).decode()


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> PlainLog:
    log = full_log(tmp_path_factory.mktemp("bundles") / "log")
    log.grow([plain.commitment(SALT, entry_text()), *plain.entries(271, 280)])
    log.cosign(plain.WITNESS, plain.WITNESS_PQ, when=1_790_000_300)
    return log


@pytest.fixture
def opened(log) -> dict:
    return log.bundle(270, entry_text(), SALT, field_salts={"note": FIELD_SALT.hex()})


def judged(tmp_path: Path, made: object, *more: str, key: str = LOG.vkey) -> tuple[int, dict]:
    """Exit status and findings of the program run in this process, by its JSON."""
    path = tmp_path / "bundle.json"
    path.write_text(made if isinstance(made, str) else json.dumps(made), "utf-8")
    done = subprocess.run([sys.executable, verify.__file__, "bundle", str(path), "--key", key, "--json", *more], capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def findings(made: dict, tmp_path: Path, *witnesses: plain.Signer, fields: tuple[tuple[str, str], ...] = ()) -> set[str]:
    path = tmp_path / "b.json"
    path.write_text(json.dumps(made), "utf-8")
    report = verify.check_bundle(str(path), verify.Asked(verify.read_vkey(LOG.vkey), [verify.read_vkey(one.vkey) for one in witnesses], []), list(fields))
    return {finding.file for finding in report.findings}


def test_an_opened_entry_is_true_and_said_in_words_of_both_languages(opened, tmp_path, capsys):
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(opened), "utf-8")
    (tmp_path / "note.txt").write_text(NOTE, "utf-8")
    asked = ["bundle", str(path), "--key", LOG.vkey, "--witness", plain.WITNESS.vkey, "--field", f"note={tmp_path / 'note.txt'}"]
    assert verify.main([*asked, "--lang", "en"]) == 0
    english = capsys.readouterr().out
    for said in ("TRUE", "is entry 270 of the log “log.example/lender-1”", "What was done: promise to pay: take (promise.take)", "who: 王丽", "with amount_minor: 1,234.56 CNY (123456 minor)", "2026-11-02T02:00:00.000000Z",
                 "change: insert of 1 row in work_promise", "withheld, only a digest stands here: note", "is, word for word, the one recorded as “note”", "written at 2026-09-21T14:18:20Z at the latest", "What this does NOT prove"):
        assert said in english, said
    assert "Nothing against the log's own operator" not in english
    assert verify.main([*asked, "--lang", "zh"]) == 0
    chinese = capsys.readouterr().out
    for said in ("属实", "第 270 条", "所做之事：取得还款承诺（promise.take）", "何人：王丽", "1,234.56 CNY", "逐字相同", "最迟在 2026-09-21T14:18:20Z 已经写入", "没有证明什么"):
        assert said in chinese, said


def test_without_a_witness_or_stamp_it_says_that_it_proves_nothing_against_the_operator(opened, tmp_path, capsys):
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(opened), "utf-8")
    assert verify.main(["bundle", str(path), "--key", LOG.vkey, "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "Nothing against the log's own operator" in said
    assert "at the latest." not in said


def test_a_changed_character_anywhere_in_a_bundle_is_found_or_proves_the_same(opened, tmp_path):
    path, text, drawn, found = tmp_path / "b.json", json.dumps(opened, ensure_ascii=False).encode(), random.Random(5), 0
    path.write_bytes(text)
    asked = verify.Asked(verify.read_vkey(LOG.vkey), [verify.read_vkey(plain.WITNESS.vkey)], [])
    right = verify.check_bundle(str(path), asked, [])
    assert right.false_count == 0
    for place in drawn.sample(range(len(text)), 500):
        wrong = bytearray(text)
        wrong[place] ^= drawn.randrange(1, 256)
        path.write_bytes(wrong)
        try:
            report = verify.check_bundle(str(path), asked, [])
        except verify.Unreadable:
            found += 1
            continue
        found += report.false_count > 0
        # What stays true says nothing else: lines of a witness nobody named, the salt of a field nobody opened, and blanks of the file prove nothing and are told.
        assert report.false_count or (report.proves, report.opened, report.content) == (right.proves, right.opened, right.content), (place, wrong[place - 20:place + 20])
    assert found > 150


@pytest.mark.parametrize(("part", "change", "named"), [
    ("content", lambda made: made["content"].replace("123456", "123457"), "proof"),
    ("content", lambda made: made["content"].replace('{"actor"', '{ "actor"'), "content"),
    ("content", lambda made: made["content"].replace('"number":12', '"number":12.0'), "content"),
    ("content", lambda made: made["content"].replace('"number":12', '"number":12,"number":12'), "content"),
    ("content", lambda made: made["content"].replace('"number":12', '"number":1' + "0" * 400), "content"),
    ("content", lambda made: made["content"].replace('"number":12', '"number":NaN'), "content"),
    ("content", lambda made: made["content"].replace("王丽", "\\u738b\\u4e3d"), "content"),
    ("content", lambda made: made["content"].replace("王丽", "\\ud800"), "content"),
    ("content", lambda made: "[" * 100_000, "content"),
    *[("content", lambda made, deep=deep: '{"a":' * deep + "1" + "}" * (deep - 1) + ',"kind":"x"}', "content") for deep in (300, 900, 990, 2000)],
    ("content", lambda made: {"kind": "entry"}, "content"),
    ("salt", lambda made: made["salt"].upper().replace("0", "A"), "salt"),
    ("salt", lambda made: "00" * 32, "proof"),
    ("salt", lambda made: made["salt"][:-2], "salt"),
    ("proof", lambda made: made["proof"].replace("index 270", "index 271"), "proof"),
    ("proof", lambda made: made["proof"].replace("index 270", "index 0270"), "proof"),
    ("proof", lambda made: made["proof"].replace("index 270", "index 99999999"), "proof"),
    ("proof", lambda made: made["proof"].replace("\n280\n", "\n281\n"), "proof"),
    ("proof", lambda made: made["proof"].replace(made["proof"].split("\n")[2] + "\n", ""), "proof"),
    ("proof", lambda made: made["proof"].replace("index 270\n", "index 270\n" + plain.b64(bytes(32)) + "\n"), "proof"),
    ("proof", lambda made: None, "proof"),
    ("keys", lambda made: made["keys"][:1], "proof"),
    ("keys", lambda made: [], "proof"),
    ("keys", lambda made: [NEXT.vkey], "keys"),
    ("keys", lambda made: "x", "keys"),
    ("field_salts", lambda made: {"note": "zz"}, "field_salts"),
    ("field_salts", lambda made: {"reason": "00" * 32}, "field_salts"),
    ("stamps", lambda made: ["AAAA"], "stamps, number 1"),
    ("stamps", lambda made: [7], "stamps"),
    ("stamps", lambda made: None, "stamps"),
    ("row", lambda made: {}, "row"),
])
def test_a_changed_part_of_a_bundle_is_named(opened, tmp_path, part, change, named):
    assert f"b.json: {named}" in findings({**opened, part: change(opened)}, tmp_path)


def test_a_missing_or_further_part_is_named(opened, tmp_path):
    for part in ("content", "salt", "proof", "stamps", "keys"):
        assert findings({name: value for name, value in opened.items() if name != part}, tmp_path), part
    assert findings({**opened, "remark": "true, trust me"}, tmp_path) == {"b.json"}


def test_another_logs_key_or_a_witness_that_has_not_signed_is_named(opened, tmp_path):
    stranger = plain.Signer("witness.example/w9", 4, b"\x09" * 32)
    assert findings(opened, tmp_path, stranger) == {"b.json: proof"}
    code, said = judged(tmp_path, opened, key=plain.Signer(plain.ORIGIN, 1, b"\x07" * 32).vkey)
    assert (code, said["true"]) == (1, False)
    code, said = judged(tmp_path, opened, key=plain.Signer("other.example/log", 1).vkey)
    assert code == 1


def test_every_key_in_a_file_of_a_witness_counts_and_several_keys_of_a_log_are_refused(opened, tmp_path):
    shown, stranger = tmp_path / "shown", plain.Signer("witness.example/w9", 4, b"\x09" * 32)
    shown.write_text(f"{plain.WITNESS.vkey}\n{plain.WITNESS_PQ.vkey}\n")
    code, said = judged(tmp_path, opened, "--witness", str(shown))
    assert (code, sum(said["checked"].get(name, 0) for name in ("cosignatures", "ml_dsa_not_checked"))) == (0, 2)
    shown.write_text(f"{plain.WITNESS.vkey}\n{stranger.vkey}\n")
    assert [stranger.name in one["en"] for one in judged(tmp_path, opened, "--witness", str(shown))[1]["findings"]] == [True]
    shown.write_text(f"{plain.WITNESS.vkey}\n{stranger.vkey[:-1]}\n")
    assert judged(tmp_path, opened, "--witness", str(shown))[0] == 2, "a damaged line is not passed over"
    shown.write_text(f"{LOG.vkey}\n{NEXT.vkey}\n")
    code, said = judged(tmp_path, opened, key=str(shown))
    assert code == 2 and "takes one key" in said["error"]["en"] and "只接受一把" in said["error"]["zh"]
    code, said = judged(tmp_path, opened, key=str(tmp_path / "mistyped.vkey"))
    assert code == 2 and "neither a file nor a key" in said["error"]["en"]


def test_a_bundle_older_than_the_key_given_is_told_to_be_perhaps_that(opened, tmp_path):
    code, said = judged(tmp_path, {**opened, "keys": opened["keys"][:1]}, key=NEXT.vkey)
    assert code == 1 and "older than the key you gave" in said["findings"][0]["en"] and "第一把公钥" in said["findings"][0]["zh"]


def test_one_thing_is_said_in_the_singular(opened, tmp_path, capsys):
    (tmp_path / "b.json").write_text(json.dumps({**opened, "salt": "00" * 32}), "utf-8")
    assert verify.main(["bundle", str(tmp_path / "b.json"), "--key", LOG.vkey, "--lang", "en"]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"FALSE: 1 thing in {tmp_path / 'b.json'} is not as it must be.\nChecked: 1 entry\n") and not any(line != line.rstrip() for line in said.splitlines())


def test_a_text_is_shown_to_be_the_recorded_one_letter_for_letter(opened, tmp_path):
    for text, is_true in ((NOTE, True), (NOTE + "\n", True), (NOTE[:-1], False), (NOTE + " ", False), ("", False)):
        (tmp_path / "note.txt").write_text(text, "utf-8")
        code, said = judged(tmp_path, opened, "--field", f"note={tmp_path / 'note.txt'}")
        assert (code == 0) == is_true, text
    assert judged(tmp_path, opened, "--field", f"reason={tmp_path / 'note.txt'}")[0] == 1
    assert judged(tmp_path, opened, "--field", "note")[0] == 2
    assert judged(tmp_path, opened, "--field", f"note={tmp_path / 'nothing'}")[0] == 2


def test_a_row_of_a_set_is_opened_and_a_changed_row_is_named(tmp_path):
    texts, salts = [plain.content(index) for index in range(11)], [plain.salt(index) for index in range(11)]
    leaves = [plain.sha256(b"\x00", plain.commitment(salt, text)) for salt, text in zip(salts, texts, strict=True)]
    night = rfc8785.dumps({"kind": "night", "lender": "first", "source": "night 3", "at": "2026-11-02T02:00:00.000000Z", "rows": {"root": plain.b64(plain.root(leaves)), "size": 11}}).decode()
    log = PlainLog(tmp_path / "log").start()
    log.grow([*plain.entries(0, 4), plain.commitment(SALT, night)])
    for index in range(11):
        row = {"content": texts[index], "salt": salts[index].hex(), "index": index, "size": 11, "hashes": [plain.b64(item) for item in plain.path(index, leaves)]}
        made = log.bundle(4, night, SALT, row=row)
        assert findings(made, tmp_path) == set()
        for part, wrong in (("content", texts[index].replace("CNY", "USD")), ("salt", "11" * 32), ("index", (index + 1) % 11), ("size", 12), ("size", True), ("hashes", row["hashes"][1:]), ("hashes", [*row["hashes"], row["hashes"][0]])):
            assert findings({**made, "row": {**row, part: wrong}}, tmp_path) == {"b.json: row"}, (index, part)
    code, said = judged(tmp_path, made)
    assert (code, said["content"]["row"]["amount_minor"]) == (0, 1000)
    assert said["proves"][1]["en"] == "The opened row is, letter for letter, row 10 of the 11 rows whose root stands in that content, counted from 0." and said["checked"]["rows"] == 1


def test_the_decision_on_a_loan_is_said_by_its_name_in_both_languages():
    said = verify.words({"kind": "decision", "as_of": "2026-11-02", "decision": None, "position": {"loan_id": "L1"}, "verdicts": []})
    assert said[0] == ("The decision on one loan that night", "一笔贷款当夜的决定") and ("business date: 2026-11-02", "业务日期：2026-11-02") in said
    night = ("as_of", "earlier_runs", "law_digest", "lender_digest", "strategy_digest", "roster_digest", "record_digest", "rows", "files", "loads", "models", "snapshot", "version", "known_at", "mapping_digest", "quarantined", "entry_digest")
    for _, chinese in verify.words({"kind": "night", **dict.fromkeys(night, 1)}):
        assert not any(name in chinese for name in night), chinese


def test_bundles_of_the_real_writer_are_true(tmp_path):
    now = 1_790_000_000_000_000
    key = make_key(tmp_path / "keys" / "record.key", plain.ORIGIN, now)
    rows, salts = [plain.content(index) for index in range(7)], [plain.salt(index) for index in range(7)]
    tree = set_tree(rows, salts)
    night = rfc8785.dumps({"kind": "night", "lender": "first", "source": "night 3", "at": "2026-11-02T02:00:00.000000Z", "rows": {"root": plain.b64(tree.root()), "size": tree.size}}).decode()
    log = Log.create(tmp_path / "log", key)
    log.extend(b"".join([*plain.entries(0, 270), plain.commitment(SALT, entry_text()), plain.commitment(SALT, night)]))
    log.publish()
    log.add_witness(plain.WITNESS.vkey)
    log.add_signatures(272, [plain.WITNESS.line(verify.read_note(log.checkpoint().note).body, 1_790_000_000)])
    for index in (0, 1, 255, 256, 269):
        assert findings(bundle(log, index, plain.content(index), plain.salt(index)), tmp_path, plain.WITNESS) <= {"b.json: keys", "b.json: proof"}
        path = tmp_path / "b.json"
        asked = verify.Asked(verify.read_vkey(key.vkey), [verify.read_vkey(plain.WITNESS.vkey)], [])
        assert verify.check_bundle(str(path), asked, []).false_count == 0
    path.write_text(json.dumps(bundle(log, 270, entry_text(), SALT, field_salts={"note": FIELD_SALT})), "utf-8")
    (tmp_path / "note").write_text(NOTE, "utf-8")
    report = verify.check_bundle(str(path), asked, [("note", str(tmp_path / "note"))])
    assert (report.false_count, report.checked["fields"]) == (0, 1)
    path.write_text(json.dumps(bundle(log, 271, night, SALT, row=row_of(rows, salts, 5))), "utf-8")
    report = verify.check_bundle(str(path), asked, [])
    assert (report.false_count, report.content["row"]["amount_minor"]) == (0, 500)
    log.close()


def test_amounts_are_said_in_the_units_of_their_currency():
    assert [verify._amount(minor, currency) for minor, currency in ((5, "CNY"), (-123456789, "USD"), (1500, "JPY"), (1500, "KWD"), (100, "CNY"))] == ["0.05 CNY", "-1,234,567.89 USD", "1,500 JPY", "1.500 KWD", "1.00 CNY"]


def test_canonical_json_is_what_an_independent_implementation_writes():
    drawn = random.Random(7)
    signs = ["a", "€", "\n", '"', "\\", "/", "\x7f", "\u2028", "😀", "דּ", "\r", "\x01", "é"]
    for _ in range(300):
        value = {"".join(drawn.choices(signs, k=drawn.randrange(4))): drawn.choice([None, True, drawn.randrange(-2**53 + 1, 2**53), "".join(drawn.choices(signs, k=5)), [1, {"b": 1, "a": []}]]) for _ in range(6)}
        assert verify._canonical(value).encode() == rfc8785.dumps(value)


ODD = [None, True, 0, -(2**53) + 1, "", "\x1b[31m\u202e", "x" * 2000, [], {}, [[[]]], {"a": {"b": []}}, ["\n", 1, None], {"currency": 7, "amount_minor": True}, {"currency": "\u202e", "amount_minor": 5}]


def test_whatever_stands_in_a_content_is_said_without_failing_and_without_steering_a_terminal():
    drawn = random.Random(9)
    for _ in range(400):
        content = {**ENTRY, **{name: drawn.choice(ODD) for name in drawn.sample(list(ENTRY), 5)}, "kind": drawn.choice(["entry", "payment", "night", "\x1b", ""]), "\x1b[2J": drawn.choice(ODD), "amount_minor": drawn.choice([1, "x", None]), "currency": drawn.choice(ODD)}
        report = verify.Report(opened=verify.words(content), content={"entry": content})
        for language in (0, 1):
            said = verify._printed(report, "x", language)
            assert not set(said) & set("\x1b\u202e\x00"), said
        assert json.loads(verify._as_json(report))["content"]["entry"] == content


def test_whatever_stands_in_a_part_of_a_bundle_ends_in_findings_or_words(opened, tmp_path):
    drawn, path = random.Random(10), tmp_path / "b.json"
    asked = verify.Asked(verify.read_vkey(LOG.vkey), [verify.read_vkey(plain.WITNESS.vkey)], [])
    row = {"content": "{}", "salt": "00" * 32, "index": 0, "size": 1, "hashes": []}
    for _ in range(300):
        made = {**opened, "row": {**row, **{name: drawn.choice(ODD) for name in drawn.sample(list(row), 2)}}}
        made |= {name: drawn.choice(ODD) for name in drawn.sample([*opened, "row", "more"], drawn.randrange(1, 3))}
        path.write_text(json.dumps(made), "utf-8")
        try:
            assert verify.check_bundle(str(path), asked, []).false_count
        except verify.Unreadable as problem:
            assert problem.en and problem.zh
