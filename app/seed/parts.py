"""The shape of the file that an agreement is loaded from."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.access.parties import Side
from app.agreements.models import AreaCode, Exchange, Hearing
from app.partners.models import FormerName
from app.partners.terms import PartnerKind, ServiceField
from app.schema.fields import (
    Count,
    Day,
    Email,
    Flag,
    LanguageTag,
    MunicipalityKey,
    Name,
    Ordinal,
    Paragraphs,
    Slug,
    Title,
    Url,
)
from app.vocabularies.decision_kind import DecisionKind
from app.vocabularies.event_format import EventFormat
from app.vocabularies.level import Level


class Part(BaseModel):
    """A part of the file; names that it does not know are refused."""

    model_config = ConfigDict(extra="forbid")


class SignatoryPart(Part):
    name: Name
    function: Name | None = None
    partner: Slug | None = None


class ExchangePart(Part):
    levels: list[Level] = []
    formats: list[EventFormat] = []
    description: Paragraphs | None = None


class EarlyInvolvementPart(Part):
    decision_kinds: list[DecisionKind]


class PartyPart(Part):
    partner: Slug
    side: Side
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None


class MembershipPart(Part):
    umbrella: Slug
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None


class AgreementPart(Part):
    slug: Slug
    title: Title
    description: Paragraphs | None = None
    signed_on: Day | None = None
    published_on: Day | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    succeeds: Slug | None = None
    source_url: Url | None = None
    municipality_key: MunicipalityKey | None = None
    area_code: AreaCode | None = None
    language: LanguageTag = "de"
    signatories: list[SignatoryPart] = []
    parties: list[PartyPart] | None = None
    exchange: ExchangePart | list[Exchange] | None = None
    hearing: Hearing | None = None
    early_involvement: EarlyInvolvementPart | None = None


class PartnerPart(Part):
    slug: Slug
    name: Title
    short_name: Name | None = None
    kind: PartnerKind
    former_names: list[FormerName] = []
    member_of: Slug | None = None
    memberships: list[MembershipPart] = []
    legal_form: Name | None = None
    description: Paragraphs | None = None
    website: Url | None = None
    email: Email | None = None
    staff_count: Count | None = None
    staff_count_as_of: Day | None = None
    staff_count_is_approximate: Flag = False
    staff_count_note: Paragraphs | None = None
    founded_on: Day | None = None
    dissolved_on: Day | None = None
    merged_into: Slug | None = None
    service_fields: list[ServiceField] = []

    @property
    def belongs_to(self) -> list[MembershipPart]:
        """Its memberships; `member_of` is one without days."""
        short = [MembershipPart(umbrella=self.member_of)] if self.member_of else []
        return [*short, *self.memberships]

    @property
    def refers_to(self) -> set[str]:
        """The partners without which it cannot be loaded."""
        return {each.umbrella for each in self.belongs_to} | ({self.merged_into} if self.merged_into else set())


class TopicPart(Part):
    """A topic: `name` is in the agreement's language, `translations` and the other names in theirs."""

    slug: Slug
    name: Name | None = None
    name_de: Name | None = None
    name_en: Name | None = None
    translations: dict[LanguageTag, Name] = {}

    @model_validator(mode="after")
    def is_named(self) -> Self:
        """Refuse a topic without any name."""
        if not (self.name or self.names):
            raise PydanticCustomError("missing", "Field required")
        return self

    @property
    def names(self) -> dict[str, str]:
        """The names whose language is said."""
        said = {"de": self.name_de, "en": self.name_en, **self.translations}
        return {language: name for language, name in said.items() if name is not None}

    def name_in(self, language: str) -> str:
        """The name in the agreement's language, or the first one that there is."""
        return self.name or self.names.get(language) or next(iter(self.names.values()))


class GoalPart(Part):
    number: Ordinal
    topic: Slug
    title: Title
    description: Paragraphs | None = None
    sub_measures: list[Title] = []


class AgreementFile(Part):
    """An agreement with its partners, topics, goals and sub-measures."""

    agreement: AgreementPart
    partners: list[PartnerPart]
    topics: list[TopicPart]
    goals: list[GoalPart]
