"""arrears serve over real HTTP, in a process of its own; and what settings.yaml may and may not say."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from arrears.refusal import Refused
from arrears.work.profiles import ASVS, DENGBAO, read_profile, read_serving

_SERVE = "from arrears.cli.serving import serve, account; import typer; app = typer.Typer(); app.command()(serve); app.add_typer(account, name='account'); app()"


def run(*said):
    """The command in this process, which knows the home already; a process of its own is for the server."""
    import typer

    from arrears.cli.serving import account, serve

    app = typer.Typer()
    app.command()(serve)
    app.add_typer(account, name="account")
    return CliRunner().invoke(app, list(said), catch_exceptions=False)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_serve_answers_over_http_stops_when_told_and_leaves_the_database_running(work):
    from arrears import postgres

    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", _SERVE, "serve", "--home", str(work.home), "--bind", f"127.0.0.1:{port}", "--lang", "en"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(600):
            try:
                alive = urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
                break
            except OSError:
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.1)
        assert alive.read() == b"ok\n"
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/login?planted=13800138000", timeout=20)
        assert "Log in" in page.read().decode() and page.headers["Content-Security-Policy"].count("'none'") >= 3
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/nowhere", timeout=20)
        assert missing.value.code == 404
    finally:
        process.send_signal(signal.SIGTERM)
        told, errors = process.communicate(timeout=30)
    assert process.returncode == 0 and "PostgreSQL keeps running" in told
    assert "13800138000" not in told + errors and "GET log_in 200" in errors
    assert postgres.place(work.home, "app", "cases").psycopg()
    from django.db import connection

    connection.ensure_connection()


@pytest.mark.parametrize("bind, word", [("8000", "address and port"), ("127.0.0.1:99999", "address and port"), ("0.0.0.0:8000", "passwords would pass in the clear")])
def test_serve_refuses_an_address_it_should_not_listen_on(work, bind, word):
    done = run("serve", "--home", str(work.home), "--bind", bind, "--lang", "en")
    assert done.exit_code == 2 and word in done.stderr


def test_serve_does_not_share_a_port_with_whoever_has_it(work):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = run("serve", "--home", str(work.home), "--bind", f"127.0.0.1:{other.getsockname()[1]}", "--lang", "en")
    assert done.exit_code == 2 and "nothing can listen there" in done.stderr


def test_serve_refuses_a_home_without_its_keys(work, tmp_path):
    done = run("serve", "--home", str(tmp_path / "nowhere"), "--lang", "zh")
    assert done.exit_code == 2 and "没有此文件夹" in done.stderr


def test_accounts_from_the_command_line_are_made_listed_reset_and_cut_off(work):
    lender = work.lender()
    name = f"desk-{lender[-8:]}"
    at = ("--home", str(work.home), "--lender", lender, "--lang", "en")
    made = run("account", "create", name, "--role", "auditor", *at)
    assert made.exit_code == 0 and len(made.stdout.strip()) == 24 and name in made.stderr, made.stderr
    assert name in run("account", "list", *at).stdout
    again = run("account", "create", name, "--role", "auditor", *at)
    assert again.exit_code == 2 and "already" in again.stderr
    both = run("account", "create", name + "2", "--role", "administrator", "--role", "collector", *at)
    assert both.exit_code == 2 and "roles-that-exclude-each-other" in both.stderr
    assert run("account", "reset", name, "--reason", "lost", *at).stdout.strip() != made.stdout.strip()
    assert run("account", "leave", name, "--reason", "left", *at).exit_code == 0
    assert "left" in run("account", "list", *at).stdout


@pytest.mark.parametrize("text, expected", [
    ("", ASVS), ("keys: {provider: sealed-file}\n", ASVS), ("access: {profile: dengbao}\n", DENGBAO),
    ("access: {profile: asvs, idle_minutes: '10', password_least: '16'}\n", (10, 16)),
])
def test_a_profile_is_what_settings_say(tmp_path, text, expected):
    (tmp_path / "settings.yaml").write_text(text, encoding="utf-8")
    found = read_profile(tmp_path)
    assert found == expected or (found.idle_minutes, found.password_least) == expected


@pytest.mark.parametrize("text, word", [
    ("access: {profile: lax}\n", "none of"), ("access: {idle_minutes: '45'}\n", "looser"), ("access: {password_least: '8'}\n", "looser"), ("access: {lock_minutes: '1'}\n", "looser"),
    ("access: {profile: dengbao, password_days: '365'}\n", "looser"), ("access: {idle_minutes: -1}\n", "whole number"), ("access: {idle_minutes: '0'}\n", "whole number"), ("access: {colour: red}\n", "not known"),
    ("access: yes\n", "expected a mapping"), ("- a\n", "expected a mapping"), ("access: {is_complex: 'false'}\n", "not known"), ("access: {password_least: '500'}\n", "keep to"),
])
def test_a_looser_or_unknown_profile_is_refused(tmp_path, text, word):
    (tmp_path / "settings.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=word):
        read_profile(tmp_path)


@pytest.mark.parametrize("text, word", [("serve: {hosts: ['*']}\n", "none of them"), ("serve: {certificate: a.pem}\n", "go together"), ("serve: {tls: maybe}\n", "true or false"), ("serve: {hosts: one}\n", "list")])
def test_settings_of_serving_that_cannot_be_meant_are_refused(tmp_path, text, word):
    (tmp_path / "settings.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=word):
        read_serving(tmp_path)


def test_the_webs_key_is_made_once_kept_private_and_refused_when_others_may_read_it(tmp_path):
    from arrears.web.web_key import derived, key_file, web_key

    first = web_key(tmp_path)
    assert len(first) == 64 and web_key(tmp_path) == first and key_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert len({derived(tmp_path, "django"), derived(tmp_path, "second factors")}) == 2
    key_file(tmp_path).chmod(0o644)
    with pytest.raises(Refused, match="chmod 600"):
        web_key(tmp_path)
    key_file(tmp_path).chmod(0o600)
    key_file(tmp_path).write_bytes(first[:10])
    with pytest.raises(Refused, match="damaged"):
        web_key(tmp_path)
    assert [path.name for path in Path(tmp_path / "keys").iterdir()] == ["web.key"] and os.getpid()


def test_a_certificate_or_key_that_cannot_be_used_is_refused_before_anything_listens(tmp_path):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    from arrears.cli.serving import _demand_certificate

    name, begin = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime(2026, 1, 1, tzinfo=UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    made = x509.CertificateBuilder(name, name, keys[0].public_key(), x509.random_serial_number(), begin, begin + timedelta(days=9)).sign(keys[0], hashes.SHA256())
    plain, locked = serialization.NoEncryption(), serialization.BestAvailableEncryption(b"secret")
    files = {"certificate": made.public_bytes(serialization.Encoding.PEM), "nonsense": b"no PEM",
             **{label: key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, seal) for label, key, seal in (("key", keys[0], plain), ("other", keys[1], plain), ("locked", keys[0], locked))}}
    for label, content in files.items():
        (tmp_path / label).write_bytes(content)
    _demand_certificate(tmp_path, "", "")
    _demand_certificate(tmp_path, str(tmp_path / "certificate"), str(tmp_path / "key"))
    for certificate, key, blamed in (("absent", "key", "absent"), ("certificate", "absent", "absent"), ("nonsense", "key", "nonsense"), ("certificate", "nonsense", "nonsense"), ("certificate", "other", "other"), ("certificate", "locked", "locked")):
        with pytest.raises(Refused) as refused:
            _demand_certificate(tmp_path, str(tmp_path / certificate), str(tmp_path / key))
        assert all(str(tmp_path / blamed) in said and "settings.yaml" in said for said in (refused.value.en, refused.value.zh))


def test_serve_with_a_missing_certificate_is_a_sentence_and_no_traceback(tmp_path):
    (tmp_path / "settings.yaml").write_text("serve: {certificate: gone.pem, key: gone.key}\n", encoding="utf-8")
    told = run("serve", "--home", str(tmp_path), "--bind", f"127.0.0.1:{free_port()}", "--lang", "en")
    assert told.exit_code == 2 and "gone.pem" in told.output and "serving" not in told.output and not (tmp_path / "postgres").exists()
