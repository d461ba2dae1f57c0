"""What callers ask of the change log, and what they get of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel
from pydantic import Field as PlainField

from app.access.visibility import Visibility
from app.changes.models import HASH_LENGTH, LAST_POSITION, RESOURCE_TYPES, Action
from app.schema.base import Schema
from app.schema.fields import Cursor, Id, Version
from app.schema.names import named, one_of

MOST_CHANGES = 500
HASH_PATTERN = r"^[A-Za-z0-9+/]{43}=$"
CURSOR_PATTERN = r"^[A-Za-z0-9_-]+$"


def types() -> Iterable[str]:
    """The names of what changes are told of; those of no kind would be awaited for ever."""
    return RESOURCE_TYPES


ResourceType = Annotated[str, named(types), one_of(types)]


Position = Annotated[int, PlainField(ge=1, le=LAST_POSITION, json_schema_extra={"format": "int64"})]
Hash = Annotated[str, PlainField(max_length=HASH_LENGTH, pattern=HASH_PATTERN)]
ChangedFields = Annotated[
    list[Annotated[str, PlainField(max_length=60, pattern="^[a-z_]+$")]], PlainField(max_length=60)
]


class Actor(BaseModel):
    """Who made a change."""

    partner_id: UUID = PlainField(description="Partner whose key was used.")


class RedactedEntry(BaseModel):
    """An entry of which values were erased."""

    position: Position = PlainField(description="Its position in the log.")
    data_digest: Hash = PlainField(
        description="SHA-256 of its new salt and of the canonical JSON of what is left of its `data`, in Base64."
    )


class Leaf(BaseModel):
    """What an entry says for ever, in the tree that proofs are about; its text is its canonical JSON (RFC 8785).

    Its index in the tree is the entry's position.
    """

    at: str = PlainField(
        max_length=27,
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
        description="When the change was made (UTC), with microseconds.",
    )
    action: Action = PlainField(description="What was done.")
    resource_type: str = PlainField(max_length=60, pattern="^[a-z_]+$", description="Kind of resource.")
    resource_id: UUID = PlainField(description="Id of the resource.")
    version: Version = PlainField(description="Version of the resource after the change.")
    visibility: Visibility = PlainField(description="Who may read the resource after the change.")
    previous_visibility: Visibility | None = PlainField(description="Who could read it before; null for what was new.")
    by_partner_id: UUID | None = PlainField(description="Partner whose key was used.")
    key_ref: Hash | None = PlainField(
        description="SHA-256 of the salt and the id of the key that was used, in Base64; null for the register's commands."
    )
    changed_fields: ChangedFields = PlainField(description="Names of the fields that changed.")
    proposal_id: UUID | None = PlainField(description="The proposal whose confirmation corrected it.")
    reason: str | None = PlainField(max_length=200, pattern="^.*$", description="Why it was done, where that is said.")
    data_digest: Hash = PlainField(
        description="SHA-256 of the salt and of the canonical JSON of `data`, in Base64; of the salt alone where there is none."
    )
    redacts: list[RedactedEntry] = PlainField(
        default_factory=list,
        max_length=2**31 - 1,
        description="With `redacted`: the entries of the resource of which the `changed_fields` were erased.",
    )


class ChangePublic(BaseModel):
    """One change of one resource."""

    position: Position = PlainField(
        description="Position in the log: 1, 2, 3 and so on in the order of the commits; the key to drop doubles by."
    )
    at: datetime = PlainField(description="When the change was made (UTC).")
    action: Action = PlainField(
        description=f"What was done, as the caller sees it: {Action.explained()}. What left the caller's view is deleted."
    )
    resource_type: str = PlainField(
        max_length=60, pattern="^[a-z_]+$", description="Kind of resource, as in `sub_measure`."
    )
    resource_id: UUID = PlainField(description="Id of the resource.")
    version: Version = PlainField(description="Version of the resource after the change.")
    changed_fields: ChangedFields = PlainField(description="Names of the fields that changed.")
    by: Actor | None = PlainField(description="Who made the change; null for the register's own commands.")
    proposal_id: UUID | None = PlainField(
        description="The proposal whose confirmation corrected it, where the caller may see that: there is why."
    )
    data: dict[str, Any] | None = PlainField(
        description="The resource as it was then; null when it was deleted, and, for the public, what it was before that."
    )
    leaf: Leaf | None = PlainField(
        description="The entry in the log's tree; null where the caller does not see all that it says."
    )
    salt: Hash | None = PlainField(
        description="32 random bytes in Base64, with which `leaf.data_digest` can be checked; null where there is no `data`. "
        "That of a redacted entry is another one than at first."
    )
    redacted_by: Position | None = PlainField(
        description="Position of the entry that says that values of this one were erased, and against whose `leaf.redacts` "
        "its `data` is checked; null where nothing was.",
    )


class ChangePage(BaseModel):
    """Changes in the order in which they were committed."""

    items: list[ChangePublic] = PlainField(max_length=MOST_CHANGES, description="The changes.")
    next_cursor: str = PlainField(
        max_length=200,
        pattern=CURSOR_PATTERN,
        description="Where to go on; always there, and behind what was passed over.",
    )
    more: bool = PlainField(description="Whether there are more changes now.")


class ChangeQuery(Schema):
    """Which changes are asked for."""

    cursor: Cursor = PlainField(
        None,
        description="`next_cursor` of the answer before; none: from the beginning.",
    )
    limit: int = PlainField(100, ge=1, le=MOST_CHANGES, description="How many changes to answer at most.")


class FeedQuery(ChangeQuery):
    """Which changes of all are asked for."""

    after_position: Annotated[int, PlainField(ge=0, le=LAST_POSITION, json_schema_extra={"format": "int64"})] = (
        PlainField(
            0,
            description="Where to begin without a `cursor`: behind what is known already, such as the `Change-Position` of an "
            "export.",
        )
    )
    type: list[ResourceType] | None = PlainField(
        None, max_length=20, description="Kind of resource, such as `sub_measure`; more than one: any of them."
    )
    partner_id: list[Id] | None = PlainField(None, max_length=50, description="Partner that made the change.")
    agreement_id: list[Id] | None = PlainField(
        None, max_length=50, description="Agreement that the resource belongs to, or belonged to when it was deleted."
    )
    goal_id: list[Id] | None = PlainField(
        None,
        max_length=50,
        description="Goal that the resource is or was about, itself or by one of the goal's sub-measures; the goal's and "
        "their own changes included.",
    )


class WaitingFeedQuery(FeedQuery):
    """Which changes are asked for, and how long to wait for one."""

    wait: int = PlainField(
        0, ge=0, le=30, description="Seconds to wait for a change when there is none (long polling)."
    )
