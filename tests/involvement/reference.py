"""Involvement once more: slowly, in plain Python, from what the API's lists answer."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from statistics import median
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import httpx

from tests.factories import items_of

CITY_ZONE = ZoneInfo("Europe/Berlin")
UNKNOWN_DAYS_LAST = "9999-12-31"

Entry = dict[str, Any]


class Found(NamedTuple):
    """A decision, the involvement in it, and the titles of the events in it."""

    decision: Entry
    involvement: Entry
    titles: Mapping[str, str]
    open_objections: int


async def involvements(client: httpx.AsyncClient) -> list[Found]:
    """Every decision with the involvement in it, in the order of the report."""
    events = {event["id"]: event for event in await items_of(client, "consultation-events", limit=200)}
    partners = {partner["id"]: partner for partner in await items_of(client, "partners", limit=200)}
    minimums = {
        each["id"]: (each["hearing"] or {}).get("minimum_lead_days") for each in await items_of(client, "agreements")
    }
    titles = {id: event["title"] for id, event in events.items()}
    objections = Counter(each["subject_id"] for each in await items_of(client, "objections", state="open", limit=200))
    found = []
    for decision in await items_of(client, "decisions", limit=200):
        statements = await items_of(client, f"decisions/{decision['id']}/statements", limit=200)
        minimum = minimums[decision["agreement_id"]] or 1
        rows = [
            {"name": partners[id]["name"], **hearing(decision, id, statements, events, minimum)}
            for id in decision["involved_partner_ids"]
        ]
        rows.sort(key=lambda row: (partners[row["partner_id"]]["name"].casefold(), row["partner_id"]))
        found.append(Found(decision, involvement(decision, rows, minimum), titles, objections[decision["id"]]))
    return sorted(found, key=lambda each: (each.involvement["decision_on"] or UNKNOWN_DAYS_LAST, each.decision["id"]))


def hearing(
    decision: Entry, partner: str, statements: Sequence[Entry], events: Mapping[str, Entry], minimum: int
) -> Entry:
    """When and how one asked partner was heard before a decision."""
    on, made_on = day(decision["decided_on"] or decision["decides_on"]), day(decision["decided_on"])
    in_time = [each for each in statements if made_on is None or said_on(each) < made_on]
    own = [each for each in in_time if each["partner_id"] == partner]
    on_behalf = sorted(
        (each for each in in_time if partner in each["on_behalf_of_ids"]), key=lambda each: (said_on(each), each["id"])
    )
    statement = next(iter(own or on_behalf), None)
    ways = [(said_on(statement), 1, "statement" if own else "umbrella", "")] if statement else []
    counting = [id for id in decision["consultation_event_ids"] if counts(events[id], decision, partner, made_on)]
    ways += [(event_day(events[id]), 0, "event", id) for id in counting]
    heard_on, _, heard_by, event_id = min(ways, default=(None, 0, None, ""))
    lead = None if heard_on is None or on is None else (on - heard_on).days
    if heard_on is None and made_on is not None:
        is_in_time: bool | None = False
    else:
        is_in_time = None if lead is None else lead >= minimum
    return {
        "partner_id": partner,
        "asked_on": decision["announced_on"],
        "heard_on": None if heard_on is None else heard_on.isoformat(),
        "heard_by": heard_by,
        "is_entered_later": bool(statement and heard_by != "event" and statement["received_on"]),
        "event_id": event_id or None,
        "lead_days": lead,
        "is_in_time": is_in_time,
        "position": statement["position"] if statement else None,
    }


def counts(event: Entry, decision: Entry, partner: str, made_on: date | None) -> bool:
    """Whether an event counts for a decision and a partner."""
    came = {each["partner_id"] for each in event["participants"] if each["attendance"] == "attended"}
    is_on_agenda = any(item["decision_id"] == decision["id"] for item in event["agenda_items"])
    announced_on, on = day(decision["announced_on"]), event_day(event)
    is_about = is_on_agenda or (announced_on is not None and on >= announced_on)
    return event["status"] == "held" and partner in came and is_about and (made_on is None or on < made_on)


def involvement(decision: Entry, rows: Sequence[Entry], minimum: int) -> Entry:
    """Whether and when the partners were heard before a decision."""
    on, is_made = decision["decided_on"] or decision["decides_on"], decision["decided_on"] is not None
    heard = [row for row in rows if row["heard_on"]]
    answered = {row["partner_id"] for row in rows if row["position"]}
    first = min((row["heard_on"] for row in heard), default=None)
    before = None if first is None or on is None else first < on
    notice = notice_days(decision)
    return {
        "decision_id": decision["id"],
        "state": state_of(decision, len(rows), len(heard), len(answered)),
        "decision_on": on,
        "first_heard_on": first,
        "lead_days": max((row["lead_days"] for row in heard if row["lead_days"] is not None), default=None),
        "heard_before_decision": False if is_made and first is None else before,
        "notice_days": notice,
        "is_short_notice": is_short(decision, notice, minimum),
        "asked": len(rows),
        "heard": len(heard),
        "heard_in_time": sum(row["is_in_time"] is True for row in rows),
        "answered": len(answered),
        "missing_partner_ids": sorted(row["partner_id"] for row in rows if row["partner_id"] not in answered),
        "partners": list(rows),
    }


def notice_days(decision: Entry) -> int | None:
    """The days from the announcement to the decision, the planned or the real one."""
    days = [on for on in (day(decision["decides_on"]), day(decision["decided_on"])) if on is not None]
    announced_on = day(decision["announced_on"])
    return (min(days) - announced_on).days if days and announced_on is not None else None


def is_short(decision: Entry, notice: int | None, minimum: int) -> bool | None:
    """Whether the notice is short; made without an announcement, there was none."""
    if decision["decided_on"] and not decision["announced_on"]:
        return True
    return None if notice is None else notice < minimum


def state_of(decision: Entry, asked: int, heard: int, answered: int) -> str:
    """How far the involvement is."""
    if not decision["involvement_required"]:
        return "not_required"
    if not heard:
        return "open" if decision["decided_on"] is None else "missed"
    if answered == asked:
        return "answered"
    return "heard" if heard == asked else "partly_heard"


def row_of(found: Found) -> Entry:
    """The report's row of a decision."""
    decision, involved = found.decision, dict(found.involvement)
    names = {row["partner_id"]: row["name"] for row in involved.pop("partners")}
    reasons = {name: decision[name] for name in ("waiver_reason", "short_notice_reason")}
    missing = [names[id] for id in involved["missing_partner_ids"]]
    return {**involved, **head_of(found), **reasons, "missing_partner_names": missing}


