"""Redactions: what is erased, of which entries, on which legal basis."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from app.changes.models import LAST_POSITION
from app.changes.schemas import Position, ResourceType
from app.resources.ids import shown_id
from app.resources.redacting import MOST_POSITIONS, FieldNames, LegalBasis, Positions
from app.schema.base import Schema, example
from app.schema.fields import Id


class RedactionCreate(Schema):
    """What is to be erased: fields of a resource, of the entries at some positions, or of both."""

    resource_type: ResourceType | None = Field(None, description="Kind of resource; together with its id.")
    resource_id: Id | None = Field(None, description="Id of the resource, which may be deleted.")
    positions: Positions | None = Field(
        None, description="Positions of entries in the feed; not given: all entries about the resource."
    )
    fields: FieldNames = Field(description="Fields that are erased.")
    legal_basis: LegalBasis = Field(description="Why, for everybody to read: no words about a person.")

    model_config = example(
        {
            "resource_type": "need",
            "resource_id": str(shown_id("needs")),
            "fields": ["description"],
            "legal_basis": "Art. 17 (1) (a) GDPR",
        }
    )


class RedactedResource(BaseModel):
    """What was erased of one resource."""

    resource_type: str = Field(max_length=60, pattern="^[a-z_]+$", description="Kind of resource.")
    resource_id: UUID = Field(description="Id of the resource.")
    positions: list[Position] = Field(
        max_length=LAST_POSITION, description="Entries in which there was something to erase."
    )


class RedactionPublic(BaseModel):
    """What was erased; nothing where all of it was before."""

    items: list[RedactedResource] = Field(max_length=MOST_POSITIONS, description="The resources.")


EXAMPLES: dict[str, Any] = {
    RedactionPublic.__name__: {
        "items": [{"resource_type": "need", "resource_id": str(shown_id("needs")), "positions": [47, 52]}]
    }
}
"""An answer for the contract."""
