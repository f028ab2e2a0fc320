"""Releases and rollbacks: a stack, beside a plain list; and nothing is released that is worth nothing or that nobody answers for."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears import registry, store
from arrears.modelling import releasing
from arrears.refusal import Refused
from arrears.scoring.kept import to_files
from arrears.store import book_at, json_bytes
from modelling.made_up_rows import fitted

NOW = 1_790_000_000_000_000
STEPS = st.lists(st.one_of(st.tuples(st.sampled_from(["application", "loss"]), st.integers(1, 3)), st.tuples(st.sampled_from(["application", "loss"]), st.none())), max_size=12)


def three_versions_of_two(folder: Path) -> store.Book:
    """A book with three versions each of two models, all of the files of one fit under their own names."""
    kept = registry.read_version(book_at(fitted()), "application", 1)
    book = store.book_for_load(folder)
    for name in ("application", "loss"):
        for version in (1, 2, 3):
            registry.keep(book, name, {**to_files(replace(kept.model, name=name)), "card.json": json_bytes({**kept.card, "model": name, "version": version})})
    return book


@pytest.fixture(scope="module")
def versions(tmp_path_factory) -> store.Book:
    return three_versions_of_two(tmp_path_factory.mktemp("releases") / "book")


def release(book: store.Book, name: str, version: int | None, now: int = NOW, **more) -> registry.Release:
    return releasing.release(book, name, version, now, **{"by": "Li Wei", "assessment": "PIA-1", "why": "first", **more})


@settings(max_examples=60)
@given(STEPS)
def test_any_releases_and_rollbacks_leave_what_a_plain_stack_says(versions, steps):
    versions.releases_path.unlink(missing_ok=True)
    stacks: dict[str, list[int]] = {"application": [], "loss": []}
    written = 0
    for moment, (name, version) in enumerate(steps):
        stack = stacks[name]
        try:
            if version is None:
                releasing.rollback(versions, name, NOW + moment, "Wang", "odd")
                stack.pop()
            else:
                release(versions, name, version, NOW + moment)
                stack.append(version)
            written += 1
        except Refused as problem:
            assert (version is None and not stack and "nothing to take back" in problem.en) or (version is not None and stack[-1:] == [version] and "released already" in problem.en)
        standing = {one: entry.version for one, entry in registry.standing(versions).items()}
        assert standing == {one: kept[-1] for one, kept in stacks.items() if kept}
    entries = registry.releases(versions)
    assert len(entries) == written and [entry.at for entry in entries] == sorted(entry.at for entry in entries)


def test_what_was_said_with_a_release_is_kept_with_it(versions):
    versions.releases_path.unlink(missing_ok=True)
    release(versions, "loss", 2, by="王芳", assessment="评估-7", why="更准")
    release(versions, "loss", None)
    back = releasing.rollback(versions, "loss", NOW + 5, "赵", "误发")
    first, second, third = registry.releases(versions)
    assert (first.action, first.version, first.by, first.assessment, first.why) == ("release", 2, "王芳", "评估-7", "更准")
    assert second.version == 3, "the latest where none is named"
    assert third == back and (back.action, back.version, back.digest, back.by, back.why, back.assessment) == ("rollback", 2, first.digest, "赵", "误发", "评估-7")
    assert first.digest == registry.read_version(versions, "loss", 2).digest and first.at == "2026-09-21T14:13:20+00:00"


@pytest.mark.parametrize(("more", "said"), [({"by": " "}, "--by is empty"), ({"assessment": ""}, "--assessment is empty; it says where the impact assessment"), ({"by": None}, "--by is empty")])
def test_a_release_without_a_name_or_an_assessment_is_refused(versions, more, said):
    versions.releases_path.unlink(missing_ok=True)
    with pytest.raises(Refused, match=said):
        release(versions, "loss", 1, **more)
    assert registry.releases(versions) == []


@pytest.mark.parametrize(("test", "said"), [
    ({"auc": {"value": 0.55, "low": 0.49, "high": 0.61}}, "no better than chance"), ({"auc": {"value": 0.55, "low": 0.5, "high": 0.6}}, "no better than chance"),
    ({"auc": {"value": 0.8, "low": None, "high": None}}, "has no figure"), ({"auc": None}, "has no figure"), ({}, "has no figure"),
])
def test_a_version_that_does_no_better_than_chance_is_not_released(tmp_path, test, said):
    book = three_versions_of_two(tmp_path / "book")
    path = book.model_folder("loss", 3) / "card.json"
    card = json.loads(path.read_bytes())
    path.write_bytes(json_bytes({**card, "metrics": {**card["metrics"], "test": test}}))
    with pytest.raises(Refused, match=said):
        release(book, "loss", 3)
    assert registry.releases(book) == []
    assert release(book, "loss", 2).version == 2


def test_a_rollback_to_a_version_that_is_gone_or_changed_is_refused_and_nothing_changes(tmp_path):
    book = three_versions_of_two(tmp_path / "book")
    release(book, "loss", 1)
    release(book, "loss", 2)
    before = book.releases_path.read_bytes()
    path = book.model_folder("loss", 1) / "model.json"
    path.write_bytes(path.read_bytes().replace(b"debt", b"deat"))
    with pytest.raises(Refused, match="not those that were released"):
        releasing.rollback(book, "loss", NOW, "Wang", "odd")
    shutil.rmtree(path.parent)
    with pytest.raises(Refused, match="has no version 1"):
        releasing.rollback(book, "loss", NOW, "Wang", "odd")
    assert book.releases_path.read_bytes() == before and book_at(book.root) and registry.standing(book)["loss"].version == 2


def test_a_version_whose_estimates_are_far_off_is_released_only_with_a_reason(tmp_path):
    book = three_versions_of_two(tmp_path / "book")
    path = book.model_folder("loss", 3) / "card.json"
    card = json.loads(path.read_text("utf-8"))
    card["metrics"]["test"]["ece"] = {"value": 0.2, "low": 0.15, "high": 0.25}
    path.write_bytes(json_bytes(card))
    with pytest.raises(Refused, match="off by 20.0%"):
        release(book, "loss", 3, why="")
    assert registry.releases(book) == []
    assert release(book, "loss", 3, why="to order calls only").version == 3
