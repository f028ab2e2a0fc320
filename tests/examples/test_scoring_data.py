"""The models' definitions on the public data: what they read, how rows are split, and that the commands fit and measure them."""

import importlib.util
import os
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from arrears.modelling.definition import definition_from, roots_of
from arrears.modelling.plain_table import read_table, sample_of
from arrears.scoring.families import TARGETS
from plain_books import arrears

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SHARED = Path(os.environ.get("ARREARS_SHARED", ROOT.parent / "shared"))
DATA = SHARED / "data"
CARD = DATA / "uci_default_credit_card" / "uci_default_30k.parquet"
GERMAN = DATA / "german_credit" / "germancredit.parquet"
SBA = DATA / "sba_case_ca" / "sba_case.parquet"
BANK = DATA / "uci_bank_marketing" / "bank_additional_full.parquet"
LOG = DATA / "traffic_fines_10k" / "traffic_fines.parquet"
FILES = {
    "uci_card/definition.yaml": (CARD, "application"), "german_credit/definition.yaml": (GERMAN, "application"),
    "sba_case_ca/charge_off.yaml": (SBA, "application"), "sba_case_ca/loss.yaml": (SBA, "loss"), "bank_marketing/definition.yaml": (BANK, "contact"),
}
KNOWN_ONLY_LATER = {"duration", "Term", "daysterm", "xx", "Recession", "RealEstate", "ChgOffPrinGr", "Default", "BalanceGross"}

pytestmark = pytest.mark.skipif(not CARD.exists(), reason=f"the public data is absent: {DATA}")


def definition(place: str):
    return definition_from((EXAMPLES / place).read_text(encoding="utf-8"), place)


def sample(place: str):
    file, model = FILES[place]
    return sample_of(file, read_table(file), TARGETS[model], definition(place), [], None)


@pytest.fixture(scope="module")
def log():
    sys.path.insert(0, str(EXAMPLES / "traffic_fines"))
    spec = importlib.util.spec_from_file_location("traffic_fines_tables", EXAMPLES / "traffic_fines" / "tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    return tables, tables.read_events(LOG)


@pytest.mark.parametrize("place", FILES)
def test_every_feature_is_computed_and_none_reads_what_is_known_only_later(place):
    found, columns = sample(place), read_table(FILES[place][0]).columns
    read = {root for feature in definition(place).features for root in roots_of(feature.formula, columns)}
    assert not read & KNOWN_ONLY_LATER
    assert all(found.rows[feature.name].null_count() < found.rows.height for feature in found.features)
    assert all(feature.zh != feature.name and feature.en and feature.unit for feature in found.features)


def test_the_card_data_is_split_as_in_the_published_comparison():
    from sklearn.model_selection import train_test_split

    found = sample("uci_card/definition.yaml")
    _, held_out = train_test_split(np.arange(found.rows.height), test_size=0.25, random_state=42)
    assert set(np.flatnonzero(found.test)) == set(held_out.tolist())


def test_a_loss_is_known_of_exactly_the_loans_that_were_charged_off():
    rows = pl.read_parquet(SBA).filter(pl.col("MIS_Status") == "CHGOFF")
    found = sample("sba_case_ca/loss.yaml").rows
    assert found.height == rows.height == 686
    by_hand = sorted(min(1.0, lost / lent) for lost, lent in rows.select("ChgOffPrinGr", "DisbursementGross").rows())
    assert sorted(found["outcome"].to_list()) == pytest.approx(by_hand)


def test_a_fine_counts_as_paid_only_by_a_payment_between_notification_and_hand_over(log):
    tables, events = log
    told = dict(tables.fines_of(events).select("fine", "paid_before_hand_over").rows())
    by_case: dict[str, list] = {}
    for case, activity, day in events.select("case_id", "activity", "happened_on").rows():
        by_case.setdefault(case, []).append((activity, day))
    last = events["happened_on"].max()
    for fine, said in told.items():
        steps = by_case[fine]
        notified = min(day for activity, day in steps if activity == "Insert Fine Notification")
        paid = min((day for activity, day in steps if activity == "Payment" and day >= notified), default=None)
        handed = min((day for activity, day in steps if activity == "Send for Credit Collection"), default=None)
        appeal = min((day for activity, day in steps if activity in ("Insert Date Appeal to Prefecture", "Appeal to Judge")), default=None)
        until = notified + timedelta(days=730)
        pays = paid is not None and paid < until and (handed is None or paid <= handed)
        unknown = until > last or (appeal is not None and not (pays and paid <= appeal))
        assert said == (None if unknown else int(pays)), fine


def test_each_fine_is_paid_in_its_last_month_or_never(log):
    tables, events = log
    months = tables.months_of(events).sort("fine", "month")
    told = months.group_by("fine", maintain_order=True).agg("month", "paid")
    assert all(month == list(range(len(month))) for month in told["month"].to_list())
    assert all(sum(paid[:-1]) == 0 for paid in told["paid"].to_list())
    fines = tables.fines_of(events).filter(pl.col("paid_before_hand_over") == 1)["fine"]
    paid = set(months.filter(pl.col("paid") == 1)["fine"])
    followed = set(fines) - set(months.group_by("fine").agg(pl.len()).filter(pl.col("len") == tables.MONTHS_MOST)["fine"])
    assert followed <= paid


def test_what_a_month_knows_does_not_change_with_what_the_log_says_later(log):
    tables, events = log
    cut = events["happened_on"].sort()[events.height * 2 // 3]
    known = ["fine", "month", "month_from", "penalised", "owed_minor", "paid_before_minor", "paid"]
    early = tables.months_of(events.filter(pl.col("happened_on") <= cut)).select(known)
    whole = tables.months_of(events).filter(pl.col("month_from") + pl.duration(days=tables.MONTH_DAYS) <= cut).select(known)
    assert early.join(whole, on=known, how="semi", nulls_equal=True).height == whole.height > 10_000


@pytest.mark.parametrize(("place", "kind"), [("german_credit/definition.yaml", "scorecard"), ("sba_case_ca/charge_off.yaml", "boosted"), ("sba_case_ca/loss.yaml", "boosted")])
def test_the_command_fits_and_measures(place, kind, tmp_path):
    file, model = FILES[place]
    ran = arrears("score", "fit", model, "--kind", kind, "--data", file, "--definition", EXAMPLES / place, "--book", tmp_path / "book", "--lang", "en")
    assert ran.status == 0, ran.error
    measured = arrears("score", "evaluate", model, "--data", file, "--book", tmp_path / "book", "--lang", "en")
    assert measured.status == 0, measured.error
    assert "the rows held out when it was fitted" in measured.out
