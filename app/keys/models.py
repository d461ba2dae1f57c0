"""Keys as admins see them: everything but the key, which is shown once."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from app.access.keys import checksum
from app.access.parties import Side
from app.access.roles import Role
from app.schema.base import Schema, example
from app.schema.fields import SLUG_PATTERN, CursorId, Id, Moment, Name
from app.schema.text import LINE_PATTERN

MOST_KEYS = 200
DAYS = 365
MOST_AGREEMENTS = 200
KEY_PATTERN = r"^crk_[A-Za-z0-9_-]{43}[0-9a-f]{8}$"


def in_a_year() -> datetime:
    """When a key ends for which nothing else is said."""
    return datetime.now(UTC) + timedelta(days=DAYS)


class KeyCreate(Schema):
    """A new key."""

    model_config = example(
        {
            "partner_id": "1f58a96e-5589-5e83-b65c-7a44fa066d5f",
            "role": "contributor",
            "description": "Nächtlicher Abgleich der Fachanwendung",
            "expires_at": "2027-12-31T23:59:59Z",
        }
    )

    partner_id: Id = Field(description="Partner that the key belongs to.")
    role: Role = Field(description=f"What it allows: {Role.explained()}.")
    description: Name | None = Field(default=None, description="What the key is for.")
    expires_at: Moment | None = Field(
        default_factory=in_a_year, description="When it stops working; not given: in 365 days; null: never."
    )


class KeyRotation(Schema):
    """How a key is replaced."""

    model_config = example({"overlap_hours": 24})

    overlap_hours: int = Field(
        default=24, ge=0, le=720, description="Hours for which the old key goes on working beside the new one."
    )


EXAMPLE = {
    "id": "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11",
    "partner_id": "1f58a96e-5589-5e83-b65c-7a44fa066d5f",
    "role": "contributor",
    "prefix": "crk_AAAAAAAA",
    "description": "Nächtlicher Abgleich der Fachanwendung",
    "created_at": "2024-08-30T08:00:00Z",
    "expires_at": "2027-12-31T23:59:59Z",
    "revoked_at": None,
    "last_used_on": "2024-08-31",
}


class KeyPublic(BaseModel):
    """A key, without the key."""

    id: UUID = Field(description="Id of the key.")
    partner_id: UUID = Field(description="Partner that the key belongs to.")
    role: Role = Field(description=f"What it allows: {Role.explained()}.")
    prefix: str = Field(max_length=12, pattern=r"^crk_.{8}$", description="Beginning of the key, to tell keys apart.")
    description: str | None = Field(max_length=200, pattern=r"^.*$", description="What the key is for.")
    created_at: datetime = Field(description="When it was made (UTC).")
    expires_at: datetime | None = Field(description="When it stops working; null: never.")
    revoked_at: datetime | None = Field(description="When it was revoked; null: it was not.")
    last_used_on: date | None = Field(description="Last day on which it was used (UTC).")


class KeyPartner(BaseModel):
    """The partner that a key belongs to."""

    id: UUID = Field(description="Id of the partner.")
    slug: str = Field(max_length=80, pattern=SLUG_PATTERN, description="Short name of the partner.")
    name: str = Field(max_length=300, pattern=LINE_PATTERN, description="Official name of the partner.")


class KeyAgreement(BaseModel):
    """An agreement that the partner of a key is a party of today."""

    id: UUID = Field(description="Id of the agreement.")
    slug: str = Field(max_length=80, pattern=SLUG_PATTERN, description="Short name of the agreement.")
    title: str = Field(max_length=300, pattern=LINE_PATTERN, description="Title of the agreement.")
    side: Side = Field(description=f"On which side the partner stands: {Side.explained()}.")


class KeyCurrent(BaseModel):
    """The key that a request is sent with: whose it is, and what can be done with it today."""

    id: UUID = Field(description="Id of the key.")
    prefix: str = Field(max_length=12, pattern=r"^crk_.{8}$", description="Beginning of the key, to tell keys apart.")
    description: str | None = Field(max_length=200, pattern=r"^.*$", description="What the key is for.")
    role: Role = Field(description=f"What it allows: {Role.explained()}.")
    partner: KeyPartner = Field(description="Partner that the key belongs to.")
    agreements: list[KeyAgreement] = Field(
        max_length=MOST_AGREEMENTS, description="The agreements that the partner is a party of today, by title."
    )
    created_at: datetime = Field(description="When it was made (UTC).")
    expires_at: datetime | None = Field(description="When it stops working; null: never.")
    last_used_on: date | None = Field(description="Last day on which it was used (UTC).")


class KeyCreated(KeyPublic):
    """A new key; this is the only time that the key itself is shown."""

    key: str = Field(max_length=55, pattern=KEY_PATTERN, description="The key, to be sent as `Authorization: Bearer`.")


class KeyPage(BaseModel):
    """One page of keys."""

    items: list[KeyPublic] = Field(max_length=MOST_KEYS, description="The keys, in the order in which they were made.")
    next_cursor: str | None = Field(
        max_length=36, pattern=r"^[0-9a-f-]+$", description="Cursor of the next page; null on the last one."
    )


class KeyQuery(Schema):
    """Which keys are asked for."""

    limit: int = Field(default=50, ge=1, le=MOST_KEYS, description="How many keys a page has at most.")
    cursor: CursorId = Field(default=None, description="`next_cursor` of the page before.")
    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that the key belongs to.")
    role: list[Role] | None = Field(default=None, max_length=len(Role), description="What the key allows.")


EXAMPLES: Mapping[str, Any] = {
    KeyPublic.__name__: EXAMPLE,
    KeyCreated.__name__: EXAMPLE | {"last_used_on": None, "key": f"crk_{'A' * 43}{checksum('A' * 43)}"},
    KeyCurrent.__name__: {
        **{name: value for name, value in EXAMPLE.items() if name not in ("partner_id", "revoked_at")},
        "partner": {
            "id": EXAMPLE["partner_id"],
            "slug": "caritas-dresden",
            "name": "Caritasverband für Dresden e. V.",
        },
        "agreements": [
            {
                "id": "a5bee32d-270e-5adc-96d8-cda1c6650974",
                "slug": "dresden-liga-2024",
                "title": "Kooperationsvereinbarung Landeshauptstadt Dresden und Liga der freien Wohlfahrtspflege Dresden",
                "side": "associations",
            }
        ],
    },
    KeyPage.__name__: {"items": [EXAMPLE], "next_cursor": None},
}
"""Answers for the contract, by the names of their schemas."""
