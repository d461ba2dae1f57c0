"""Endpoints of webhooks, and what was tried to deliver to each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic import Field as Bound
from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from app.catalogue import DRESDEN, FEATURES
from app.changes.models import KEY, LAST_POSITION, Action
from app.changes.schemas import Position
from app.database.tables import Json, closed
from app.resources.ids import named_id, shown_id
from app.resources.schema import Stamped
from app.schema.base import Patch, Schema, example
from app.schema.fields import CursorId, Flag, Id, Ids, Name, Url, only_number, without_repetition
from app.schema.names import one_of
from app.webhooks.terms import DisabledBecause, Failure, OwnChanges

MOST_LISTED = 200
MOST_KEPT = 500
"""How many attempts are kept for each endpoint."""
SECRET_PATTERN = r"^whsec_[A-Za-z0-9+/]{43}=$"  # noqa: S105 (the form of a secret)

EVERYTHING = "*"
PING = "ping"
EVENT_TYPES: Mapping[str, tuple[str, Action]] = {
    f"{type}.{action}": (type, action)
    for type in (*(feature.kind.type for feature in FEATURES), KEY)
    for action in Action
}
"""What can happen to each kind of resource, and to keys, by the name of the event."""

# What never happens would be awaited for ever.
EventType = Annotated[
    str,
    Bound(json_schema_extra={"enum": [EVERYTHING, *EVENT_TYPES]}),
    one_of(lambda: (EVERYTHING, *EVENT_TYPES)),
]
EventTypes = Annotated[
    list[EventType],
    Bound(min_length=1, max_length=len(EVENT_TYPES), json_schema_extra={"uniqueItems": True}),
    AfterValidator(without_repetition),
]
GivenPosition = Annotated[Position, BeforeValidator(only_number)]


class EndpointBase(Schema):
    """What a partner says of an endpoint."""

    url: Url = Field(description="Where changes are sent to: an https address on port 443 or 8443.")
    description: Name | None = Field(default=None, description="What it is for.")
    event_types: EventTypes = Field(
        default=[EVERYTHING],
        sa_type=Json,
        description="What is sent: the kind of the resource and what was done to it, as in `sub_measure.updated`; `*` is "
        "everything, also of kinds that later versions add.",
    )
    agreement_ids: Ids = Field(
        default=[], sa_type=Json, description="Agreements whose changes are sent; none: those of all."
    )
    own_changes: OwnChanges = Field(
        default=OwnChanges.included,
        sa_type=closed(OwnChanges),
        description=f"What becomes of changes that the endpoint's own partner made: {OwnChanges.explained()}.",
    )


class WebhookEndpoint(EndpointBase, Stamped, table=True):
    """An endpoint, and how far the feed was delivered to it.

    Everything up to `position` has arrived or is not asked for. `lease` is whose turn it is to deliver, until
    `lease_until`.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (Index(None, "partner_id", "id"), Index(None, "next_attempt_at", "id"))

    partner_id: UUID = Field(foreign_key="partner.id", ondelete="CASCADE")
    generation: int
    old_secret_until: datetime | None = None
    is_enabled: bool
    disabled_because: DisabledBecause | None = Field(default=None, sa_type=closed(DisabledBecause))
    disabled_at: datetime | None = None
    position: int = Field(sa_type=BigInteger)
    replay_after: int | None = Field(default=None, sa_type=BigInteger)
    replay_until: int | None = Field(default=None, sa_type=BigInteger)
    ping_id: UUID | None = None
    failures: int
    failing_since: datetime | None = None
    next_attempt_at: datetime
    lease: UUID | None = None
    lease_until: datetime | None = None


