"""Blind indexes: equal texts of one lender and field meet, nothing else does, and a new key can be brought in while people look up."""

import hashlib
import hmac

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrears.vault import rotation
from arrears.vault.refused import MissingKey, VaultRefused
from vault.conftest import NOW


def test_spellings_of_one_number_give_one_index_of_16_bytes(shared_vault):
    indexes = shared_vault.blind("bank", "phone", ["13800138000", "+86 138-0013-8000", "008613800138000", "１３８００１３８０００"])
    assert len(set(indexes)) == 1 and len(indexes[0]) == 16


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=12), max_size=20))
def test_indexes_are_equal_where_the_normal_forms_are_and_only_there(shared_vault, texts):
    from arrears.vault.normal_forms import normal_form

    forms = [normal_form("name", text) for text in texts]
    indexes = shared_vault.blind("bank", "name", texts)
    assert len(set(indexes)) == len(set(forms)) and all((index is None) == (not form) for index, form in zip(indexes, forms, strict=True))


def test_another_lender_or_field_gives_another_index(shared_vault):
    places = [("bank", "phone"), ("other", "phone"), ("bank", "id_number"), ("bank", "account")]
    assert len({shared_vault.blind(tenant, field, ["13800138000"])[0] for tenant, field in places}) == 4


def test_the_index_is_the_keyed_hash_that_the_page_says(shared_vault):
    [(_, _, key)] = shared_vault.tenant_keys.for_blinding("bank")
    label = b"".join(len(part).to_bytes(4, "big") + part for part in (b"arrears blind index 1", b"phone"))
    of_field = hmac.new(key, label, hashlib.sha256).digest()
    assert shared_vault.blind("bank", "phone", ["138 0013 8000"]) == [hmac.new(of_field, b"13800138000", hashlib.sha256).digest()[:16]]


def test_a_text_that_is_not_unicode_is_refused_without_being_shown(shared_vault):
    with pytest.raises(VaultRefused) as refusal:
        shared_vault.blind("bank", "name", ["王\ud800"])
    assert "王" not in refusal.value.en + refusal.value.zh and refusal.value.__context__ is None


def test_while_an_index_is_rebuilt_both_are_looked_up_and_then_the_older_key_is_gone(installation):
    here, there = installation.init(), installation.open()
    [old] = here.blind("bank", "phone", ["13800138000"])
    assert rotation.rotate_blind_key(here, "bank", NOW) == 2
    [new] = there.blind("bank", "phone", ["13800138000"])
    assert new != old and there.blind("bank", "phone", ["13800138000"], number=1) == [old]
    assert there.blinds("bank", "phone", "13800138000") == [new, old] and there.blinds("bank", "phone", " ") == []
    assert rotation.retire_blind_keys(here, "bank", NOW) == 1
    assert there.blinds("bank", "phone", "13800138000") == [new]
    with pytest.raises(MissingKey):
        there.blind("bank", "phone", ["13800138000"], number=1)
    assert rotation.retire_blind_keys(here, "bank", NOW) == 0
