"""What is sent: the messages as the contract shows them, and how each is made of an entry of the feed."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, Field
from pydantic_core import to_json
from sqlalchemy import Row

from app.changes.feed import item
from app.changes.schemas import ChangePublic, Position
from app.proofs.leaves import decoded
from app.schema.fields import Version
from app.webhooks.models import EVENT_TYPES, PING

HASH_SHOWN = 4
"""So many bytes of the hash of an entry."""


class ChangeMessageData(BaseModel):
    """The change that a message tells of."""

    position: Position = Field(description="Its position in the feed.")
    resource_type: str = Field(max_length=60, pattern="^[a-z_]+$", description="Kind of resource, as in `sub_measure`.")
    resource_id: UUID = Field(description="Id of the resource.")
    version: Version = Field(description="Version of the resource after the change.")
    change: ChangePublic | None = Field(
        description="The change as the feed tells it to a key of the partner; null where the resource is not public: "
        "read it there."
    )


class ChangeMessage(BaseModel):
    """A change of a resource, as Standard Webhooks has it."""

    type: Annotated[str, Field(json_schema_extra={"enum": list(EVENT_TYPES)})] = Field(
        description="Kind of the resource and what was done to it."
    )
    timestamp: datetime = Field(description="When the change was made (UTC).")
    data: ChangeMessageData = Field(description="The change.")


class PingMessageData(BaseModel):
    """The endpoint that was asked to be tried."""

    endpoint_id: UUID = Field(description="Id of the endpoint.")


class PingMessage(BaseModel):
    """A message that tells of nothing: the endpoint is new, or was asked to be tried."""

    type: Literal["ping"] = Field(description="Always `ping`.")
    timestamp: datetime = Field(description="When it was sent first (UTC).")
    data: PingMessageData = Field(description="What is tried.")


class Message(NamedTuple):
    """A message for one endpoint: whatever its number of attempts, it has one id and one text."""

    id: str
    type: str
    body: bytes
    position: int | None = None


def message_of(endpoint_id: UUID, row: Row[Any]) -> Message:
    """The message of a change, which says what it was only where that is public.

    The id names the entry's hash as well: after a restore, a position can hold something else.
    """
    type = f"{row.resource_type}.{row.action}"
    data = {name: getattr(row, name) for name in ("position", "resource_type", "resource_id", "version")}
    head = to_json({"type": type, "timestamp": row.at, "data": data}).decode().removesuffix("}}")
    change = item(row) if row.is_public else "null"
    id = f"msg_{endpoint_id.hex}_{row.position}_{decoded(row.leaf_hash)[:HASH_SHOWN].hex()}"
    return Message(id, type, f'{head},"change":{change}}}}}'.encode(), row.position)


def ping_of(endpoint_id: UUID, ping_id: UUID, now: datetime) -> Message:
    """The message of a ping."""
    content = PingMessage(type=PING, timestamp=now.astimezone(UTC), data=PingMessageData(endpoint_id=endpoint_id))
    return Message(f"msg_{endpoint_id.hex}_ping_{ping_id.hex}", PING, content.model_dump_json().encode())
