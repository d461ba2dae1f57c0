"""Thousands of requests that are made up from the contract: none crashes, none gets an answer that it does not name."""

import asyncio
import json
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from multiprocessing import get_context
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation import GenerationMode
from schemathesis.python.asgi import shutdown_lifespans

from app.access import guards
from app.access.keys import digest
from app.catalogue import FEATURES
from app.contract.walking import schemas
from app.main import create_app
from app.settings import Settings
from tests.conftest import OPERATORS, Templates, caller_of_operator_too
from tests.databases import ENGINES, IS_SOAK
from tests.schemas import document

# Valid by its schema and refused all the same: what a JSON schema cannot say.
BEYOND_A_SCHEMA = frozenset(
    {
        "unknown_reference",
        "unknown_position",
        "changes_or_redaction",
        "not_redactable",
        "resource_required",
        "wrong_form",
        "other_agreement",
        "cycle",
        "repeated",
        "before_start",
        "reason_required",
        "number_required",
        "unknown_timezone",
        "invisible_text",
        "year_out_of_range",
        "invalid_cursor",
        "in_the_past",
        "day_required",
        "not_decided",
        "response_required",
        "one_of",
        "too_visible",
        "too_hidden",
        "not_a_first_state",
        "too_long",
        "in_future",
        "no_change",
        "other_subject",
        "not_an_asked_member",
        "not_earlier",
        "address_not_allowed",
        "too_many",
        "not_delivered_yet",
        "another_tree",
        "not_signed",
        "not_a_key",
    }
)
# There a reference is given in one of two ways; a schema of alternatives would be no class any more in generated clients.
OF_EITHER_WAY = frozenset({"missing", "given_twice"})
CONFIG = {
    "seed": 1,
    "workers": 1,
    "continue-on-failure": True,
    "generation": {"deterministic": True, "max-examples": 5 if IS_SOAK else 1, "no-shrink": True, "database": "none"},
    # Boundaries, wrong types and what is missing are tried field by field elsewhere, and take most of the time.
    "phases": {"coverage": {"enabled": IS_SOAK}},
    "checks": {
        # What is another's to say, is there, in use, in another state, or needs another version; 422 is looked into below.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "304", "403", "404", "409", "410", "412", "422", "428"]
        },
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "403", "404", "409", "410", "412", "415", "422", "428"]
        },
        "missing_required_header": {"expected-statuses": ["401", "403", "404", "410", "428"]},
    },
}
# Schemathesis makes up header values of letters and digits only, and none of them is an ETag.
ENTITY_TAGS = {"If-Match": ["*", '"1"', '"1", "2"'], "If-None-Match": ["*", '"1"', 'W/"1"', '"1", "2"']}
# The stream never ends, and the others would end the key that the run itself needs; all have tests of their own.
LEFT_OUT = ["streamChanges", "revokeKey", "rotateKey", "revokeCurrentKey", "rotateCurrentKey"]
KINDS_TRIED = ("decisions", "progress-reports", "agreements")
"""Of the kinds, in the short run: one with parts below it and words of two sides, one that moves another, one without.

What is tried field by field elsewhere is tried of every kind; here, the kinds are many times the same.
"""
OTHER_KINDS = "|".join({each.kind.path.split("/")[0] for each in FEATURES} - {*KINDS_TRIED})
UNPROCESSABLE = 422
LONG = 1000
"""Longer texts have no limit in the short run: Schemathesis writes it into the pattern, and to compile that takes a third of
a second for each field of each body, which was two thirds of the run. What is too long is tried field by field elsewhere.
"""
PHASES = {"examples", "fuzzing", "stateful"} | ({"coverage"} if IS_SOAK else set())
CASES_AT_LEAST = 5000 if IS_SOAK else 250


def told() -> dict[str, Any]:
    """The contract, with ETags that can be sent, and without waiting for what nobody does meanwhile."""
    contract = deepcopy(document())
    for item in contract["paths"].values():
        for operation in item.values():
            operation["parameters"] = [each for each in operation.get("parameters", []) if each["name"] != "wait"]
            for parameter in operation["parameters"]:
                if parameter["name"] in ENTITY_TAGS:
                    parameter["schema"] = {"enum": ENTITY_TAGS[parameter["name"]]}
    for schema in schemas(contract["components"]["schemas"]) if not IS_SOAK else ():
        if "pattern" in schema and schema.get("maxLength", 0) > LONG:
            del schema["maxLength"]
    return contract


@schemathesis.serializer("application/jsonl", "application/x-ndjson")
def as_it_is(_context: schemathesis.SerializationContext, content: Any) -> bytes:
    """Send lines as they are made up."""
    return content if isinstance(content, bytes) else str(content).encode()


class Findings:
    """What a run has found."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.faults: list[str] = []

    def add(self, event: events.EngineEvent) -> None:
        """Take in what the run reports."""
        if isinstance(event, events.NonFatalError | events.FatalError):
            self.faults.append(str(event))
        if not isinstance(event, events.ScenarioFinished):
            return
        recorder = event.recorder
        for id, interaction in recorder.interactions.items():
            self.cases[event.phase.value] += 1
            node, answer = recorder.cases.get(id), interaction.response
            request = f"{interaction.request.method} {interaction.request.uri} {interaction.request.body!r}"
            if answer is None:
                self.faults.append(f"no answer: {request}")
                continue
            for check in recorder.checks.get(id, []):
                if check.failure_info:
                    self.faults.append(f"{check.name}: {request}: {answer.status_code} {answer.content[:500]!r}")
            if node and node.value.meta and node.value.meta.generation.mode == GenerationMode.POSITIVE:
                problem = json.loads(answer.content) if answer.status_code == UNPROCESSABLE else {}
                codes = {error["code"] for error in problem.get("errors", [])}
                beyond = BEYOND_A_SCHEMA | (OF_EITHER_WAY if "/external/" in interaction.request.uri else frozenset())
                if not codes <= beyond:
                    self.faults.append(f"{codes - beyond} although it is valid: {request}")


def tried(settings: Settings, key: str) -> Findings:
    """Run every phase and every check against the service; it has its own event loop and needs a thread."""
    schema = schemathesis.openapi.from_dict(
        told(), config=SchemathesisConfig.from_dict(CONFIG | {"headers": {"Authorization": f"Bearer {key}"}})
    )
    schema.app = create_app(settings)
    # With its key others' words are accepted, so that their bodies are looked into.
    OPERATORS.add(digest(key))
    tested = schema.exclude(operation_id=LEFT_OUT)
    if not IS_SOAK:
        tested = tested.exclude(path_regex=rf"^/({OTHER_KINDS})(/|$)")
    findings = Findings()
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(guards, "caller_of", caller_of_operator_too)
        try:
            for event in from_schema(tested).execute():
                findings.add(event)
        finally:
            shutdown_lifespans()
    return findings


@pytest.mark.thorough
@pytest.mark.databases(*(ENGINES if IS_SOAK else ["postgresql"]))
class TestService:
    async def test_keeps_the_contract_whatever_is_sent(self, settings: Settings, templates: Templates) -> None:
        # A process of its own: what the run remembers would slow down every test after it.
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            running = asyncio.get_running_loop().run_in_executor(process, tried, settings, templates.keys["operator"])
            findings = await running
        assert findings.faults == [], "\n".join(findings.faults[:20])
        assert findings.cases.keys() == PHASES
        assert findings.cases.total() > CASES_AT_LEAST
