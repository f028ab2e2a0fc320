"""How many fields a second the vault seals, opens and indexes on one core, beside plain AES-GCM and Fernet of the same library, in one run.

    .venv/bin/python benchmarks/vault.py [--persons 20000] [--fields 5] [--rounds 5] [--out FILE]

A made-up population, each person with the same few fields, in a real KEYS database on a PostgreSQL that is started for it (fsync off). Everything runs in one
thread of one process. The vault does what the others do not: a key a person, a binding to lender, person, table, column and row, and a question to the database
for every batch whether the keys are still there. The database's own time is on another core where there is one; seconds are of the wall, processor seconds of this process.
"""

import argparse
import importlib.util
import json
import os
import random
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psycopg
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from night import HERE, _short, _spread, machine

from arrears.vault import rotation
from arrears.vault import vault as vaults
from arrears.vault.suites import SUITE_NUMBERS, joined

# The server of the tests; by its path, since the name of its folder is that of a benchmark here.
_FOUND = importlib.util.spec_from_file_location("database_servers", Path(__file__).parents[1] / "tests" / "ingest" / "database_servers.py")
database_servers = importlib.util.module_from_spec(_FOUND)
_FOUND.loader.exec_module(database_servers)
TENANT, SEED = "bank", 7
TEXTS = ("王小明", "11010119900307123X", "13800138000", "广东省深圳市南山区科技园路一号二栋三零一", "6222021234567890123")
COLUMNS = (("work_party", "name_sealed"), ("work_party", "id_number_sealed"), ("work_contactpoint", "value_sealed"), ("work_contactpoint", "value_sealed"), ("work_contactpoint", "value_sealed"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=20_000, help="people, each with a key of their own")
    parser.add_argument("--fields", type=int, default=5, help="fields a person, at most five")
    parser.add_argument("--keys", type=int, default=100_000, help="people for whom keys are made, read and rotated")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "vault.json", help="the JSON file to write")
    asked = parser.parse_args()
    results = {"measured_on": date.today().isoformat(), "machine": {**machine(), **{name: version(name) for name in ("cryptography", "psycopg")}}, "rounds": asked.rounds,
               "load_before": _short(os.getloadavg()[0]), "persons": asked.persons, "fields_a_person": asked.fields, "ways": {}}
    cells = cells_of(asked.persons, asked.fields)
    with database_servers.postgresql() as url, tempfile.TemporaryDirectory() as folder:
        for suite in SUITE_NUMBERS:
            results["ways"] |= measured_vault(Path(folder) / suite, server_of(url, suite), suite, cells, asked.rounds)
        results["keys"] = measured_keys(Path(folder) / "keys", server_of(url, "keys"), asked.keys)
    results["ways"] |= measured_peers(cells, asked.rounds)
    asked.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, found in results["ways"].items():
        print(f"{name:45} {found['fields_a_second']['median']:>12,.0f} /s   {found['fields_a_processor_second']['median']:>12,.0f} /processor s")
    print(json.dumps(results["keys"], indent=1))


def cells_of(persons: int, fields: int) -> list[vaults.Cell]:
    """Made-up people's fields in a shuffled order, as no query gives them person by person."""
    chance = random.Random(SEED)
    people = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(persons)]
    cells = [vaults.Cell(person, *COLUMNS[turn], str(uuid.UUID(int=chance.getrandbits(128))), TEXTS[turn]) for person in people for turn in range(fields)]
    chance.shuffle(cells)
    return cells


