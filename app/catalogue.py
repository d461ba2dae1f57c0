"""The resources that the register offers, in the order in which people read of them."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from app.agreements.models import AgreementUpdate
from app.agreements.resource import AGREEMENTS
from app.agreements.routes import router as agreements
from app.changes.models import ChangePage
from app.changes.routes import router as changes
from app.consultation_events.models import ConsultationEventUpdate
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.consultation_events.routes import router as consultation_events
from app.decisions.models import DecisionUpdate
from app.decisions.resource import DECISIONS
from app.decisions.routes import router as decisions
from app.goals.models import GoalUpdate
from app.goals.resource import GOALS
from app.goals.routes import router as goals
from app.indicators.models import IndicatorUpdate
from app.indicators.resource import INDICATORS
from app.indicators.routes import router as indicators
from app.involvement.routes import router as involvement
from app.keys.models import EXAMPLES as KEY_EXAMPLES
from app.keys.routes import router as keys
from app.needs.models import NeedUpdate
from app.needs.resource import NEEDS
from app.needs.routes import router as needs
from app.observations.resource import OBSERVATIONS
from app.observations.routes import router as observations
from app.partners.models import PartnerUpdate
from app.partners.resource import PARTNERS
from app.partners.routes import router as partners
from app.progress_reports.models import ProgressReportUpdate
from app.progress_reports.resource import PROGRESS_REPORTS
from app.progress_reports.routes import router as progress_reports
from app.reports.routes import REPORTS
from app.reports.routes import router as reports
from app.resources.examples import EXAMPLE_TIME, answered_example, given_example
from app.resources.ids import named_id
from app.resources.kind import Kind
from app.schema.base import Patch
from app.statements.resource import STATEMENTS
from app.statements.routes import router as statements
from app.sub_measures.models import SubMeasureUpdate
from app.sub_measures.resource import SUB_MEASURES
from app.sub_measures.routes import router as sub_measures
from app.topics.models import TopicUpdate
from app.topics.resource import TOPICS
from app.topics.routes import router as topics

# Routers are tried one after the other, so those that are asked for most stand first.
ROUTERS: tuple[APIRouter, ...] = (
    consultation_events,
    sub_measures,
    changes,
    partners,
    goals,
    topics,
    decisions,
    statements,
    needs,
    progress_reports,
    indicators,
    observations,
    agreements,
    involvement,
    reports,
    keys,
)

# References lead from later to earlier ones, so this is also the order in which a whole register can be written.
RESOURCES: tuple[Kind[Any], ...] = (
    PARTNERS,
    AGREEMENTS,
    TOPICS,
    GOALS,
    SUB_MEASURES,
    CONSULTATION_EVENTS,
    DECISIONS,
    STATEMENTS,
    NEEDS,
    INDICATORS,
    OBSERVATIONS,
    PROGRESS_REPORTS,
)

UPDATES: tuple[type[Patch], ...] = (
    AgreementUpdate,
    TopicUpdate,
    PartnerUpdate,
    GoalUpdate,
    SubMeasureUpdate,
    ConsultationEventUpdate,
    DecisionUpdate,
    NeedUpdate,
    IndicatorUpdate,
    ProgressReportUpdate,
)

TAGS: Mapping[str, str] = {
    "agreements": "The cooperation agreements that an installation holds.",
    "topics": "The fields of work that an agreement names.",
    "partners": "The organisations that cooperate: the city, the umbrella association and its members.",
    "goals": "What an agreement wants to reach in a topic.",
    "sub-measures": "What the partners do for a goal, and how far it is.",
    "consultation-events": "Talks, conferences and expert days in which the partners are heard.",
    "decisions": "What the city is to decide, whom it hears before, and what they say.",
    "needs": "What partners raise, short-term challenges included, and what they are answered.",
    "indicators": "What is counted for goals and sub-measures, and its values.",
    "progress-reports": "What partners report about sub-measures.",
    "reports": "Figures about the cooperation, as JSON and as CSV, each with the change position it was computed at.",
    "changes": "Everything that happened, in the one order in which it happened.",
    "keys": "The keys by which the systems of partners write; for admins.",
}

# What the register itself adds to the examples: the ids are those of Dresden's data, so that they lead somewhere.
DRESDEN = "dresden-liga-2024"
COMPUTED: Mapping[str, Mapping[str, Any]] = {
    "partner": {"id": named_id("partners", "awo-dresden")},
    "agreement": {"id": named_id("agreements", DRESDEN)},
    "topic": {"id": named_id("topics", DRESDEN, "health")},
    "goal": {"id": named_id("goals", DRESDEN, 2)},
    "sub_measure": {"id": named_id("sub-measures", DRESDEN, 3, 4), "code": "3.4"},
    "statement": {"submitted_at": EXAMPLE_TIME},
    "need": {"answered_at": None},
    "progress_report": {"submitted_at": EXAMPLE_TIME},
}


def examples() -> Mapping[str, Any]:
    """An example of each answer, by the name of its schema; what is sent has its example in its own schema."""
    shown: dict[str, Any] = {
        each.public.__name__: answered_example(each, COMPUTED.get(each.type, {})) for each in RESOURCES
    }
    shown |= {figures.__name__: given_example(figures) for figures in REPORTS}
    return shown | dict(KEY_EXAMPLES) | {ChangePage.__name__: change_example(shown[GOALS.public.__name__])}


def change_example(goal: dict[str, Any]) -> dict[str, Any]:
    """A page of the feed with the creation of a goal."""
    change = {
        "position": 15,
        "at": goal["created_at"],
        "action": "created",
        "resource_type": GOALS.type,
        "resource_id": goal["id"],
        "version": 1,
        "changed_fields": ["agreement_id", "number", "topic_id", "title"],
        "by": {"partner_id": str(named_id("partners", "landeshauptstadt-dresden"))},
        "data": goal,
    }
    return {"items": [change], "next_cursor": "MTU6MDEyMzQ1Njc4OWFiY2RlZjpwdWJsaWM", "more": False}
