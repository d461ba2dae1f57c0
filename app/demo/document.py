"""The file of the invented year: what the API would be sent, with slugs, numbers and names in place of ids."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from pydantic import ConfigDict, Field
from sqlalchemy import Table

from app.resources.ids import demo_id, named_id
from app.resources.kind import KINDS, Kind
from app.resources.parts import ChildList
from app.resources.references import foreign_keys
from app.schema.fields import Day, Moment, Slug
from app.seed.parts import Part
from app.seed.plain_yaml import PlainLoader, plain


class Said(Part):
    """Whatever else stands here is the body of a request; the API's own schemas judge it when it is written."""

    model_config = ConfigDict(extra="allow")

    @property
    def body(self) -> dict[str, Any]:
        """What the API would be sent."""
        return dict(self.model_extra or {})


class Step(Said):
    """A change of what is there, with the time at which it was made and who made it, where the record shows that.

    A decision that begins as `reported` is reported by who makes it.
    """

    at: Moment | None = None
    by: Slug | None = None


class Entry(Step):
    """Something new, and what became of it."""

    id: Slug = Field(description="A name for it in this file; its id is made from this.")
    then: list[Step] = Field(default_factory=list)


class MeasurePart(Said):
    """A change of a sub-measure of the agreement."""

    code: str


class StatementPart(Said):
    """What a partner said; the city's answer is written after the decision."""

    partner_id: Slug
    said_at: Moment
    answer: dict[str, Any] = Field(default_factory=dict)


class EventPart(Said):
    """What becomes of an event once a decision is there, as that it stands on its agenda."""

    id: Slug


class DecisionPart(Entry):
    events: list[EventPart] = Field(default_factory=list, description="Events that are about it, changed for it.")
    answered_at: Moment | None = Field(default=None, description="When the city answered the statements.")
    statements: list[StatementPart] = Field(default_factory=list)
    late_statements: list[StatementPart] = Field(default_factory=list, description="Said when it was decided already.")


class ObservationPart(Said):
    on: Day


class IndicatorPart(Entry):
    observations: list[ObservationPart] = Field(default_factory=list)


class DemoFile(Part):
    """A year of cooperation, in the order in which it is written."""

    agreement: Slug
    partners: list[Entry]
    sub_measures: list[MeasurePart]
    consultation_events: list[Entry]
    decisions: list[DecisionPart]
    needs: list[Entry]
    indicators: list[IndicatorPart]
    progress_reports: list[Entry]
    objections: list[Entry]
    proposals: list[Entry]

    def id_of(self, kind: str, name: Any) -> UUID:
        """The id of what a name in this file stands for: a partner's slug, a goal's number, a sub-measure's code."""
        match kind:
            case "agreement":
                return named_id("agreements", name)
            case "partner":
                return named_id("partners", name)
            case "topic" | "goal":
                return named_id(KINDS[kind].path, self.agreement, name)
            case "sub_measure":
                return named_id("sub-measures", self.agreement, *str(name).split("."))
            case _:
                return demo_id(KINDS[kind].path, name)

    def with_ids(self, kind: Kind[Any], body: Mapping[str, Any]) -> dict[str, Any]:
        """A body as the API would be sent it, with ids in place of names."""
        named = dict(body)
        if "subject_id" in named:
            named["subject_id"] = self.id_of(named["subject_type"], named["subject_id"])
        for column, target in foreign_keys(kind.table):
            if named.get(column.name) is not None:
                named[column.name] = self.id_of(target.name, named[column.name])
        for name, child in kind.lists.items():
            for field, target in references_in(child):
                if name in named:
                    named[name] = [self.entry(child, field, target, each) for each in named[name]]
        return named

    def entry(self, child: ChildList, field: str, target: Table, entry: Any) -> Any:
        """An entry of a list with an id in place of a name."""
        if child.value:
            return self.id_of(target.name, entry)
        return entry | {field: self.id_of(target.name, entry[field])} if entry.get(field) else entry


def references_in(child: ChildList) -> Iterator[tuple[str, Table]]:
    """The columns of a list that refer to something, each with the table that it refers to."""
    return ((column.name, target) for column, target in foreign_keys(child.table) if column.name != child.parent)


def read_demo(path: Path) -> DemoFile:
    """The invented year in a file."""
    return DemoFile.model_validate(plain(yaml.compose(path.read_text("utf-8"), Loader=PlainLoader), path))
