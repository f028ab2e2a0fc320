"""How many fields a second the vault seals, opens and indexes on one core, beside plain AES-GCM and Fernet of the same library, in one run.

    .venv/bin/python benchmarks/vault.py [--persons 20000] [--fields 5] [--rounds 5] [--out FILE]
    .venv/bin/python benchmarks/vault.py --page      prints the section of docs/benchmarks.md from the results

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
    parser.add_argument("--page", action="store_true", help="measure nothing; print the section of docs/benchmarks.md")
    asked = parser.parse_args()
    if asked.page:
        print(page(json.loads(asked.out.read_text(encoding="utf-8"))))
        return
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
        print(f"{name:45} {found['fields_a_second']['median']:>12,.0f} /s   {found['fields_a_processor_second']['median']:>12,.0f} /processor s   {found['fields_a_processor_second_with_database']['median']:>12,.0f} with the database")
    print(json.dumps(results["keys"], indent=1))


def page(results: dict) -> str:
    """The section of docs/benchmarks.md."""
    machine, keys, ways = results["machine"], results["keys"], results["ways"]
    ours = [ways[f"aes-256-gcm-siv: {verb}"]["fields_a_processor_second_with_database"]["median"] for verb in ("seal", "open")]
    lines = [
        "### The vault", "",
        f"{results['persons']:,} made-up people with {results['fields_a_person']} fields each, a key a person, one thread of one process, a real KEYS database; every batch asks it whether the keys are still there "
        f"({machine['processor']}, {machine['cores']} cores, cryptography {machine['cryptography']}, measured on {results['measured_on']}, {results['rounds']} rounds, load before the run {results['load_before']}).", "",
        "| wanted, on one core | found, a processor second of process and database together |  |", "| --- | --- | --- |",
        f"| ≥ 50,000 fields/s sealed | {ours[0]:,.0f} | {'met' if ours[0] >= 50_000 else '**missed**'} |", f"| ≥ 100,000 fields/s opened, keys in the cache | {ours[1]:,.0f} | {'met' if ours[1] >= 100_000 else '**missed**'} |", "",
        "| fields/s | of this process' processor | with the database's | of the wall |", "| --- | --- | --- | --- |",
    ]
    for name, found in ways.items():
        one, both, wall = found["fields_a_processor_second"], found["fields_a_processor_second_with_database"], found["fields_a_second"]
        lines.append(f"| {name} | {one['median']:,.0f} ({one['min']:,.0f} – {one['max']:,.0f}) | {both['median']:,.0f} | {wall['median']:,.0f} ({wall['min']:,.0f} – {wall['max']:,.0f}) |")
    lines += ["", f"Of {keys['persons']:,} persons, wall and processor of this process: keys made {keys['make']['s']:.1f} s ({keys['make']['processor_s']:.1f} s), the lender's key rotated {keys['rotate_lender_key']['s']:.1f} s "
              f"({keys['rotate_lender_key']['processor_s']:.1f} s), the provider's key rotated {keys['rotate_provider_key']['s'] * 1000:.0f} ms, one of them erased {keys['erase_one_of_them']['s'] * 1000:.0f} ms."]
    return "\n".join(lines)


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
    first_cells, texts = list({one.person: one for one in cells}.values()), [one.text for one in cells]
    fresh = [opened_vault(home, owner, suite, cached=1000) for _ in range(rounds)]
    ways = {
        f"{suite}: seal": timed(lambda _: vault.seal(TENANT, cells), rounds, len(cells), lambda _: vault),
        f"{suite}: open": timed(lambda _: vault.open(TENANT, sealed), rounds, len(cells), lambda _: vault),
        f"{suite}: seal, one field a person": timed(lambda _: vault.seal(TENANT, first_cells), rounds, len(first_cells), lambda _: vault),
        f"{suite}: open, one field a person": timed(lambda _: vault.open(TENANT, first_of_each), rounds, len(first_of_each), lambda _: vault),
        f"{suite}: open cold, one field a person": timed(lambda turn: fresh[turn].open(TENANT, first_of_each), rounds, len(first_of_each), lambda turn: fresh[turn]),
        f"{suite}: blind index": timed(lambda _: vault.blind(TENANT, "phone", texts), rounds, len(texts), lambda _: vault),
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


def timed(work: Callable[[int], object], rounds: int, fields: int, vaults_of: Callable[[int], vaults.Vault] | None = None) -> dict:
    """Fields a second of the wall, of this process' processor, and of it and the database's backend together, over the rounds."""
    wall, processor, both = [], [], []
    for turn in range(rounds):
        backend = vaults_of(turn).store.within(lambda connection: connection.info.backend_pid) if vaults_of else None
        begun, used, used_there = time.perf_counter(), time.process_time(), _processor_seconds(backend)
        work(turn)
        wall.append(fields / (time.perf_counter() - begun))
        own = time.process_time() - used
        processor.append(fields / own)
        both.append(fields / (own + _processor_seconds(backend) - used_there))
    return {"fields_a_second": _spread(wall), "fields_a_processor_second": _spread(processor), "fields_a_processor_second_with_database": _spread(both)}


def _processor_seconds(pid: int | None) -> float:
    """What a process has used of its processor so far, in hundredths of a second; zero for none."""
    if pid is None:
        return 0.0
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
