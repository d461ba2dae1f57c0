"""What is sent about a resource under another system's id: that of its creation, where references may be such ids, too."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Self, cast, get_args

from pydantic import create_model
from sqlmodel import Field, SQLModel

from app.catalogue import FEATURES
from app.resources.external_ids import ExternalId, IdentifiedAsBefore
from app.resources.kind import Kind
from app.resources.references import foreign_keys
from app.schema.base import Schema
from app.schema.fields import Id

SUBJECT = "subject_id"


@dataclass(frozen=True)
class Pointing:
    """A field by which something refers to a resource by its id, and the one that takes the id of another system instead.

    `target` is the kind that it leads to; None for a subject, whose kind is said beside it. `among` is the list in whose
    entries the field stands.
    """

    name: str
    target: str | None
    among: str | None = None

    @property
    def is_list(self) -> bool:
        """Whether it refers to several."""
        return self.name.endswith("_ids")

    @property
    def instead(self) -> str:
        """The name for ids of other systems: `goal` for `goal_id`, `goals` for `goal_ids`."""
        if not self.is_list:
            return self.name.removesuffix("_id")
        stem = self.name.removesuffix("_ids")
        return stem if stem.endswith("_of") else f"{stem}s"


def pointings(kind: Kind[Any]) -> Iterator[Pointing]:
    """Every field by which something of a kind refers to something."""
    fields = kind.create.model_fields
    if kind.has_subject:
        yield Pointing(SUBJECT, None)
    for column, target in foreign_keys(kind.table):
        if column.name in fields:
            yield Pointing(column.name, target.name)
    for name, child in kind.lists.items():
        for column, target in foreign_keys(child.table):
            if column.name == child.value:
                yield Pointing(name, target.name)
            elif column.name != child.parent:
                yield Pointing(column.name, target.name, among=name)


@dataclass(frozen=True)
class Intake:
    """What is sent about resources of a kind: the schema, and where it can refer to something."""

    kind: Kind[Any]
    body: type[Schema]
    pointings: tuple[Pointing, ...]

    @classmethod
    def of(cls, kind: Kind[Any]) -> Self:
        """What is sent about resources of this kind."""
        named = tuple(pointings(kind))
        return cls(kind, body_of(kind, named), named)


def body_of(kind: Kind[Any], named: Sequence[Pointing]) -> type[Schema]:
    """The schema of what is put under another system's id."""
    noun = kind.create.__name__.removesuffix("Create")
    fields: dict[str, Any] = dict(alternatives(kind.create, [each for each in named if each.among is None]))
    for name in dict.fromkeys(each.among for each in named if each.among is not None):
        entry = entry_of(kind, name, [each for each in named if each.among == name])
        field = copy(kind.create.model_fields[name])
        fields[name] = (list[entry], field)  # type: ignore[valid-type]  # made just now
    known = IdentifiedAsBefore.model_fields["external_ids"]
    fields["external_ids"] = (known.annotation, known)
    made: Any = create_model(
        f"{noun}External", __base__=kind.create, __module__=__name__, __doc__=kind.create.__doc__, **fields
    )
    return cast("type[Schema]", made)


def entry_of(kind: Kind[Any], name: str, named: Sequence[Pointing]) -> type[Schema]:
    """The schema of an entry of a list, in which its references may be ids of other systems."""
    [schema] = get_args(kind.create.model_fields[name].annotation)
    made: Any = create_model(
        f"{schema.__name__}External",
        __base__=schema,
        __module__=__name__,
        __doc__=schema.__doc__,
        **dict(alternatives(schema, named)),
    )
    return cast("type[Schema]", made)


def alternatives(schema: type[SQLModel], named: Sequence[Pointing]) -> Iterator[tuple[str, Any]]:
    """The fields of a schema that refer to something, none of which must be there, and those that can stand instead."""
    for each in named:
        field = copy(schema.model_fields[each.name])
        if each.is_list:
            field.description = f"{field.description} Those of `{each.instead}` follow them."
            yield each.name, (field.annotation, field)
            yield (
                each.instead,
                (
                    list[ExternalId],
                    Field(
                        default_factory=list,
                        max_length=200,
                        description=f"The same, by ids of other systems: {each.name}.",
                    ),
                ),
            )
        else:
            either = f" Or `{each.instead}` is given."
            yield each.name, (Id | None, Field(default=None, description=f"{field.description}{either}"))
            yield (
                each.instead,
                (
                    ExternalId | None,
                    Field(default=None, description=f"What `{each.name}` names, by the id of another system."),
                ),
            )


def said_in(body: Schema) -> dict[str, Any]:
    """What a body says, without what it leaves out."""
    return body.model_dump(mode="json", exclude_unset=True)


INTAKES: Mapping[str, Intake] = {each.kind.plural: Intake.of(each.kind) for each in FEATURES}
"""What is sent about resources of each kind, by what it is called."""