def server_of(url: str, name: str) -> dict:
    """A database of its own for one suite."""
    place = {"host": url.split("host=")[1], "user": "clerk", "password": "s3cret"}
    database = "v_" + name.replace("-", "_")
    with psycopg.connect(**place, dbname="postgres", autocommit=True) as connection:
        connection.execute("DO $$ BEGIN CREATE ROLE vault_app LOGIN PASSWORD 'a'; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        connection.execute(f"CREATE DATABASE {database}")
    return {**place, "dbname": database}


def opened_vault(home: Path, owner: dict, suite: str, cached: int) -> vaults.Vault:
    home.mkdir(parents=True, exist_ok=True)
    (home / "settings.yaml").write_text(f"keys:\n  suite: {suite}\n")
    app = {**owner, "user": "vault_app", "password": "a"}
    vaults.init_vault(home, 0, owner=owner, app_role="vault_app", connection=app)[0].close()
    return vaults.open_vault(home, app, cached=cached)


def measured_vault(home: Path, owner: dict, suite: str, cells: list[vaults.Cell], rounds: int) -> dict:
    """Seal, open and index with keys in the cache, and open without one."""
    vault = opened_vault(home, owner, suite, cached=len(cells))
    sealed = [vaults.Sealed(one.person, one.table, one.column, one.row, whole) for one, whole in zip(cells, vault.seal(TENANT, cells), strict=True)]
    first_of_each = list({one.person: one for one in sealed}.values())
    texts = [one.text for one in cells]
    fresh = [opened_vault(home, owner, suite, cached=1000) for _ in range(rounds)]
    ways = {
        f"{suite}: seal": timed(lambda _: vault.seal(TENANT, cells), rounds, len(cells)),
        f"{suite}: open": timed(lambda _: vault.open(TENANT, sealed), rounds, len(cells)),
        f"{suite}: seal, one field a person": timed(lambda _: vault.seal(TENANT, cells[: len(first_of_each)]), rounds, len(first_of_each)),
        f"{suite}: open, one field a person": timed(lambda _: vault.open(TENANT, first_of_each), rounds, len(first_of_each)),
        f"{suite}: open cold, one field a person": timed(lambda turn: fresh[turn].open(TENANT, first_of_each), rounds, len(first_of_each)),
        f"{suite}: blind index": timed(lambda _: vault.blind(TENANT, "phone", texts), rounds, len(texts)),
    }
    for one in (vault, *fresh):
        one.close()
    return ways


def measured_peers(cells: list[vaults.Cell], rounds: int) -> dict:
    """AES-GCM under one key with the same binding as associated data, and Fernet under one key, which binds nothing."""
    cipher, fernet = AESGCM(AESGCM.generate_key(256)), Fernet(Fernet.generate_key())
    rows = [(one.text.encode(), one) for one in cells]

    def seal(_):
        found = []
        for text, one in rows:
            nonce = os.urandom(12)
            found.append(nonce + cipher.encrypt(nonce, text, joined("cell", TENANT, one.table, one.column, one.row, one.person)))
        return found

    sealed, tokens = seal(0), [fernet.encrypt(text) for text, _ in rows]
    return {
        "AESGCM, one key, same binding: seal": timed(seal, rounds, len(rows)),
        "AESGCM, one key, same binding: open": timed(lambda _: [cipher.decrypt(whole[:12], whole[12:], joined("cell", TENANT, one.table, one.column, one.row, one.person)).decode()
                                                               for whole, (_, one) in zip(sealed, rows, strict=True)], rounds, len(rows)),
        "Fernet, one key, no binding: seal": timed(lambda _: [fernet.encrypt(text) for text, _ in rows], rounds, len(rows)),
        "Fernet, one key, no binding: open": timed(lambda _: [fernet.decrypt(token).decode() for token in tokens], rounds, len(rows)),
    }


def measured_keys(home: Path, owner: dict, count: int) -> dict:
    """Seconds to make, read and wrap anew so many persons' keys."""
    vault = opened_vault(home, owner, "aes-256-gcm-siv", cached=1000)
    cells = cells_of(count, 1)
    seconds = {}
    for name, work in (
        ("make", lambda: vault.seal(TENANT, cells)),
        ("rotate_lender_key", lambda: rotation.rotate_tenant_key(vault, TENANT, 0)),
        ("rotate_provider_key", lambda: rotation.rotate_provider_key(vault, 0)),
        ("erase_one_of_them", lambda: vault.shred(TENANT, cells[0].person, 0)),
    ):
        begun, used = time.perf_counter(), time.process_time()
        work()
        seconds[name] = {"s": _short(time.perf_counter() - begun), "processor_s": _short(time.process_time() - used)}
    vault.close()
    return {"persons": count, **seconds}


def timed(work: Callable[[int], object], rounds: int, fields: int) -> dict:
    """Fields a second of the wall and of this process' processor, over the rounds."""
    wall, processor = [], []
    for turn in range(rounds):
        begun, used = time.perf_counter(), time.process_time()
        work(turn)
        wall.append(fields / (time.perf_counter() - begun))
        processor.append(fields / (time.process_time() - used))
    return {"fields_a_second": _spread(wall), "fields_a_processor_second": _spread(processor)}


if __name__ == "__main__":
    main()
