"""Scores in the night: which models are used, what they say, what is watched, and that it can be replayed and re-scored."""

import json
import shutil
from datetime import date

import polars as pl
import pytest

from arrears import registry, store
from arrears.delinquency.buckets import read_buckets
from arrears.ingest.judge import facts_of
from arrears.law.caps import read_law
from arrears.nightly.inputs import kept_inputs
from arrears.nightly.positions import opened
from arrears.nightly.scores import WATCHED_LOANS, watched_partitions
from arrears.rescore import person_of, rescore
from arrears.scoring.asked import asked
from arrears.scoring.loan_features import loan_features
from arrears.scoring.outcomes import OUTCOMES, outcome_of
from plain_books import arrears
from scored_book import FITTED_AS_OF, NIGHT, RELEASED, scored_book


@pytest.fixture(scope="module")
def summary() -> dict:
    return json.loads((scored_book().night() / "summary.json").read_text("utf-8"))


def test_a_night_without_a_released_model_says_so_and_keeps_the_stated_order(tmp_path):
    book = tmp_path / "book"
    assert arrears("generate", "--loans", 300, "--as-of", NIGHT, "--out", book).status == 0
    ran = arrears("night", "--book", book, "--as-of", NIGHT, "--lang", "en")
    assert "No model is released: the worklist is in the stated rule order" in ran.out
    told = json.loads((book / "nights" / NIGHT.isoformat() / "summary.json").read_text("utf-8"))
    assert told["scores"]["models"] == [] and told["scores"]["ordered_by"] == "rules"
    assert "by what may be demanded" in told["order_en"] or "claimable amount" in told["order_en"]
    assert "No model is released" in (book / "nights" / NIGHT.isoformat() / "report.html").read_text("utf-8")
    assert pl.read_parquet(book / "nights" / NIGHT.isoformat() / "worklist.parquet")["expected_minor"].null_count() > 0


def test_a_night_names_each_model_it_used_by_version_and_digest(summary):
    used = {model["model"]: model for model in summary["scores"]["models"]}
    assert sorted(used) == sorted(RELEASED)
    home = store.book_at(scored_book().root)
    for name, model in used.items():
        assert model["digest"] == registry.read_version(home, name, model["version"]).digest
        assert model["released_by"] == "Li Wei"


def test_every_late_loan_has_an_expected_amount_within_what_may_be_demanded_and_at_most_four_reasons(summary):
    night = scored_book().night()
    positions = pl.concat([pl.read_parquet(path) for path in sorted((night / "positions").glob("*.parquet"))])
    scores = pl.concat([pl.read_parquet(path) for path in sorted((night / "scores").glob("*.parquet"))])
    late = positions.filter(pl.col("days_past_due") > 0)
    for name in ("collection_cure", "collection_recovery_30"):
        mine = scores.filter(pl.col("model") == name)
        assert sorted(mine["loan_id"]) == sorted(late["loan_id"])
        assert mine["estimate"].is_between(0, 1).all()
        assert (mine["reasons"].str.split("; ").list.len() <= 4).all()
    spread = scores.filter(pl.col("model") == "collection_recovery_30")
    assert ((spread["low"] <= spread["estimate"]) & (spread["estimate"] <= spread["high"])).all()
    listed = pl.read_parquet(night / "worklist.parquet")
    assert (listed["expected_minor"] <= listed["claimable_minor"]).all() and (listed["expected_minor"] >= 0).all()


def test_the_worklist_is_ordered_by_what_is_expected_within_a_treatment(summary):
    assert summary["scores"]["ordered_by"] == "expected" and "expected within 30 days" in summary["order_en"]
    listed = pl.read_parquet(scored_book().night() / "worklist.parquet").sort("rank")
    for _, rows in listed.group_by("treatment"):
        assert rows.sort("rank")["expected_minor"].is_sorted(descending=True)


def test_a_night_with_models_is_replayed_to_the_same_bytes():
    ran = arrears("replay", "--book", scored_book().root, "--as-of", NIGHT, "--lang", "en")
    assert ran.status == 0 and "the same bytes" in ran.out


def test_estimates_of_an_earlier_night_are_measured_once_their_horizon_is_over(summary):
    used = {model["model"]: model for model in summary["scores"]["models"]}
    cure = used["collection_cure"]["matured"]
    assert cure["night"] == FITTED_AS_OF.isoformat()
    then = pl.concat([pl.read_parquet(path) for path in sorted((scored_book().night(FITTED_AS_OF) / "scores").glob("*.parquet"))])
    said = then.filter(pl.col("model") == "collection_cure")
    now = pl.concat([pl.read_parquet(path) for path in sorted((scored_book().night(FITTED_AS_OF) / "positions").glob("*.parquet"))])
    assert cure["rows"] <= (now["days_past_due"] > 0).sum() == len(said)
    assert 0 <= cure["auc"]["low"] <= cure["auc"]["value"] <= cure["auc"]["high"] <= 1
    assert sum(row["rows"] for row in cure["by_bucket"]) == cure["rows"]
    assert used["behaviour_miss"]["matured"] is None  # 45 days are not over


