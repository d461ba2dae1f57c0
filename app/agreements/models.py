"""Agreements: the cooperation that everything else belongs to."""

from typing import Literal
from uuid import UUID

from sqlalchemy import String, UniqueConstraint
from sqlmodel import Field

from app.resources.ids import named_id
from app.resources.lists import ListQuery
from app.resources.schema import Slugged, Stamped, Stored, Visible, sorted_by
from app.schema.base import Patch, Schema, example
from app.schema.fields import Day, Id, LanguageTag, MunicipalityKey, Name, Paragraphs, Slug, Title, Url


class Signatory(Schema):
    """Who signed for a partner."""

    name: Name = Field(description="Name of the person.")
    function: Name | None = Field(default=None, description="Office or function in which the person signed.")
    partner_id: Id | None = Field(
        default=None, foreign_key="partner.id", index=True, description="Partner that was signed for."
    )


class AgreementBase(Visible):
    title: Title = Field(description="Title of the agreement.")
    description: Paragraphs | None = Field(default=None, description="What the agreement is about.")
    municipality_key: MunicipalityKey | None = Field(
        default=None,
        sa_type=String(8),
        description="Official municipality key (Amtlicher Gemeindeschlüssel) of the city, eight digits.",
    )
    signed_on: Day | None = Field(default=None, description="Day of the signature.")
    published_on: Day | None = Field(default=None, description="Day on which the agreement was made public.")
    source_url: Url | None = Field(default=None, description="Page on which the agreement was published.")
    language: LanguageTag = Field(default="de", description="Language of the texts (BCP 47).")


class AgreementContent(AgreementBase):
    signatories: list[Signatory] = Field(default_factory=list, max_length=50, description="Who signed, in order.")


class Agreement(AgreementBase, Slugged, Stored, table=True):
    __tablename__ = "agreement"
    __table_args__ = (UniqueConstraint("slug"), *sorted_by("signed_on", "municipality_key"))


class AgreementSignatory(Signatory, table=True):
    __tablename__ = "agreement_signatory"

    agreement_id: UUID = Field(primary_key=True, foreign_key="agreement.id")
    position: int = Field(primary_key=True)


class AgreementCreate(AgreementContent, Slugged):
    """A new agreement."""

    model_config = example(
        {
            "slug": "dresden-liga-2024",
            "title": "Kooperationsvereinbarung Landeshauptstadt Dresden und Liga der freien Wohlfahrtspflege Dresden",
            "municipality_key": "14612000",
            "signed_on": "2024-08-29",
            "published_on": "2024-08-30",
            "source_url": "https://www.dresden.de/de/rathaus/aktuelles/pressemitteilungen/2024/08/pm_104.php",
            "signatories": [
                {
                    "name": "Dirk Hilbert",
                    "function": "Oberbürgermeister",
                    "partner_id": str(named_id("partners", "landeshauptstadt-dresden")),
                }
            ],
        }
    )


class AgreementUpdate(AgreementContent, Patch):
    """The fields to change; an absent field keeps its value."""

    model_config = example({"published_on": "2024-08-30"})


class AgreementPublic(AgreementContent, Slugged, Stamped):
    """An agreement between a city and its partners."""


class AgreementList(ListQuery):
    sort: Literal[
        "title", "-title", "signed_on", "-signed_on", "created_at", "-created_at", "updated_at", "-updated_at"
    ] = Field(default="title", description="Order of the list; `-` for descending.")
    slug: list[Slug] | None = Field(default=None, max_length=50, description="Slug of the agreement.")
    municipality_key: list[MunicipalityKey] | None = Field(
        default=None, max_length=50, description="Municipality key of the city."
    )
    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that signed.")
    signed_on_from: Day | None = Field(default=None, description="Signed on this day or later.")
    signed_on_before: Day | None = Field(default=None, description="Signed before this day.")
