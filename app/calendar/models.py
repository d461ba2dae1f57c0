"""What calendars can be asked for, and the secret addresses that partners have them at."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.access.keys import FEED_PREFIX, checksum
from app.language import Language
from app.resources.lists import ABOUT_GOAL
from app.schema.base import Schema, example
from app.schema.fields import CursorId, Id, Name
from app.vocabularies.level import Level

MOST_FEEDS = 200
EXAMPLE_SECRET = f"{FEED_PREFIX}{'A' * 43}{checksum('A' * 43)}"
SECRET_PATTERN = rf"^{FEED_PREFIX}[A-Za-z0-9_-]{{43}}[0-9a-f]{{8}}$"


class CalendarQuery(Schema):
    """What is to be in a calendar: the filters are those of the lists, and several must all match."""

    partner_id: list[Id] | None = Field(
        default=None,
        max_length=50,
        description="Partner that organises or takes part; for deadlines, that is asked, leads or supports.",
    )
    topic_id: list[Id] | None = Field(default=None, max_length=50, description="Topic that it is about.")
    goal_id: list[Id] | None = Field(default=None, max_length=50, description=ABOUT_GOAL)
    agreement_id: list[Id] | None = Field(default=None, max_length=50, description="Agreement that it belongs to.")
    level: list[Level] | None = Field(
        default=None, max_length=2, description="Level of the event or of the work; decisions have none."
    )
    include: list[Literal["deadlines"]] | None = Field(
        default=None,
        max_length=1,
        description="What else is in it: `deadlines` are the days by which statements are asked for and the milestones of "
        "sub-measures, as events of a whole day.",
    )
    language: Language | None = Field(
        default=None, description="Language of what the register says itself; by default that of Accept-Language."
    )

    @property
    def filters(self) -> Mapping[str, Any]:
        """The filters that are set."""
        return {
            name: value
            for name in self.model_fields_set - {"include", "language"}
            if (value := getattr(self, name)) is not None
        }


class CalendarFeedCreate(Schema):
    """A new secret address."""

    model_config = example({"description": "Kalender der Geschäftsstelle"})

    description: Name | None = Field(default=None, description="Who reads the calendar there.")


EXAMPLE = {
    "id": "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a12",
    "partner_id": "1f58a96e-5589-5e83-b65c-7a44fa066d5f",
    "prefix": EXAMPLE_SECRET[:12],
    "description": "Kalender der Geschäftsstelle",
    "created_at": "2024-08-30T08:00:00Z",
    "revoked_at": None,
    "last_used_on": "2024-08-31",
}


class CalendarFeedPublic(BaseModel):
    """A secret address of a partner's calendar, without the secret."""

    id: UUID = Field(description="Id of the address.")
    partner_id: UUID = Field(description="Partner whose calendar it is: it shows what that partner's readers see.")
    prefix: Annotated[str, Field(max_length=12, pattern=rf"^{FEED_PREFIX}.{{8}}$")] = Field(
        description="Beginning of the secret, to tell addresses apart."
    )
    description: str | None = Field(max_length=200, pattern=r"^.*$", description="Who reads the calendar there.")
    created_at: datetime = Field(description="When it was made (UTC).")
    revoked_at: datetime | None = Field(description="When it was revoked; null: it was not.")
    last_used_on: date | None = Field(description="Last day on which a calendar was read there (UTC).")


class CalendarFeedCreated(CalendarFeedPublic):
    """A new secret address; this is the only time that it is shown."""

    url: str = Field(
        max_length=2048,
        pattern=r"^https?://.+\.ics$",
        description="The address, for calendars to subscribe to; the parameters of the calendar can be added to it.",
    )


class CalendarFeedPage(BaseModel):
    """One page of secret addresses."""

    items: list[CalendarFeedPublic] = Field(
        max_length=MOST_FEEDS, description="The addresses, in the order in which they were made."
    )
    next_cursor: str | None = Field(
        max_length=36, pattern=r"^[0-9a-f-]+$", description="Cursor of the next page; null on the last one."
    )


class CalendarFeedQuery(Schema):
    """Which secret addresses are asked for."""

    limit: int = Field(default=50, ge=1, le=MOST_FEEDS, description="How many addresses a page has at most.")
    cursor: CursorId = Field(default=None, description="`next_cursor` of the page before.")


EXAMPLES: Mapping[str, Any] = {
    CalendarFeedPublic.__name__: EXAMPLE,
    CalendarFeedCreated.__name__: EXAMPLE
    | {"last_used_on": None, "url": f"https://register.example/v1/calendar-feeds/{EXAMPLE_SECRET}.ics"},
    CalendarFeedPage.__name__: {"items": [EXAMPLE], "next_cursor": None},
}
"""Answers for the contract, by the names of their schemas."""
