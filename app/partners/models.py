"""Partners: the organisations that cooperate."""

from datetime import date
from typing import Literal, Self
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.database.tables import Json, closed
from app.partners.terms import PartnerKind, ServiceField
from app.resources.ids import named_id
from app.resources.lists import ListQuery
from app.resources.schema import Slugged, Stamped, Stored, Visible, sorted_by
from app.schema.base import Patch, Schema, example
from app.schema.fields import Count, Day, Distinct, Email, Flag, Id, Name, Paragraphs, Slug, Title, Url
from app.schema.period import Period


class Membership(Period):
    """An umbrella association that a partner is a member of, and from when until when."""

    umbrella_id: Id = Field(foreign_key="partner.id", description="The umbrella association.")


class FormerName(Schema):
    """A name that a partner had before."""

    name: Title = Field(description="The name.")
    until: Day = Field(description="Last day on which it had this name.")


class PartnerBase(Visible):
    name: Title = Field(description="Official name of the organisation.")
    short_name: Name | None = Field(default=None, description="Name in everyday use.")
    kind: PartnerKind = Field(
        sa_type=closed(PartnerKind), description=f"Kind of organisation: {PartnerKind.explained()}."
    )
    former_names: list[FormerName] = Field(
        default_factory=list, max_length=50, sa_type=Json, description="Names that it had before."
    )
    legal_form: Name | None = Field(default=None, description="Legal form, such as `e. V.` or `gGmbH`.")
    description: Paragraphs | None = Field(default=None, description="What the organisation does.")
    website: Url | None = Field(default=None, description="Website of the organisation.")
    email: Email | None = Field(default=None, description="Address of the organisation's office, not of a person.")
    staff_count: Count | None = Field(default=None, description="Number of people who work there.")
    staff_count_as_of: Day | None = Field(default=None, description="Day to which `staff_count` refers.")
    staff_count_is_approximate: Flag = Field(default=False, description="Whether `staff_count` is about, not exact.")
    staff_count_note: Paragraphs | None = Field(default=None, description="Whose staff `staff_count` counts, and how.")
    founded_on: Day | None = Field(default=None, description="Day on which the organisation was founded.")
    dissolved_on: Day | None = Field(
        default=None,
        index=True,
        description="Last day of the organisation, on which it is still asked and its keys work; organisations end, they are not "
        "deleted.",
    )
    merged_into_id: Id | None = Field(
        default=None,
        foreign_key="partner.id",
        index=True,
        description="Partner that goes on in its place from the day after `dissolved_on`, which must be said, too.",
    )


class PartnerContent(PartnerBase):
    memberships: list[Membership] = Field(
        default_factory=list,
        max_length=200,
        description="The umbrella associations that the partner is a member of, in order; on no day a member of itself.",
    )
    service_fields: Distinct[ServiceField] = Field(
        default_factory=list,
        max_length=len(ServiceField),
        description=f"Fields in which the partner offers services: {ServiceField.explained()}.",
    )


class Partner(PartnerBase, Slugged, Stored, table=True):
    __tablename__ = "partner"
    __table_args__ = (UniqueConstraint("slug"), Index(None, "kind", "id"), *sorted_by("staff_count", "founded_on"))


class PartnerServiceField(SQLModel, table=True):
    __tablename__ = "partner_service_field"
    __table_args__ = (Index(None, "service_field", "partner_id"),)

    partner_id: UUID = Field(primary_key=True, foreign_key="partner.id")
    service_field: ServiceField = Field(primary_key=True, sa_type=closed(ServiceField))
    position: int


class PartnerMembership(Membership, table=True):
    __tablename__ = "membership"
    __table_args__ = (Index(None, "umbrella_id", "member_id"),)

    member_id: UUID = Field(primary_key=True, foreign_key="partner.id")
    position: int = Field(primary_key=True)


class PartnerCreate(PartnerContent, Slugged):
    """A new partner."""

    model_config = example(
        {
            "slug": "awo-dresden",
            "name": "Arbeiterwohlfahrt Kreisverband Dresden e. V.",
            "kind": "member_association",
            "memberships": [{"umbrella_id": str(named_id("partners", "liga-dresden"))}],
            "legal_form": "e. V.",
        }
    )


class PartnerUpdate(PartnerContent, Patch):
    """The fields to change; an absent field keeps its value."""

    model_config = example({"staff_count": 8600, "staff_count_as_of": "2024-08-30"})


class PartnerPublic(PartnerContent, Slugged, Stamped):
    """An organisation that takes part in the cooperation."""


class PartnerList(ListQuery):
    sort: Literal[
        "name",
        "-name",
        "slug",
        "-slug",
        "kind",
        "-kind",
        "staff_count",
        "-staff_count",
        "founded_on",
        "-founded_on",
        "created_at",
        "-created_at",
        "updated_at",
        "-updated_at",
    ] = Field(default="name", description="Order of the list; `-` for descending; what is not known stands last.")
    slug: list[Slug] | None = Field(default=None, max_length=50, description="Slug of the partner.")
    kind: list[PartnerKind] | None = Field(default=None, max_length=4, description="Kind of organisation.")
    member_of_id: list[Id] | None = Field(
        default=None, max_length=50, description="Umbrella association that it is a member of on the day `on`."
    )
    on: Day | None = Field(default=None, description="The day that `member_of_id` is asked for; by default today.")
    merged_into_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that it became part of.")
    service_field: list[ServiceField] | None = Field(default=None, max_length=7, description="Field of services.")
    founded_on_from: Day | None = Field(default=None, description="Founded on this day or later.")
    founded_on_before: Day | None = Field(default=None, description="Founded before this day.")
    dissolved_on_from: Day | None = Field(default=None, description="Ended on this day or later.")
    dissolved_on_before: Day | None = Field(default=None, description="Ended before this day.")

    def on_day(self, today: date) -> Self:
        """The same, with the day that is meant where none is said."""
        return self.model_copy(update={"on": self.on or today})
