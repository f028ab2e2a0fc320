"""The demo's record: begun, filled, and checked by the self-contained file in a process of its own, as a stranger would."""

import subprocess
import sys
from pathlib import Path

from arrears.cli import record_words, terms
from arrears.cli.record_keeping import begin, collected, copy_of_program, integrated
from arrears.cli.record_proofs import asking, bundle_of, leaf_and_row, write
from arrears.record.places import places_of
from arrears.refusal import Refused

DEMO_ORIGIN = "demo.example/arrears/flash-loans"
_MOST_SECONDS = 600


def demo_record(home: Path, book: Path, lang: str) -> list[str]:
    """The demo's record holds all that was done; a program that shares no code with it found the whole log and one bundle true; the lines to print. Again, it goes on where it is.

    Raises Refused where the verifier finds something false.
    """
    vkey, _ = begin(home, DEMO_ORIGIN, terms.now())
    code, counts = collected(book, terms.now())
    lines = record_words.collected_lines(code, counts, lang) if counts else []
    done = integrated(home, terms.now())
    lines += record_words.integrated_lines({"placed": done.placed, "replayed": done.replayed, "size": done.size, "witnesses": []}, lang)
    verifier, proof, log = home / "record" / "verify.py", home / "record" / "proof.json", places_of(home).log
    for path in (verifier, proof):
        path.unlink(missing_ok=True)
    copy_of_program("verify.py", verifier)
    found, _ = leaf_and_row(asking(None, code, terms.now()), entry=_first_account(code), day=None, loan=None, payment=None, source=None, book=None, values={})
    write(proof, bundle_of(home, found, None))
    judged, proven = (_checked(verifier, [what, str(path), "--key", vkey, "--lang", lang]) for what, path in (("log", log), ("bundle", proof)))
    return lines + record_words.demo_lines(lang, judged, proven.partition("\n\n")[0], vkey, log, verifier, proof)


def _first_account(code: str) -> str:
    """The number of an Entry that everybody may read: an account that was made."""
    from arrears.work.actor import ALL_TEAMS, Actor
    from arrears.work.queries.log import latest_entries

    entries = latest_entries(Actor(None, "demo", code, frozenset({"auditor"}), ALL_TEAMS, via="cli", second_factor=True), verb="account.create", size=1)
    return str(entries[0].number)


def _checked(verifier: Path, arguments: list[str]) -> str:
    """What the verifier says, run as a stranger runs it: one file, with nothing of this program in reach. Raises Refused where it finds something false."""
    done = subprocess.run([sys.executable, "-I", str(verifier), *arguments], capture_output=True, text=True, timeout=_MOST_SECONDS, check=False)  # noqa: S603 - our own file
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise Refused(f"{verifier}: the demo's record is not true: {said}", f"{verifier}：演示存证核验未通过：{said}")
    return done.stdout.strip()
