"""Any story of sealing, opening, rotating, sealing anew and erasing, told to two processes' vaults: what is alive opens everywhere, who was erased nowhere."""

import uuid

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from arrears.vault import rotation
from arrears.vault.refused import Erased
from arrears.vault.vault import Cell, Sealed
from vault.conftest import NOW

PEOPLE = st.integers(0, 4)


def test_any_story_leaves_what_is_alive_readable_and_who_is_erased_unreadable(module_installation, shared_vault):
    class Story(RuleBasedStateMachine):
        @initialize(cached=st.sampled_from([0, 2, 100]))
        def begin(self, cached):
            self.tenant = f"bank {uuid.uuid4()}"
            self.people = [str(uuid.uuid4()) for _ in range(5)]
            self.vaults = [shared_vault, module_installation.open(cached=cached)]
            self.held: dict[tuple[str, str], tuple[str, bytes]] = {}
            self.erased: set[str] = set()

        @rule(which=st.integers(0, 1), who=PEOPLE, row=st.sampled_from("ab"), text=st.text(st.characters(exclude_categories=("Cs",)), max_size=5))
        def seal(self, which, who, row, text):
            person = self.people[who]
            cell = Cell(person, "party", "name", row, text)
            if person in self.erased:
                with pytest.raises(Erased):
                    self.vaults[which].seal(self.tenant, [cell])
            else:
                self.held[person, row] = (text, self.vaults[which].seal(self.tenant, [cell])[0])

        @rule(which=st.integers(0, 1), who=PEOPLE)
        def erase(self, which, who):
            self.vaults[which].shred(self.tenant, self.people[who], NOW)
            self.erased.add(self.people[who])

        @precondition(lambda self: self.held)
        @rule(which=st.integers(0, 1))
        def rotate_lender(self, which):
            rotation.rotate_tenant_key(self.vaults[which], self.tenant, NOW)

        @rule(which=st.integers(0, 1), is_retired=st.booleans())
        def rotate_provider(self, which, is_retired):
            done = rotation.rotate_provider_key(self.vaults[which], NOW)
            if is_retired:
                rotation.retire_provider_key(self.vaults[1 - which], done.number - 1, NOW)

        @rule(which=st.integers(0, 1), chosen=st.sets(PEOPLE))
        def renew_people(self, which, chosen):
            living = [self.people[who] for who in chosen if self.people[who] not in self.erased]
            rotation.rotate_data_keys(self.vaults[which], self.tenant, living, NOW)

        @rule(which=st.integers(0, 1), is_forgotten=st.booleans())
        def seal_anew(self, which, is_forgotten):
            places = [place for place in self.held if place[0] not in self.erased]
            sealed = [Sealed(person, "party", "name", row, self.held[person, row][1]) for person, row in places]
            for place, fresh in zip(places, rotation.reseal(self.vaults[which], self.tenant, sealed), strict=True):
                if fresh is not None:
                    self.held[place] = (self.held[place][0], fresh)
            if is_forgotten:
                rotation.forget_older_keys(self.vaults[1 - which], self.tenant, [person for person, _ in places])

        @rule()
        def restart(self):
            self.vaults[1].close()
            self.vaults[1] = module_installation.open()

        @invariant()
        def all_that_is_alive_opens_and_nothing_else(self):
            if not hasattr(self, "held"):
                return
            for vault in self.vaults:
                living = [(place, text, whole) for place, (text, whole) in self.held.items() if place[0] not in self.erased]
                assert vault.open(self.tenant, [Sealed(person, "party", "name", row, whole) for (person, row), _, whole in living]) == [text for _, text, _ in living]
                for (person, row), (_, whole) in self.held.items():
                    if person in self.erased:
                        with pytest.raises(Erased):
                            vault.open(self.tenant, [Sealed(person, "party", "name", row, whole)])

        def teardown(self):
            if hasattr(self, "vaults"):
                self.vaults[1].close()

    run_state_machine_as_test(Story, settings=settings(max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)))
