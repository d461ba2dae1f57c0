"""Agreements: the cooperation that everything else belongs to."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator
from pydantic import Field as Bound
from sqlalchemy import Index, String, UniqueConstraint
from sqlmodel import Field

from app.access.parties import Party, Side
from app.agreements.terms import AreaScheme, HearingSource
from app.database.tables import Json
from app.resources.ids import named_id
from app.resources.lists import ListQuery
from app.resources.schema import Slugged, Stamped, Stored, Visible, sorted_by
from app.schema.base import Patch, Schema, example
from app.schema.fields import (
    Day,
    Distinct,
    Id,
    LanguageTag,
    MunicipalityKey,
    Name,
    Paragraphs,
    Slug,
    Title,
    Url,
    only_number,
)
from app.vocabularies.decision_kind import DecisionKind
from app.vocabularies.event_format import EventFormat
from app.vocabularies.level import Level

LeadDays = Annotated[int, Bound(ge=1, le=3_650), BeforeValidator(only_number)]


class Signatory(Schema):
    """Who signed for a partner."""

    name: Name = Field(description="Name of the person.")
    function: Name | None = Field(default=None, description="Office or function in which the person signed.")
    partner_id: Id | None = Field(
        default=None, foreign_key="partner.id", index=True, description="Partner that was signed for."
    )


class AreaCode(Schema):
    """The code of an area in a scheme of codes."""

    scheme: AreaScheme = Field(description=f"Scheme of the code: {AreaScheme.explained()}.")
    code: Name = Field(description="The code, such as `DED21` or `E06000038`.")


class Exchange(Schema):
    """A level or a form of the exchange that is agreed."""

    level: Level | None = Field(default=None, description=f"Level: {Level.explained()}.")
    format: EventFormat | None = Field(default=None, description=f"Form: {EventFormat.explained()}.")
    description: Paragraphs | None = Field(default=None, description="What is said about it.")


class Hearing(Schema):
    """That partners are to be heard before decisions, and who says so."""

    text: Paragraphs | None = Field(default=None, description="The words themselves.")
    source: HearingSource = Field(
        description=f"Where it says so: {HearingSource.explained()}. What was only said binds nobody."
    )
    said_by: Name | None = Field(default=None, description="Who said it.")
    source_url: Url | None = Field(default=None, description="Page on which it says so.")
    decision_kinds: Distinct[DecisionKind] = Field(
        default_factory=list,
        max_length=len(DecisionKind),
        description=f"Kinds of decisions that are meant: {DecisionKind.explained()}.",
    )
    minimum_lead_days: LeadDays | None = Field(
        default=None, description="Days that lie at least between hearing and decision; null where none are set."
    )


class AgreementBase(Visible):
    title: Title = Field(description="Title of the agreement.")
    description: Paragraphs | None = Field(default=None, description="What the agreement is about.")
    municipality_key: MunicipalityKey | None = Field(
        default=None,
        sa_type=String(8),
        description="Official municipality key (Amtlicher Gemeindeschlüssel) of the city, eight digits.",
    )
    area_code: AreaCode | None = Field(
        default=None,
        sa_type=Json(none_as_null=True),
        description="Code of the area, for places without a municipality key.",
    )
    signed_on: Day | None = Field(default=None, description="Day of the signature.")
    starts_on: Day | None = Field(default=None, description="First day of the term.")
    ends_on: Day | None = Field(default=None, description="Last day of the term; not before `starts_on`.")
    succeeds_id: Id | None = Field(
        default=None, foreign_key="agreement.id", index=True, description="Earlier agreement that this one follows."
    )
    published_on: Day | None = Field(default=None, description="Day on which the agreement was made public.")
    source_url: Url | None = Field(default=None, description="Page on which the agreement was published.")
    language: LanguageTag = Field(default="de", description="Language of the texts (BCP 47).")
    exchange: list[Exchange] = Field(
        default_factory=list, max_length=50, sa_type=Json, description="The exchange that is agreed, in order."
    )
    hearing: Hearing | None = Field(
        default=None,
        sa_type=Json(none_as_null=True),
        description="That partners are to be heard before decisions, as the agreement or its signatories put it.",
    )


class AgreementContent(AgreementBase):
    signatories: list[Signatory] = Field(default_factory=list, max_length=50, description="Who signed, in order.")
    parties: list[Party] = Field(
        default_factory=list,
        max_length=200,
        description="The partners that it is between, in order: they alone write in it, and who is asked follows from it.",
    )


class Agreement(AgreementBase, Slugged, Stored, table=True):
    __tablename__ = "agreement"
    __table_args__ = (UniqueConstraint("slug"), *sorted_by("signed_on", "municipality_key", "starts_on", "ends_on"))


class AgreementSignatory(Signatory, table=True):
    __tablename__ = "agreement_signatory"

    agreement_id: UUID = Field(primary_key=True, foreign_key="agreement.id")
    position: int = Field(primary_key=True)


class AgreementParty(Party, table=True):
    __tablename__ = "agreement_party"
    __table_args__ = (Index(None, "partner_id", "agreement_id"), Index(None, "agreement_id", "side"))

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
            "parties": [
                {"partner_id": str(named_id("partners", "landeshauptstadt-dresden")), "side": Side.authority},
                {"partner_id": str(named_id("partners", "liga-dresden")), "side": Side.associations},
            ],
            "hearing": {
                "text": "… im Vorfeld wichtiger fach- und finanzpolitischer Entscheidungen stärker einbezogen …",
                "source": HearingSource.statement,
                "said_by": "Sven Marschel",
                "decision_kinds": [DecisionKind.sectoral, DecisionKind.financial],
            },
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
    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that signed or is a party.")
    succeeds_id: list[Id] | None = Field(default=None, max_length=50, description="Earlier agreement that it follows.")
    signed_on_from: Day | None = Field(default=None, description="Signed on this day or later.")
    signed_on_before: Day | None = Field(default=None, description="Signed before this day.")
    starts_on_from: Day | None = Field(default=None, description="Begins on this day or later.")
    starts_on_before: Day | None = Field(default=None, description="Begins before this day.")
    ends_on_from: Day | None = Field(default=None, description="Ends on this day or later.")
    ends_on_before: Day | None = Field(default=None, description="Ends before this day.")
