"""Whose words the fields of a resource are: what its kind declares, and which of them a write says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from app.access.voices import Voice, Voices

Said = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """Fields, and values of the state, that are others' to say than the rest.

    `during` are the states in which that holds of the fields, without it all of them; who is in `at_first` may also say
    them of what is new. `yielding_to` are the states by which others can follow these; without it they can by all of
    theirs.
    """

    by: Voices
    fields: tuple[str, ...] = ()
    states: frozenset[Any] = frozenset()
    during: frozenset[Any] | None = None
    at_first: Voices = frozenset()
    yielding_to: frozenset[Any] | None = None


@dataclass(frozen=True)
class Rights:
    """Who writes a resource, or an entry of a list: `by` writes all that no `words` name."""

    by: Voices
    words: tuple[Words, ...] = ()

    @property
    def voices(self) -> Voices:
        """Who writes any of it."""
        return self.by.union(*(each.by | each.at_first for each in self.words))

    def of_field(self, name: str, state: Any, *, is_new: bool) -> Voices:
        """Who writes a field while the state is this one."""
        for each in self.words:
            if name in each.fields and (each.during is None or state in each.during):
                return each.by | each.at_first if is_new else each.by
        return self.by

    def of_state(self, state: Any) -> Voices:
        """Who lets the state be this one."""
        return next((each.by for each in self.words if state in each.states), self.by)

    def of_step(self, before: Any, after: Any) -> Iterator[Voices]:
        """Who lets the state go from one to another: whoever says what follows, and whose word would be gone."""
        yield self.of_state(after)
        kept = next((each.yielding_to for each in self.words if before in each.states), None)
        if kept is not None and after not in kept:
            yield self.of_state(before)


BY_OPERATORS = Rights(frozenset({Voice.operator}))
BY_COORDINATORS = Rights(frozenset({Voice.coordinator}))
BY_PARTIES = Rights(frozenset({Voice.party}))
BY_OWNER_TOO = Rights(frozenset({Voice.partner, Voice.coordinator}))
"""For what a partner leads or organises, and coordinators keep too."""


@dataclass(frozen=True)
class Difference:
    """What something becomes, as callers write it: nothing was before what is new, nothing is after what is deleted."""

    before: Said | None
    after: Said | None
    defaults: Said

    @cached_property
    def now(self) -> Said:
        """What it is, or was at last."""
        said = self.before if self.after is None else self.after
        return said or {}

    def says(self, name: str) -> bool:
        """Whether a field is said otherwise than it was; of what is new or deleted, whether it says anything at all."""
        if self.before is not None and self.after is not None:
            return bool(self.before[name] != self.after[name])
        return name not in self.defaults or self.now[name] != self.defaults[name]


def claims(rights: Rights, state: str, change: Difference, names: Iterable[str]) -> Iterator[tuple[str, Voices]]:
    """The fields that a change says something in, each with whose words that is.

    A state is said of whatever is new, and unsaid of what is deleted, also where it is the usual one.
    """
    for name in names:
        if name == state:
            yield from ((name, by) for by in of_state(rights, name, change))
        elif change.says(name):
            yield name, rights.of_field(name, change.now.get(state), is_new=change.before is None)


def of_state(rights: Rights, name: str, change: Difference) -> Iterator[Voices]:
    """Who lets the state be what it becomes, if it becomes another one."""
    if change.before is None or change.after is None:
        yield rights.of_state(change.now[name])
    elif change.says(name):
        yield from rights.of_step(change.before[name], change.after[name])


@cache
def defaults_of(model: type[BaseModel]) -> Said:
    """What the fields of a schema are when nothing is said, as callers would write it."""
    fields = {name: field for name, field in model.model_fields.items() if not field.is_required()}
    return {name: to_jsonable_python(field.get_default(call_default_factory=True)) for name, field in fields.items()}
