"""The change log: what happened, in the one order in which it happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index
from sqlalchemy import Text as TextColumn
from sqlmodel import Field, SQLModel

from app.access.visibility import Visibility
from app.database.packing import Packed
from app.database.tables import Json, closed
from app.vocabularies.term import Term

LAST_POSITION = 2**53 - 1
"""The last whole number that every reader of JSON keeps as it is."""
HASH_LENGTH = 44
"""How long a hash of 32 bytes is in Base64."""
JSON_OR_NULL: Any = JSON(none_as_null=True)

KEY = "key"
"""The kind of the entries that tell of keys."""
RESOURCE_TYPES: set[str] = {KEY}
"""The names of the kinds that the log tells of; each kind of resource adds its own when it is defined."""


class Action(Term):
    """What was done to a resource."""

    created = (
        "created",
        "angelegt",
        "created",
        "Der Eintrag ist neu, oder neu zu sehen.",
        "The resource is new, or new to see.",
    )
    updated = (
        "updated",
        "geändert",
        "updated",
        "Mindestens eine Angabe des Eintrags ist anders.",
        "At least one field of the resource is different.",
    )
    corrected = (
        "corrected",
        "auf bestätigten Vorschlag berichtigt",
        "corrected by a confirmed proposal",
        "Was aktenkundig war, haben beide Seiten zusammen berichtigt.",
        "What was on record was corrected by both sides together.",
    )
    deleted = (
        "deleted",
        "gelöscht",
        "deleted",
        "Der Eintrag ist nicht mehr da, oder nicht mehr zu sehen.",
        "The resource is not there any more, or not to be seen.",
    )
    redacted = (
        "redacted",
        "geschwärzt",
        "redacted",
        "Angaben wurden aus dem Eintrag und aus seiner Geschichte gelöscht; wer sie hat, löscht sie auch.",
        "Values were erased from the resource and from its history; whoever has them erases them, too.",
    )


class LogHead(SQLModel, table=True):
    """The end of the log: one row, which every writing transaction updates last; and what stands before its first entry.

    That is the leaf with the index 0, so that the entry at a position is the leaf with that index. Days are counted in
    `timezone`.
    """

    __tablename__ = "feed"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(primary_key=True)
    position: int = Field(sa_type=BigInteger)
    first_leaf: str = Field(sa_type=TextColumn)
    timezone: str | None = Field(default=None, max_length=64)


class Subject(SQLModel, table=True):
    """What changes are about: every resource that is or was there, and who may or could see it.

    `deleted_version` is that of its last deletion, 0 without one: what it said before is not public any more.
    """

    __tablename__ = "subject"

    id: UUID = Field(primary_key=True)
    kind: str = Field(max_length=60)
    version: int
    visibility: Visibility = Field(sa_type=closed(Visibility))
    deleted_at: datetime | None = None
    deleted_version: int = 0
    agreement_id: UUID | None = Field(default=None, index=True)


class SubjectAbout(SQLModel, table=True):
    """What a subject is or was about: the goals, sub-measures and resources above it that it named at any time."""

    __tablename__ = "subject_about"
    __table_args__ = (Index(None, "about_id", "subject_id"),)

    subject_id: UUID = Field(primary_key=True, foreign_key="subject.id")
    about_id: UUID = Field(primary_key=True)


class Change(SQLModel, table=True):
    """One entry of the log; entries are added and never changed, but for what is redacted.

    Then `redacted_by` is the position of the entry that says so: its `redacts` names each entry that it blanked, with the
    digest of what was left of its data under the salt that it has now.
    """

    __tablename__ = "change"
    __table_args__ = (
        Index(None, "resource_id", "position"),
        Index(None, "resource_type", "position"),
        Index(None, "by_partner_id", "position"),
    )

    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    at: datetime
    action: Action = Field(sa_type=closed(Action))
    resource_type: str = Field(max_length=60)
    resource_id: UUID = Field(foreign_key="subject.id")
    version: int
    visibility: Visibility = Field(sa_type=closed(Visibility))
    previous_visibility: Visibility | None = Field(default=None, sa_type=closed(Visibility, "previous_visibility"))
    by_partner_id: UUID | None = None
    by_key_id: UUID | None = None
    request_id: str | None = Field(default=None, max_length=128)
    changed_fields: list[str] = Field(sa_type=Json)
    data: str | None = Field(default=None, sa_type=Packed)
    proposal_id: UUID | None = None
    reason: str | None = Field(default=None, max_length=200)
    salt: str | None = Field(default=None, max_length=HASH_LENGTH)
    key_ref: str | None = Field(default=None, max_length=HASH_LENGTH)
    data_digest: str = Field(max_length=HASH_LENGTH)
    leaf_hash: str = Field(max_length=HASH_LENGTH)
    redacts: list[dict[str, Any]] | None = Field(default=None, sa_type=JSON_OR_NULL)
    redacted_by: int | None = Field(default=None, sa_type=BigInteger)


class TreeNode(SQLModel, table=True):
    """A complete subtree of the log's Merkle tree: its hash is computed behind the commits, and follows from the leaves.

    One of the first level is over 256 leaves, one of the next over 256 of those.
    """

    __tablename__ = "tree_node"

    level: int = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    hash: str = Field(max_length=HASH_LENGTH)
