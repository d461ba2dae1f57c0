"""`/`: what the cooperation is, and how it stands."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.access.visibility import visible
from app.agreements.models import AgreementList, AgreementPublic
from app.agreements.resource import AGREEMENTS
from app.changes.feed import CHANGE, Wanted, entries
from app.consultation_events.models import ConsultationEvent
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.consultation_events.terms import EventStatus
from app.database.tables import table_of
from app.days import start_of
from app.decisions.models import DecisionList
from app.decisions.resource import DECISIONS
from app.decisions.terms import DecisionStatus
from app.reports.early_involvement import EarlyInvolvementQuery, half_year_rows
from app.reports.progress import goal_rows
from app.reports.progressed import ProgressQuery
from app.resources.reading import find_page
from app.site.collections import COLLECTIONS, Facet
from app.site.frame import Content, Look
from app.site.names import Named, name_of, names_of, path_of
from app.site.reports import MOST_ROWS, chart_of, links
from app.site.showing import Showing, ids_in
from app.site.timeline import Entry, entry
from app.site.words import WORDS
from app.sub_measures.terms import SubMeasureStatus

MOST_AGREEMENTS, MOST_COMING, MOST_DECISIONS, MOST_CHANGES = 20, 5, 3, 8
AHEAD = (DecisionStatus.announced, DecisionStatus.in_consultation)
DAYS_AHEAD = (("statements_due_on", "statements_until"), ("decides_on", "decided_until"))
EXPECTED = (EventStatus.planned, EventStatus.confirmed)
HEARD = ("heard", "partly_heard", "missed", "open", "waived")


def overview(look: Look) -> Content:
    """What the first page shows."""
    agreements = [*said_in(look, "agreement", AgreementList(sort="-signed_on", limit=MOST_AGREEMENTS))]
    return {
        "title": look.say(WORDS["title"]),
        "current": "/",
        "calendar": "/v1/calendar.ics",
        "agreements": shown_agreements(look, agreements),
        "goals": [(goal, by_status(look, goal)) for goal in goals(look)],
        "coming": coming_decisions(look),
        "halves": halves(look),
        "hearing": [(name, look.label(name)) for name in HEARD],
        "decisions": latest_decisions(look),
        "last_met": meeting(look, is_next=False),
        "meets_next": meeting(look, is_next=True),
        "needs": facet_of(look, "need", "status"),
        "charts": {name: chart_of(look, name) for name in ("progress", "early-involvement")},
        "changes": latest_changes(look),
        "reports": links(look),
        "programs": "/v1",
    }


def said_in(look: Look, type: str, wanted: Any) -> Iterable[dict[str, Any]]:
    """The representations of one kind that are asked for."""
    feature = COLLECTIONS[type].feature
    found = find_page(look.connection, look.caller, feature.kind, wanted)
    return (json.loads(text) for text in found.texts)


def shown_agreements(look: Look, agreements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each agreement with its parties and who signed it."""
    names = names_of(look, set(ids_in(agreements)))
    public = AgreementPublic.model_fields
    shown: list[dict[str, Any]] = []
    for said in agreements:
        showing = Showing(look, names)
        shown.append(
            {
                "link": Named(look.written(said["title"]), path_of(AGREEMENTS, said)),
                "agreement": AgreementPublic.model_validate(said),
                "parties": showing.value(public["parties"].annotation, said["parties"]),
                "signatories": showing.value(public["signatories"].annotation, said["signatories"]),
            }
        )
    return shown


def goals(look: Look) -> list[Any]:
    """Each goal with its sub-measures by status."""
    return goal_rows(look.caller, ProgressQuery(), look.today).read(look.connection, MOST_ROWS, None)[1]


def by_status(look: Look, goal: Any) -> str:
    """How many of a goal's sub-measures have each status, in words."""
    counts = ((getattr(goal, status), look.say(status.label)) for status in SubMeasureStatus)
    return ", ".join(f"{count} {label}" for count, label in counts if count)


def halves(look: Look) -> list[tuple[str, dict[str, int]]]:
    """How many decisions of each half-year were heard, partly heard, missed; the latest first."""
    rows = half_year_rows(look.caller, EarlyInvolvementQuery()).read(look.connection, MOST_ROWS, None)[1]
    names = list(dict.fromkeys(row.half_year for row in rows if row.half_year))
    counts = {
        half: {name: sum(getattr(row, name) for row in rows if row.half_year == half) for name in HEARD}
        for half in names
    }
    return sorted(counts.items(), reverse=True)


def coming_decisions(look: Look) -> list[tuple[Named, str]]:
    """The decisions that are still to be made, the next one first, each with its days."""
    wanted = DecisionList(sort="decides_on", status=[*AHEAD], limit=MOST_COMING)
    return [
        (
            decision,
            ", ".join(
                f"{look.say(WORDS[word])} {look.day(date.fromisoformat(said[name]))}"
                for name, word in DAYS_AHEAD
                if said[name]
            ),
        )
        for decision, said in decisions_in(look, wanted)
    ]


def latest_decisions(look: Look) -> list[tuple[Named, str]]:
    """The decisions that were made last, each with its day."""
    wanted = DecisionList(sort="-decided_on", status=[DecisionStatus.decided], limit=MOST_DECISIONS)
    return [
        (decision, look.day(date.fromisoformat(said["decided_on"]))) for decision, said in decisions_in(look, wanted)
    ]


def decisions_in(look: Look, wanted: DecisionList) -> Iterable[tuple[Named, dict[str, Any]]]:
    """Decisions, each with what is said of it."""
    for said in said_in(look, "decision", wanted):
        yield Named(name_of(look, DECISIONS, said), path_of(DECISIONS, said)), said


def meeting(look: Look, *, is_next: bool) -> tuple[Named, str] | None:
    """The last event that was held, or the next one that is expected, of today on, with its time.

    A page stays what it is for a day, so it goes by the day.
    """
    event = table_of(ConsultationEvent)
    columns = (event.c.id, event.c.title, event.c.starts_at, event.c.timezone)
    wanted = select(*columns).where(visible(event, look.caller)).limit(1)
    if is_next:
        today = start_of(look.today, look.settings.zone)
        wanted = wanted.where(event.c.status.in_(EXPECTED), event.c.starts_at >= today).order_by(event.c.starts_at)
    else:
        wanted = wanted.where(event.c.status == EventStatus.held).order_by(event.c.starts_at.desc())
    row = look.connection.execute(wanted).mappings().first()
    if row is None:
        return None
    link = Named(name_of(look, CONSULTATION_EVENTS, row), path_of(CONSULTATION_EVENTS, row))
    return link, look.moment(row["starts_at"], row["timezone"])


def facet_of(look: Look, type: str, field: str) -> Facet:
    """How many of one kind have each of the terms of a field."""
    collection = COLLECTIONS[type]
    path = f"/{collection.kind.path}"
    return next(
        each for each in collection.facets(look, collection.feature.query(), path) if each.label == look.label(field)
    )


def latest_changes(look: Look) -> list[tuple[Entry, Named | None, str]]:
    """What changed last, of any kind: the entry, what it is about, and of which kind that is."""
    statement = entries(look.caller, Wanted()).order_by(CHANGE.position.desc()).limit(MOST_CHANGES)
    rows = look.connection.execute(statement).all()
    ids = {id for row in rows for id in (row.resource_id, row.by_partner_id, row.proposal_id) if id}
    names = names_of(look, ids)
    return [
        (
            entry(look, names, row),
            names.get(UUID(str(row.resource_id))),
            look.say(COLLECTIONS[row.resource_type].feature.label),
        )
        for row in rows
    ]