def rows_of_partners(found: Found) -> list[Entry]:
    """The report's rows of the asked partners of a decision."""
    shared = {name: found.involvement[name] for name in ("decision_id", "decision_on", "state")}
    return [
        {**head_of(found), **shared, **row, "event_title": found.titles.get(row["event_id"])}
        for row in sorted(found.involvement["partners"], key=lambda row: str(row["partner_id"]))
    ]


def head_of(found: Found) -> Entry:
    """What both reports repeat of a decision."""
    named = {name: found.decision[name] for name in ("title", "kind", "status", "reference", "announced_on")}
    return {**named, "open_objections": found.open_objections}


def half_years(found: Sequence[Found]) -> list[Entry]:
    """The report by kind and half-year."""
    groups: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for each in found:
        if each.decision["status"] != "withdrawn":
            groups[half_year(each.involvement["decision_on"]), each.decision["kind"]].append(each)
    return [figures(kind, half or None, groups[half, kind]) for half, kind in sorted(groups)]


def half_year(on: str | None) -> str:
    """The half-year of a day; nothing for no day."""
    return "" if on is None else f"{on[:4]}-H{1 if on[5:7] <= '06' else 2}"


def figures(kind: str, half: str | None, group: Sequence[Found]) -> Entry:
    """The row of one kind and half-year."""
    decisions = [each.decision for each in group]
    required = [each for each in group if each.decision["involvement_required"]]
    states = [each.involvement["state"] for each in group]
    heard = [each for each in group if each.involvement["state"] in ("heard", "answered")]
    short = [each.decision for each in required if each.involvement["is_short_notice"]]
    leads = [
        row["lead_days"] for each in required for row in each.involvement["partners"] if row["lead_days"] is not None
    ]
    in_time = [
        each.decision["decided_on"] is not None and all(row["is_in_time"] for row in each.involvement["partners"])
        for each in heard
    ]
    return {
        "kind": kind,
        "half_year": half,
        "decisions": len(group),
        "decided": sum(decision["decided_on"] is not None for decision in decisions),
        "heard": len(heard),
        "heard_in_time": sum(in_time),
        **{name: states.count(name) for name in ("answered", "partly_heard", "missed", "open")},
        "waived": states.count("not_required"),
        "short_notice_explained": sum(decision["short_notice_reason"] is not None for decision in short),
        "short_notice_unexplained": sum(decision["short_notice_reason"] is None for decision in short),
        "reported": sum(decision["reported_by_id"] is not None for decision in decisions),
        "unconfirmed": sum(decision["status"] == "reported" for decision in decisions),
        "refused": sum(decision["status"] == "refused" for decision in decisions),
        "contested": sum(each.open_objections > 0 for each in group),
        "median_lead_days": float(median(leads)) if leads else None,
    }


def said_on(statement: Entry) -> date:
    """The day on which something was said, where the register stands, or came, where it was entered later."""
    return day(statement["received_on"]) or day_of(statement["submitted_at"], CITY_ZONE)


def event_day(event: Entry) -> date:
    """The day on which an event begins, where it takes place."""
    return day_of(event["starts_at"], ZoneInfo(event["timezone"]))


def day_of(moment: str, zone: ZoneInfo) -> date:
    """The day of a moment in a zone."""
    return datetime.fromisoformat(moment).astimezone(zone).date()


def day(text: str | None) -> date | None:
    """A day."""
    return None if text is None else date.fromisoformat(text)
