"""What a resource becomes by what is put under another system's id."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from app.access.voices import Standing
from app.http.errors import Invalid
from app.http.problems import at
from app.language import Text
from app.resources.checking import content_of
from app.resources.external_ids import EXTERNAL_IDS, ExternalId
from app.resources.kind import Kind
from app.resources.schema import Stored

NEVER_CHANGES = Text("Das bleibt, wie es beim Anlegen war.", "This stays what it was when the resource was created.")


def identified(said: Mapping[str, Any], before: Sequence[Any], own: ExternalId) -> list[Any]:
    """The ids of other systems, where the one under which it is put is always among them."""
    named = list(said.get(EXTERNAL_IDS, before))
    entry = own.model_dump(mode="json")
    return named if entry in named else [*named, entry]


def replaced(kind: Kind[Any], row: Stored, said: Mapping[str, Any], standing: Standing) -> dict[str, Any]:
    """The representation of a stored resource after it is replaced; raises Invalid with what is wrong.

    What is not said is as in something new, but for what stays: the state, what the register gave it, what never
    changes, and words that are not the caller's to say.
    """
    before = json.loads(row.representation)
    content = {name: value for name, value in said.items() if value is not None or not is_given(kind, name)}
    kept = {name for name in kind.create.model_fields if name not in content and stays(kind, name, before, standing)}
    content |= {name: before[name] for name in kept}
    for name, child in kind.lists.items():
        if child.owner is not None and name in content and child.unique is not None:
            there = {entry[child.unique]: entry for entry in before[name]}
            content[name] = [{**there.get(entry.get(child.unique), {}), **entry} for entry in content[name]]
    after = content_of(kind, content).model_dump(mode="json")
    fixed = [name for name in unchangeable(kind) if after[name] != before[name]]
    if fixed:
        raise Invalid(errors=[at(name, code="never_changes", detail=NEVER_CHANGES) for name in fixed])
    return {**before, **after}


def stays(kind: Kind[Any], name: str, before: Mapping[str, Any], standing: Standing) -> bool:
    """Whether a field that is not said stays as it is."""
    is_below = kind.within is not None and name == "visibility"
    if name in (kind.state, EXTERNAL_IDS) or is_below or name in unchangeable(kind) or is_given(kind, name):
        return True
    return not kind.rights.of_field(name, before.get(kind.state), is_new=False) & standing.voices


def unchangeable(kind: Kind[Any]) -> set[str]:
    """What is said of something new only."""
    update = kind.update or kind.correction
    return set() if update is None else kind.create.model_fields.keys() - update.model_fields.keys()


def is_given(kind: Kind[Any], name: str) -> bool:
    """Whether the register gives a field its value where nothing is said: null is sent then, and never answered."""
    public = kind.public.model_fields.get(name)
    takes_null = type(None) in get_args(kind.create.model_fields[name].annotation)
    return takes_null and public is not None and type(None) not in get_args(public.annotation)
