"""What no history changes: who was heard, whose words something is, and what belongs to another agreement."""

import os
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.cli.seed import load_content, read_agreement
from app.settings import Settings
from tests.access.test_agreements import FILES
from tests.clock import Clock
from tests.conftest import client_of
from tests.contract.reading import faults
from tests.databases import IS_SOAK
from tests.evidence.history import KEYS, PARTNERS, WRITES, History, Written
from tests.factories import items_of
from tests.proposals.evidence import recorded

SEEDS = range(int(os.environ["REGISTER_SOAK_ROUNDS"])) if IS_SOAK else range(1)
ROUNDS, MORE = 2, 20
OWNERS = {"statement": "partner_id", "need": "raised_by_id", "progress_report": "partner_id"}
WORDS = {
    "statement": ("position", "text", "documents", "on_behalf_of_ids"),
    "need": ("title", "description", "urgency", "topic_id", "raised_by_id", "districts"),
    "progress_report": ("summary", "achievements", "obstacles", "next_steps", "progress_percent", "status"),
}
MAY_TELL = ("decision", "statement", "consultation_event", "agreement", "partner", "sub_measure", "objection")
ANSWERS = ("accepted", "declined")
BY_OPERATORS = ("partner", "agreement")

Said = dict[tuple[str, ...], Any]


@pytest.fixture
async def history(app: FastAPI, settings: Settings, callers: Mapping[str, httpx.AsyncClient]) -> AsyncIterator[History]:
    """A history that has not begun, in Dresden's and Berlin's agreements."""
    await load_content(settings, read_agreement(FILES / "berlin.yaml"))
    operator = callers["operator"]
    async with AsyncExitStack() as stack:
        clients = {"nobody": callers["anonymous"]}
        for name, (partner, role) in KEYS.items():
            made = await operator.post("/v1/keys", json={"partner_id": partner, "role": role})
            assert made.status_code == 201, made.text
            clients[name] = await stack.enter_async_context(client_of(app, made.json()["key"]))
        history = History(random.Random(0), clients, operator)  # noqa: S311 (a history that can be repeated)
        await recorded(callers)
        for change in await history.told():
            history.learn(change)
        yield history


def words_in(type: str, resource: Mapping[str, Any] | None) -> Said:
    """What partners say in a resource, by whom."""
    if resource is None:
        return {}
    if type == "consultation_event":
        return {
            (each["partner_id"], name): each[name]
            for each in resource["participants"]
            for name in ("attendance", "delegates")
            if (name == "attendance" and each[name] in ANSWERS) or (name == "delegates" and each[name] is not None)
        }
    return {(resource[OWNERS[type]], name): resource[name] for name in WORDS.get(type, ())}


def seen_at(event: Mapping[str, Any] | None) -> set[str]:
    """The partners of whom an event says that they were there or not."""
    entries = (event or {}).get("participants", ())
    return {each["partner_id"] for each in entries if each["attendance"] in ("attended", "absent")}


def rewritten(before: Said, after: Said, now: Mapping[str, Any] | None) -> set[str]:
    """The partners whose words are others than before; that one was there or not is the organiser's to say."""
    seen = seen_at(now)
    return {
        partner
        for partner, name in {*before, *after}
        if before.get((partner, name)) != after.get((partner, name)) and not (name == "attendance" and partner in seen)
    }


def check_words(history: History, change: Mapping[str, Any]) -> None:
    """No party's words are written by another's key; in what two sides correct, by none but theirs."""
    type, after = change["resource_type"], change["data"]
    if type not in {*OWNERS, "consultation_event"}:
        return
    before = history.there.get(change["resource_id"])
    is_on_paper = type == "statement" and before is None and after["entered_by_id"] == change["by"]["partner_id"]
    speakers = {change["by"]["partner_id"]}
    if change["proposal_id"]:
        speakers.add(history.there[change["proposal_id"]]["proposed_by_id"])
    found = rewritten(words_in(type, before), words_in(type, after), after)
    assert is_on_paper or found <= speakers, (change, before)
    # Who was seen at an event stays so, until two sides say otherwise.
    assert change["proposal_id"] or seen_at(before) <= seen_at(after), (change, before)


def check_elsewhere(written: Written, told: list[dict[str, Any]]) -> None:
    """Where a key's partner is no party, nothing is written, but by operators what they keep everywhere."""
    if written.by not in KEYS:
        assert written.answer.status_code == 401, str(written)
        return
    partner, role = KEYS[written.by]
    if written.agreement is None or partner in PARTNERS.get(written.agreement, (partner,)):
        return
    if role == "operator":
        assert {each["resource_type"] for each in told} <= {*BY_OPERATORS}, str(written)
        return
    assert told == [], str(written)
    if written.answer.status_code == 422:
        # What the contract refuses is refused whoever sends it.
        assert faults(written.operation.bodies["application/json"]["schema"], written.body), str(written)
    else:
        assert written.answer.status_code in {403, 404}, str(written)


async def involvement(history: History) -> dict[tuple[str, ...], Any]:
    """Who was heard before each decision that was made, whatever things are called and who objects."""
    rows = await items_of(history.reader, "reports/early-involvement/partners", limit=200)
    decisions = await items_of(history.reader, "reports/early-involvement/decisions", limit=200)
    others = ("name", "title", "event_title", "missing_partner_names", "open_objections")
    return {
        (row["decision_id"], row.get("partner_id", "")): {each: row[each] for each in row if each not in others}
        for row in (*decisions, *rows)
        if row["status"] == "decided"
    }


@pytest.mark.thorough
class TestHistory:
    @pytest.mark.parametrize("seed", SEEDS)
    async def test_leaves_what_was_heard_and_said_to_whom_it_belongs(
        self, app: FastAPI, history: History, seed: int
    ) -> None:
        history.choice.seed(seed)
        clock = Clock(app)
        clock.set("2025-07-01")
        heard = await involvement(history)
        for operation in history.steps(ROUNDS, MORE):
            if history.choice.random() < 0.1:
                clock.wait(history.choice.randrange(1, 9))
            written = await history.act(operation)
            assert written.answer.status_code < 500, str(written)
            told = await history.told() if written.answer.is_success else []
            check_elsewhere(written, told)
            for change in told:
                check_words(history, change)
                history.learn(change)
            if any(each["resource_type"] in MAY_TELL for each in told):
                heard, before = await involvement(history), heard
                is_corrected = any(each["action"] == "corrected" for each in told)
                assert is_corrected or {each: heard.get(each) for each in before} == before, str(written)
        writes = {each.id for each in WRITES}
        assert history.tried.keys() == writes
        assert writes - (+history.done).keys() == set(), "each must have succeeded once, to be worth trying"
