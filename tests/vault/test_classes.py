"""Classes: every sealed column has one, and a mask that exists or none."""

import ast
from pathlib import Path

import pytest

from arrears.vault.classes import CLASSES, SEALED_COLUMNS, class_of, sealed_column
from arrears.vault.masks import KINDS, masked

MODELS = Path(__file__).resolve().parents[2] / "src" / "arrears" / "work" / "models"


def test_every_sealed_column_of_the_work_plane_is_declared_and_no_other():
    found = set()
    for path in MODELS.glob("*.py"):
        for model in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for line in model.body if isinstance(model, ast.ClassDef) else []:
                if isinstance(line, ast.Assign) and isinstance(line.value, ast.Call) and getattr(line.value.func, "id", "") == "SealedField":
                    found.add((f"work_{model.name.lower()}", line.targets[0].id))
    assert found and found == set(SEALED_COLUMNS)


def test_every_sealed_column_has_a_class_known_masks_and_says_how_certain_it_is():
    for (table, column), one in SEALED_COLUMNS.items():
        assert (one.table, one.column) == (table, column)
        assert one.sensitivity in CLASSES and one.certainty in ("source", "reading")
        assert set(one.masks.values()) <= set(KINDS)


def test_nothing_of_the_most_sensitive_class_is_shown_masked_or_looked_up():
    most = [one for one in SEALED_COLUMNS.values() if one.sensitivity == "C3"]
    assert most and all(not one.masks and not one.indexes for one in most)


def test_the_columns_that_the_source_names_are_c2_and_masked_as_it_says():
    points = sealed_column("work_contactpoint", "value_sealed")
    assert sealed_column("work_party", "id_number_sealed").sensitivity == points.sensitivity == "C2"
    assert masked(points.mask("phone"), "13800138000") == "138****8000"
    assert masked(sealed_column("work_party", "id_number_sealed").mask(), "11010119900307123X") == "1****************X"


def test_a_column_or_kind_that_is_not_declared_has_no_mask():
    with pytest.raises(KeyError):
        sealed_column("work_party", "nickname")
    assert sealed_column("work_contactpoint", "value_sealed").mask("fax") is None


def test_every_column_of_every_table_has_a_class_and_an_undeclared_table_has_none():
    from django.apps import apps

    found = {(model._meta.db_table, field.column): class_of(model._meta.db_table, field.column) for model in apps.get_app_config("work").get_models() for field in model._meta.concrete_fields}
    assert set(found.values()) == set(CLASSES)
    assert {place for place, of in found.items() if of == "C3"} == {("work_account", "password"), ("work_borrowerlogin", "secret"), ("work_attachment", "content_sealed")}
    assert found["work_debt", "claimable_minor"] == "C2" and found["work_team", "code"] == "C1"
    assert all(found[table, column] != "C1" for table, column in SEALED_COLUMNS)
    with pytest.raises(KeyError):
        class_of("work_new", "id")