def test_a_person_scored_again_gets_the_nights_own_scores_to_the_last_bit():
    book = scored_book()
    inputs = kept_inputs(book.night())
    home = store.book_at(book.root)
    models = {name: registry.read_version(home, name, entry["version"], entry["digest"]).model for name, entry in inputs.models.items()}
    night = pl.concat([pl.read_parquet(path) for path in sorted((book.night() / "scores").glob("*.parquet"))])
    with opened(book.root, NIGHT, inputs.known_at) as (laid_out, manifest):
        facts = facts_of(laid_out, manifest, next(iter(manifest.partitions)), inputs.known_at)
    late = night.filter(pl.col("model") == "collection_cure")["borrower_id"].unique().sort()[:15].to_list()
    for borrower in [*late, *facts.loans["borrower_id"].unique().sort()[:10]]:
        again = rescore(person_of(facts, borrower), (), read_law(), read_buckets(), models, NIGHT).loans.sort("loan_id", "model")
        assert again.equals(night.filter(pl.col("borrower_id") == borrower).sort("loan_id", "model")), borrower


def test_who_is_asked_at_night_is_who_has_an_outcome_once_the_horizon_is_over():
    from arrears.nightly.past import Past

    book = scored_book()
    day, last = date(2025, 6, 30), NIGHT
    with opened(book.root, last, kept_inputs(book.night()).known_at) as (laid_out, manifest):
        past = Past.of(laid_out, manifest, next(iter(manifest.partitions)), kept_inputs(book.night()).known_at, read_law(), read_buckets())
        facts, assessed = past.then(day)
    features = loan_features(facts, assessed.positions, assessed.loans, day)
    for name in OUTCOMES:
        seen = past.seen(facts, assessed, day, last, 400)
        told = outcome_of(name, seen)["eligible"]
        asks = asked(name, assessed.positions, features, day, read_buckets().names[-1])
        assert (~told | asks).all(), name
        if name not in ("collection_self_cure", "loss"):
            assert (told == asks).all(), name


def test_a_released_model_that_was_changed_is_refused_and_the_night_leaves_nothing(tmp_path):
    copy = tmp_path / "book"
    shutil.copytree(scored_book().root, copy)
    path = copy / "models" / "collection_cure" / "0001" / "model.json"
    path.write_bytes(path.read_bytes().replace(b'"slope": ', b'"slope": 1', 1))
    ran = arrears("night", "--book", copy, "--as-of", "2026-11-05", "--lang", "en")
    assert ran.status == 2 and "not those that were released" in ran.error
    assert not (copy / "nights" / "2026-11-05").exists()


def test_a_model_fitted_on_later_days_is_not_used_for_an_earlier_night(tmp_path):
    copy = tmp_path / "book"
    shutil.copytree(scored_book().root, copy)
    ran = arrears("night", "--book", copy, "--as-of", "2026-08-31", "--lang", "en")
    assert ran.status == 0 and "fitted on later days" in ran.out
    told = json.loads((copy / "nights" / "2026-08-31" / "summary.json").read_text("utf-8"))["scores"]
    assert told["models"] == [] and set(told["unused"]) == set(RELEASED)


def test_after_a_rollback_the_next_night_follows_the_stated_order(tmp_path):
    copy = tmp_path / "book"
    shutil.copytree(scored_book().root, copy)
    ran = arrears("score", "rollback", "collection_recovery_30", "--book", copy, "--by", "Li Wei", "--why", "odd", "--lang", "en")
    assert ran.status == 0 and "no version of it is released any more" in ran.out
    ran = arrears("night", "--book", copy, "--as-of", "2026-11-01", "--lang", "en")
    assert "in the stated rule order" in ran.out and "collection_recovery_30" not in ran.out


@pytest.mark.parametrize("loans_a_partition", [2_000, 1_000])
def test_a_night_with_models_is_replayed_where_the_book_has_grown_into_more_partitions(tmp_path, monkeypatch, loans_a_partition):
    copy = tmp_path / "book"
    shutil.copytree(scored_book().root, copy)
    shutil.rmtree(copy / "store")
    monkeypatch.setattr(store, "LOANS_A_PARTITION", loans_a_partition)
    ran = arrears("replay", "--book", copy, "--as-of", NIGHT, "--lang", "en")
    assert ran.status == 0 and "the same bytes" in ran.out, ran.out
    assert len(list((copy / "store").glob("*/loans/p*.parquet"))) > 1


@pytest.mark.parametrize(("then", "now"), [(4, 8), (8, 64)])
def test_the_same_people_are_watched_where_the_partitions_are_more(then, now):
    """A person's partition is a hash modulo their number."""
    watched = []
    for count in (then, now):
        loans = {name: 320_000 // count for name in store.partition_names(count)}
        chosen = {int(name[1:]) for name in watched_partitions(loans)}
        watched.append({person for person in range(320) if person % count in chosen})
    assert watched[0] == watched[1]
    assert len(watched[1]) * 1_000 <= WATCHED_LOANS


def test_a_release_of_something_that_is_no_model_is_refused(tmp_path):
    copy = tmp_path / "book"
    shutil.copytree(scored_book().root, copy)
    for command in (("card",), ("release", "--by", "a", "--assessment", "b"), ("evaluate", "--as-of", NIGHT)):
        ran = arrears("score", command[0], "../../book/models/collection_cure", "--book", copy, *command[1:], "--lang", "en")
        assert ran.status == 2 and "there is no model ../../book" in ran.error, ran
