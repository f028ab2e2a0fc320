"""How much of what it should find the lexicon finds, how much of what is lawful it refuses, and how long a text takes.

    .venv/bin/python benchmarks/wording.py [--data ../shared/data] [--out benchmarks/results/wording.json]

Two sets. The texts of tests/compliance, lawful and unlawful, which the lexicon was widened by: what they say is that nothing
was lost, not how it does on texts it never saw. And the test split of COLD (Chinese comments, offensive or not), which was
never looked at: COLD is about bias against groups, mostly without a word of abuse in it, so the recall of a list of words is
low there; its precision says how often an insult that is found was meant as one.
"""

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
from night import machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from arrears.compliance.wording import findings
from compliance.packs import lexicon, texts

FINE = {0: "not offensive", 1: "attacks a person", 2: "attacks a group", 3: "against bias"}


def main() -> None:
    """Holds the lexicon against both sets, prints what it found and writes the results."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked.add_argument("--out", type=Path, default=Path("benchmarks/results/wording.json"))
    said = asked.parse_args()
    result = {"measured_on": date.today().isoformat(), "machine": machine(), "entries": {where: len(lexicon(where).entries) for where in ("cn", "us")},
              "own_texts": own_texts(), "milliseconds": milliseconds()}
    cold_file = said.data / "cold_offensive_zh" / "test.parquet"
    result["cold_test"] = cold(pl.read_parquet(cold_file)) if cold_file.is_file() else None
    said.out.parent.mkdir(parents=True, exist_ok=True)
    said.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({name: held for name, held in result.items() if name != "machine"}, indent=1, ensure_ascii=False))


def own_texts() -> dict:
    """Recall by red line on the unlawful texts; how many of the lawful ones are refused (a suit named is no refusal)."""
    asked, found = Counter(), Counter()
    for where, red_line, text in texts("unlawful_texts.yaml"):
        asked[f"{where} {red_line}"] += 1
        found[f"{where} {red_line}"] += red_line in {one.red_line for one in findings(text, lexicon(where))}
    lawful = texts("lawful_texts.yaml")
    refused = sum(bool({one.red_line for one in findings(text, lexicon(where))} - {"suit"}) for where, _, text in lawful)
    return {"unlawful": {name: {"texts": asked[name], "found": found[name]} for name in sorted(asked)}, "lawful": {"texts": len(lawful), "refused": refused}}


def cold(frame: pl.DataFrame) -> dict:
    """Precision and recall on COLD of the red line abuse and of any red line, and how many are found by its fine-grained label."""
    counted = {"abuse": Counter(), "any but suit": Counter()}
    fine, fine_all = Counter(), Counter()
    for label, fine_label, text in frame.select("label", "fine-grained-label", "TEXT").iter_rows():
        lines = {one.red_line for one in findings(text, lexicon("cn"))} - {"suit"}
        for name, is_found in (("abuse", "abuse" in lines), ("any but suit", bool(lines))):
            counted[name][(bool(label), is_found)] += 1
        fine[FINE[fine_label]] += "abuse" in lines
        fine_all[FINE[fine_label]] += 1
    return {"texts": frame.height, **{name: _rates(counts) for name, counts in counted.items()},
            "abuse by fine-grained label": {name: {"texts": fine_all[name], "found": fine[name]} for name in FINE.values()}}


def _rates(counts: Counter) -> dict:
    right, wrong, missed = counts[(True, True)], counts[(False, True)], counts[(True, False)]
    return {"found rightly": right, "found wrongly": wrong, "missed": missed,
            "precision": round(right / (right + wrong), 4) if right + wrong else None, "recall": round(right / (right + missed), 4)}


def milliseconds() -> dict:
    """Processor time of one text of 200 characters, each text another, after the first."""
    plain = "".join(text for where, kind, text in texts("lawful_texts.yaml") if (where, kind) == ("cn", "plain"))
    pieces = [plain[start:start + 200] for start in range(0, len(plain) - 200, 40)]
    findings(pieces[0], lexicon("cn"))
    taken = []
    for piece in pieces[1:]:
        begun = time.process_time()
        findings(piece, lexicon("cn"))
        taken.append((time.process_time() - begun) * 1000)
    return {"texts": len(taken), "median": round(statistics.median(taken), 3), "99 in 100 below": round(statistics.quantiles(taken, n=100)[98], 3)}


if __name__ == "__main__":
    main()
