"""What the log tells of keys."""

import hashlib
from collections.abc import Mapping
from typing import Any

import httpx

from app.access.keys import digest
from app.cli.verify import verify_and_note
from app.proofs.leaves import encoded
from app.settings import Settings
from tests.changes.test_routes import follow
from tests.conftest import Templates, client_of
from tests.databases import any_database
from tests.factories import CITY, delete, make, patch

Callers = Mapping[str, httpx.AsyncClient]


def told(changes: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Each entry of a key: what happened, why, to which fields, and by whom."""
    return [
        (each["action"], each["leaf"]["reason"], each["changed_fields"] if each["version"] > 1 else [], each["by"])
        for each in changes
    ]


async def test_tells_partners_what_happens_to_keys_and_nobody_the_key(
    callers: Callers, settings: Settings, app: Any
) -> None:
    partner = await make(callers["operator"], "partners", slug="verein-c")
    _, cursor = await follow(callers["reader"])
    body = {"partner_id": partner["id"], "role": "contributor", "description": "Für die Leitstelle"}
    made = (await callers["keeper"].post("/v1/keys", json=body)).json()
    async with client_of(app, made["key"]) as own:
        rotated = (await own.post("/v1/keys/current/rotation", json={"overlap_hours": 2})).json()
        assert (await own.delete("/v1/keys/current")).status_code == 204
    ended = await patch(callers["operator"], "partners", partner, dissolved_on="2025-01-31")
    assert (await delete(callers["operator"], "partners", ended.json())).status_code == 204
    changes, _ = await follow(callers["reader"], cursor)
    of_keys = [each for each in changes if each["resource_type"] == "key"]
    by_city, by_itself = {"partner_id": CITY}, {"partner_id": partner["id"]}
    assert told([each for each in of_keys if each["resource_id"] == made["id"]]) == [
        ("created", "made", [], by_city),
        ("updated", "rotated", ["expires_at"], by_itself),
        ("updated", "revoked", ["revoked_at"], by_itself),
        ("updated", "partner_end_changed", ["partner_ends_on"], by_city),
        ("deleted", "partner_deleted", [], by_city),
    ]
    assert told([each for each in of_keys if each["resource_id"] == rotated["id"]]) == [
        ("created", "rotated", [], by_itself),
        ("updated", "partner_end_changed", ["partner_ends_on"], by_city),
        ("deleted", "partner_deleted", [], by_city),
    ]
    first = of_keys[0]["data"]
    assert {name: first[name] for name in ("partner_id", "role", "prefix", "revoked_at", "partner_ends_on")} == {
        **{name: made[name] for name in ("partner_id", "role", "prefix")},
        **dict.fromkeys(("revoked_at", "partner_ends_on")),
    }
    # Whoever has a key knows its entry, and nobody else does.
    assert first["digest_hash"] == encoded(hashlib.sha256(digest(made["key"]).encode()).digest())
    assert of_keys[4]["data"]["partner_ends_on"] == "2025-01-31"
    text = str(changes)
    assert not any(secret in text for secret in (made["key"][12:], digest(made["key"]), "Leitstelle"))
    assert (await verify_and_note(settings)).faults == []


@any_database
async def test_tells_the_public_nothing_of_keys(callers: Callers, templates: Templates) -> None:
    (changes, _), (public, _) = [await follow(callers[name], type="key") for name in ("reader", "anonymous")]
    assert [each["action"] for each in changes] == ["created"] * len(templates.keys)
    assert public == []