class WebhookDelivery(SQLModel, table=True):
    """One attempt to deliver something to an endpoint."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index(None, "endpoint_id", "id"),)

    id: UUID = Field(primary_key=True)
    endpoint_id: UUID = Field(foreign_key="webhook_endpoint.id", ondelete="CASCADE")
    message_id: str = Field(max_length=120)
    event_type: str = Field(max_length=80)
    position: int | None = Field(default=None, sa_type=BigInteger)
    attempt: int
    at: datetime
    milliseconds: int
    status: int | None = None
    failure: Failure | None = Field(default=None, sa_type=closed(Failure))


SENT = {
    "url": "https://intranet.awo-dresden.example/register",
    "description": "Fachanwendung",
    "event_types": ["sub_measure.updated", "consultation_event.created", "consultation_event.updated"],
    "agreement_ids": [str(named_id("agreements", DRESDEN))],
    "own_changes": "excluded",
}


class WebhookEndpointCreate(EndpointBase):
    """A new endpoint."""

    model_config = example(SENT)


class WebhookEndpointUpdate(EndpointBase, Patch):
    """The fields to change; an absent field keeps its value. What was not delivered yet is judged by the new ones."""

    model_config = example({"is_enabled": True})

    is_enabled: Flag = Field(
        description="Whether changes are sent. Enabled again, an endpoint goes on where it was: nothing is left out."
    )


class SecretRotation(Schema):
    """How a secret is replaced."""

    model_config = example({"overlap_hours": 24})

    overlap_hours: Annotated[int, Bound(ge=0, le=720), BeforeValidator(only_number)] = Field(
        default=24, description="Hours for which messages are signed with the old secret too."
    )


class Replay(Schema):
    """What is delivered once more."""

    model_config = example({"from_position": 40, "to_position": 42})

    from_position: GivenPosition = Field(description="The first position.")
    to_position: GivenPosition | None = Field(
        default=None, description="The last position; none: as far as the endpoint has come."
    )


class WebhookEndpointPublic(EndpointBase, Stamped):
    """An endpoint, without its secret."""

    partner_id: UUID = Field(description="Partner whose it is: what its keys see is sent.")
    is_enabled: bool = Field(description="Whether changes are sent.")
    disabled_because: DisabledBecause | None = Field(
        description=f"Why the register itself stopped: {DisabledBecause.explained()}; null where it did not."
    )
    disabled_at: datetime | None = Field(description="When the register stopped (UTC).")
    old_secret_until: datetime | None = Field(
        description="Until when messages are signed with the secret before, too (UTC); null where there is none."
    )


class WebhookEndpointCreated(WebhookEndpointPublic):
    """An endpoint with its secret; this is the only time that the secret is shown."""

    secret: str = Field(
        max_length=50, schema_extra={"pattern": SECRET_PATTERN}, description="The secret of its signatures."
    )


class WebhookEndpointPage(BaseModel):
    """One page of endpoints."""

    items: list[WebhookEndpointPublic] = Bound(
        max_length=MOST_LISTED, description="The endpoints, in the order in which they were made."
    )
    next_cursor: str | None = Bound(
        max_length=36, pattern=r"^[0-9a-f-]+$", description="Cursor of the next page; null on the last one."
    )


class WebhookDeliveryPublic(BaseModel):
    """One attempt to deliver something."""

    id: UUID = Bound(description="Id of the attempt.")
    message_id: str = Bound(
        max_length=120,
        pattern="^[a-z0-9_]+$",
        description="The `webhook-id`; the same in each attempt, and when it is sent once more.",
    )
    event_type: str = Bound(
        max_length=80, pattern="^[a-z_.]+$", description="What was sent, such as `need.created` or `ping`."
    )
    position: Position | None = Bound(description="Position of the change in the feed; null for a ping.")
    attempt: int = Bound(ge=1, description="1 for the first attempt, one more after each that failed.")
    at: datetime = Bound(description="When it was made (UTC).")
    milliseconds: int = Bound(ge=0, description="How long it took.")
    status: int | None = Bound(ge=100, le=999, description="Status of the answer; null where none came.")
    failure: Failure | None = Bound(description=f"Why it failed: {Failure.explained()}; null where it arrived.")


class WebhookDeliveryPage(BaseModel):
    """How far an endpoint is, and one page of the attempts that are kept."""

    position: Annotated[int, Bound(ge=0, le=LAST_POSITION, json_schema_extra={"format": "int64"})] = Bound(
        description="Position in the feed up to which everything that is asked for has arrived, at least."
    )
    waiting: bool = Bound(description="Whether the feed has gone on since.")
    failing_since: datetime | None = Bound(
        description="Since when nothing arrives (UTC); null where the last attempt arrived."
    )
    next_attempt_at: datetime | None = Bound(
        description="When the next attempt is made (UTC); null where nothing has to be tried again."
    )
    replay_until: Position | None = Bound(
        description="Position up to which is being delivered once more; null where nothing is."
    )
    items: list[WebhookDeliveryPublic] = Bound(max_length=MOST_LISTED, description="The attempts, the latest first.")
    next_cursor: str | None = Bound(
        max_length=36, pattern=r"^[0-9a-f-]+$", description="Cursor of the next page; null on the last one."
    )


class WebhookDeliveryQuery(Schema):
    """Which attempts are asked for."""

    limit: int = Field(default=50, ge=1, le=MOST_LISTED, description="How many attempts a page has at most.")
    cursor: CursorId = Field(default=None, description="`next_cursor` of the page before.")
    failed: bool | None = Field(default=None, description="Only those that failed, or only those that arrived.")


class WebhookEndpointQuery(Schema):
    """Which endpoints are asked for."""

    limit: int = Field(default=50, ge=1, le=MOST_LISTED, description="How many endpoints a page has at most.")
    cursor: CursorId = Field(default=None, description="`next_cursor` of the page before.")
    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner whose they are.")
    is_enabled: bool | None = Field(default=None, description="Whether changes are sent.")


EXAMPLE = {
    "id": str(shown_id("webhook-endpoints")),
    "version": 1,
    "created_at": "2024-08-30T08:00:00Z",
    "updated_at": "2024-08-30T08:00:00Z",
    **SENT,
    "partner_id": str(named_id("partners", "awo-dresden")),
    "is_enabled": True,
    "disabled_because": None,
    "disabled_at": None,
    "old_secret_until": None,
}
DELIVERY = {
    "id": "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11",
    "message_id": "msg_36711aa90b0b5a2bb5d52d8d2e5bd1c4_42_01234567",
    "event_type": "sub_measure.updated",
    "position": 42,
    "attempt": 1,
    "at": "2024-08-30T08:00:01Z",
    "milliseconds": 87,
    "status": 204,
    "failure": None,
}
EXAMPLES: Mapping[str, Any] = {
    WebhookEndpointPublic.__name__: EXAMPLE,
    WebhookEndpointCreated.__name__: EXAMPLE | {"secret": f"whsec_{'A' * 43}="},
    WebhookEndpointPage.__name__: {"items": [EXAMPLE], "next_cursor": None},
    WebhookDeliveryPage.__name__: {
        "position": 42,
        "waiting": False,
        "failing_since": None,
        "next_attempt_at": None,
        "replay_until": None,
        "items": [DELIVERY],
        "next_cursor": None,
    },
}
"""Answers for the contract, by the names of their schemas."""
