"""Involvement once more: slowly, in plain Python, from what the API's lists answer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.factories import items_of

CITY_ZONE = ZoneInfo("Europe/Berlin")
UNKNOWN_DAYS_LAST = "9999-12-31"

Entry = dict[str, Any]


async def involvements(client: httpx.AsyncClient) -> list[tuple[Entry, Entry]]:
    """Every decision with the involvement in it, in the order of the report."""
    events = {event["id"]: event for event in await items_of(client, "consultation-events", limit=200)}
    decisions = await items_of(client, "decisions", limit=200)
    found = []
    for decision in decisions:
        statements = await items_of(client, f"decisions/{decision['id']}/statements", limit=200)
        found.append((decision, involvement(decision, statements, events)))
    return sorted(found, key=lambda pair: (pair[1]["decision_on"] or UNKNOWN_DAYS_LAST, pair[0]["id"]))


def involvement(decision: Entry, statements: Sequence[Entry], events: Mapping[str, Entry]) -> Entry:
    """Whether and when the partners were heard before a decision."""
    asked = set(decision["involved_partner_ids"])
    stated_on = {
        each["partner_id"]: day_of(each["submitted_at"], CITY_ZONE)
        for each in statements
        if each["partner_id"] in asked
    }
    days = list(stated_on.values())
    for id in decision["consultation_event_ids"]:
        event = events[id]
        came = {each["partner_id"] for each in event["participants"] if each["attendance"] == "attended"}
        if event["status"] == "held" and came & asked:
            days.append(day_of(event["starts_at"], ZoneInfo(event["timezone"])))
    first = min(days, default=None)
    is_decided = decision["status"] == "decided"
    on = day(decision["decided_on"] or decision["decides_on"])
    answered = {partner for partner, said in stated_on.items() if not is_decided or (on is not None and said < on)}
    before = None if first is None or on is None else first < on
    if is_decided and first is None:
        before = False
    return {
        "decision_id": decision["id"],
        "state": state_of(decision, asked, answered, first, before),
        "decision_on": None if on is None else on.isoformat(),
        "first_heard_on": None if first is None else first.isoformat(),
        "lead_days": None if first is None or on is None else (on - first).days,
        "heard_before_decision": before,
        "asked": len(asked),
        "answered": len(answered),
        "missing_partner_ids": sorted(asked - answered),
    }


def state_of(decision: Entry, asked: set[str], answered: set[str], first: date | None, before: bool | None) -> str:  # noqa: FBT001 (true, false or not known)
    """How far the involvement is."""
    if not decision["involvement_required"]:
        return "not_required"
    if decision["status"] == "decided" and not before:
        return "missed"
    if asked and answered == asked:
        return "answered"
    return "open" if first is None else "heard"


def row_of(decision: Entry, involved: Entry) -> Entry:
    """The report's row of a decision."""
    shown = ("title", "kind", "status", "reference", "announced_on")
    return {**involved, **{name: decision[name] for name in shown}}


def half_years(found: Sequence[tuple[Entry, Entry]]) -> list[Entry]:
    """The report by kind and half-year."""
    groups: dict[tuple[str, str], list[tuple[Entry, Entry]]] = defaultdict(list)
    for decision, involved in found:
        if decision["involvement_required"] and decision["status"] != "withdrawn":
            groups[half_year(involved["decision_on"]), decision["kind"]].append((decision, involved))
    return [figures(kind, half or None, groups[half, kind]) for half, kind in sorted(groups)]


def half_year(on: str | None) -> str:
    """The half-year of a day; nothing for no day."""
    return "" if on is None else f"{on[:4]}-H{1 if on[5:7] <= '06' else 2}"


def figures(kind: str, half: str | None, group: Sequence[tuple[Entry, Entry]]) -> Entry:
    """The row of one kind and half-year."""
    made = [involved for decision, involved in group if decision["status"] == "decided"]
    states = [involved["state"] for _, involved in group]
    leads = [involved["lead_days"] for _, involved in group if involved["lead_days"] is not None]
    return {
        "kind": kind,
        "half_year": half,
        "decisions": len(group),
        "decided": len(made),
        "heard_in_time": sum(involved["heard_before_decision"] for involved in made),
        "missed": states.count("missed"),
        "answered": states.count("answered"),
        "open": states.count("open"),
        "median_lead_days": float(median(leads)) if leads else None,
    }


def day_of(moment: str, zone: ZoneInfo) -> date:
    """The day of a moment in a zone."""
    return datetime.fromisoformat(moment).astimezone(zone).date()


def day(text: str | None) -> date | None:
    """A day."""
    return None if text is None else date.fromisoformat(text)
