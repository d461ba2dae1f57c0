"""Whose words the fields of each kind are, as its rights declare it."""

from typing import Any

import pytest

from app.access.voices import Voice
from app.catalogue import FEATURES
from app.resources.kind import Kind
from app.resources.words import BY_OPERATORS

DECLARED = [each.kind for each in FEATURES if each.kind.rights.words and each.kind.rights.by != BY_OPERATORS.by]
KEPT = {"statement": ("received_on",)}
"""What no side says, and who keeps the register does: when something came."""


@pytest.mark.parametrize("kind", DECLARED, ids=lambda kind: str(kind.type))
class TestRights:
    def test_name_fields_that_there_are(self, kind: Kind[Any]) -> None:
        fields = {name for words in kind.rights.words for name in words.fields}
        assert fields <= kind.public.model_fields.keys()
        states = {state for words in kind.rights.words for state in (*words.states, *(words.during or ()))}
        assert states <= set(kind.transitions or ())

    def test_give_no_admin_and_no_other_coordinator_what_a_side_says(self, kind: Kind[Any]) -> None:
        for words in kind.rights.words:
            if words.fields == KEPT.get(kind.type):
                continue
            assert not words.by & {Voice.admin, Voice.operator, Voice.coordinator}
