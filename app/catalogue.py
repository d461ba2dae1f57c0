"""The kinds of resources that the register offers: all that is generic over them reads this one list."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.agreements.models import AgreementList
from app.agreements.resource import AGREEMENTS
from app.consultation_events.models import ConsultationEventList
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.decisions.models import DecisionList
from app.decisions.resource import DECISIONS
from app.goals.models import GoalList
from app.goals.resource import GOALS
from app.indicators.models import IndicatorList
from app.indicators.resource import INDICATORS
from app.language import Text
from app.needs.models import NeedList
from app.needs.resource import NEEDS
from app.objections.models import ObjectionList
from app.objections.resource import OBJECTIONS
from app.observations.models import ObservationList
from app.observations.resource import OBSERVATIONS, observation_id
from app.partners.models import PartnerList
from app.partners.resource import PARTNERS
from app.progress_reports.models import ProgressReportList
from app.progress_reports.resource import PROGRESS_REPORTS
from app.proposals.models import ProposalList
from app.proposals.resource import PROPOSALS
from app.resources.examples import EXAMPLE_TIME
from app.resources.ids import named_id, shown_id
from app.resources.kind import Kind
from app.resources.lists import ListQuery
from app.statements.models import StatementList
from app.statements.resource import STATEMENTS, statement_id
from app.sub_measures.models import SubMeasureList
from app.sub_measures.resource import SUB_MEASURES
from app.topics.models import TopicList
from app.topics.resource import TOPICS

DRESDEN = "dresden-liga-2024"
SAID_OF_DRESDEN: Mapping[str, Any] = {"agreement_id": named_id("agreements", DRESDEN), "visibility": "public"}


@dataclass(frozen=True)
class Feature:
    """A kind of resource and what is offered of it.

    `query` is what its list can be asked for, `label` what people call many of it, `about` a sentence for the docs,
    where it has a tag of its own. `example` holds what the register itself says of the example in the contract: the ids
    are those of Dresden's data and of the demo year, so that they lead somewhere.
    """

    kind: Kind[Any]
    query: type[ListQuery]
    label: Text
    about: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """Under which its operations stand in the docs."""
        return self.kind.path.partition("/")[0]


# References lead from later to earlier ones, so this is also the order in which a whole register can be written.
FEATURES: tuple[Feature, ...] = (
    Feature(
        PARTNERS,
        PartnerList,
        Text("Partner", "Partners"),
        "The organisations that cooperate: the city, the umbrella association and its members.",
        {"id": named_id("partners", "awo-dresden")},
    ),
    Feature(
        AGREEMENTS,
        AgreementList,
        Text("Vereinbarungen", "Agreements"),
        "The cooperation agreements that an installation holds.",
        {"id": named_id("agreements", DRESDEN)},
    ),
    Feature(
        TOPICS,
        TopicList,
        Text("Themenfelder", "Topics"),
        "The fields of work that an agreement names.",
        {"id": named_id("topics", DRESDEN, "health")},
    ),
    Feature(
        GOALS,
        GoalList,
        Text("Ziele", "Goals"),
        "What an agreement wants to reach in a topic.",
        {"id": named_id("goals", DRESDEN, 2)},
    ),
    Feature(
        SUB_MEASURES,
        SubMeasureList,
        Text("Teilmaßnahmen", "Sub-measures"),
        "What the partners do for a goal, and how far it is.",
        {"id": named_id("sub-measures", DRESDEN, 3, 4), "code": "3.4"},
    ),
    Feature(
        CONSULTATION_EVENTS,
        ConsultationEventList,
        Text("Beteiligungstermine", "Consultation events"),
        "Talks, conferences and expert days in which the partners are heard.",
    ),
    Feature(
        DECISIONS,
        DecisionList,
        Text("Entscheidungen", "Decisions"),
        "What the city is to decide, whom it hears before, and what they say.",
    ),
    Feature(
        STATEMENTS,
        StatementList,
        Text("Stellungnahmen", "Statements"),
        example={
            "id": statement_id(shown_id("decisions"), named_id("partners", "caritas-dresden")),
            "submitted_at": EXAMPLE_TIME,
        },
    ),
    Feature(
        NEEDS,
        NeedList,
        Text("Bedarfe", "Needs"),
        "What partners raise, short-term challenges included, and what they are answered.",
        {"answered_at": None},
    ),
    Feature(
        INDICATORS,
        IndicatorList,
        Text("Kennzahlen", "Indicators"),
        "What is counted for goals and sub-measures, and its values.",
    ),
    Feature(
        OBSERVATIONS,
        ObservationList,
        Text("Messwerte", "Observations"),
        example={"id": observation_id(shown_id("indicators"), date(2025, 3, 31))},
    ),
    Feature(
        PROGRESS_REPORTS,
        ProgressReportList,
        Text("Fortschrittsberichte", "Progress reports"),
        "What partners report about sub-measures.",
        {
            "submitted_at": EXAMPLE_TIME,
            "visibility": "public",
            "visibility_once_submitted": "public",
        },
    ),
    Feature(
        OBJECTIONS,
        ObjectionList,
        Text("Widersprüche", "Objections"),
        "Who says that something on record is not so, and what the other side answers.",
        {**SAID_OF_DRESDEN, "raised_by_id": named_id("partners", "caritas-dresden")},
    ),
    Feature(
        PROPOSALS,
        ProposalList,
        Text("Vorschläge", "Proposals"),
        "How what is on record is corrected: one side proposes it, another one confirms it.",
        {
            **SAID_OF_DRESDEN,
            "based_on_version": 3,
            "proposed_by_id": named_id("partners", "landeshauptstadt-dresden"),
        },
    ),
)
