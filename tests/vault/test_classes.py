"""Classes: every sealed column has one, and a mask that exists or none."""

import pytest

from arrears.vault.classes import CLASSES, SEALED_COLUMNS, sealed_column
from arrears.vault.masks import KINDS, masked


def test_every_sealed_column_has_a_class_a_known_mask_or_none_and_says_how_certain_it_is():
    for (table, column), one in SEALED_COLUMNS.items():
        assert (one.table, one.column) == (table, column)
        assert one.sensitivity in CLASSES and one.certainty in ("source", "reading")
        assert one.mask is None or masked(one.mask, "13800138000x") != "13800138000x"
        assert one.mask is None or one.mask in KINDS


def test_nothing_of_the_most_sensitive_class_is_shown_masked_or_looked_up():
    assert all(one.mask is None and one.index is None for one in SEALED_COLUMNS.values() if one.sensitivity == "C3")


def test_the_columns_that_the_source_names_are_c2_and_masked_as_it_says():
    assert sealed_column("party", "id_number").sensitivity == sealed_column("contact_point", "value").sensitivity == "C2"
    assert masked(sealed_column("contact_point", "value").mask, "13800138000") == "138****8000"
    assert masked(sealed_column("party", "id_number").mask, "11010119900307123X") == "1****************X"


def test_a_column_that_is_not_declared_cannot_be_treated():
    with pytest.raises(KeyError):
        sealed_column("party", "nickname")
