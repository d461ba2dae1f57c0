"""What is for partners only is nowhere to be seen for others."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.catalogue import FEATURES
from tests.factories import LIGA, NOWHERE, PATHS, body_of, delete, errors_of, make, patch

KINDS = tuple(feature.kind for feature in FEATURES)

Callers = Mapping[str, httpx.AsyncClient]
MARKER = "Geheimsache Elbauen"
NAMES = {resource.path: resource.named_by for resource in KINDS}


def named(path: str) -> dict[str, Any]:
    """The marker in the field that people know a resource by."""
    return {NAMES[path]: MARKER, "visibility": "partners"}


@pytest.mark.parametrize("path", PATHS)
class TestHidden:
    async def test_is_in_no_answer(self, callers: Callers, path: str) -> None:
        hidden = await make(callers["operator"], path, **named(path))
        hidden = (await patch(callers["operator"], path, hidden, visibility="partners")).json()
        anonymous = callers["anonymous"]
        address = f"/v1/{path}/{hidden['id']}"
        total = (await anonymous.get(f"/v1/{path}", params={"include_total": "true"})).json()["total"]
        seen = (await callers["reader"].get(f"/v1/{path}", params={"include_total": "true"})).json()["total"]
        assert seen == total + 1
        answers = [
            await anonymous.get(address),
            await anonymous.get(address, headers={"If-None-Match": '"1"'}),
            await anonymous.get(f"{address}/history"),
            await anonymous.get(f"/v1/{path}", params={"limit": 200}),
            await anonymous.get(f"/v1/{path}", params={"q": MARKER[:6], "include_total": "true"}),
            await anonymous.get(f"/v1/{path}", params={"visibility": "partners"}),
            await anonymous.get(f"/v1/{path}", params={"created_at_from": hidden["created_at"], "sort": "-created_at"}),
            await anonymous.get("/v1/changes", params={"limit": 500}),
            await anonymous.patch(address, json={}, headers={"If-Match": "*"}),
            await anonymous.delete(address),
        ]
        for answer in answers:
            assert MARKER not in answer.text
            assert f'"id":"{hidden["id"]}"' not in answer.text
        assert [answer.status_code for answer in answers] == [404, 404, 404, 200, 200, 200, 200, 200, 401, 401]
        assert answers[4].json() == {"items": [], "next_cursor": None, "total": 0}

    async def test_is_gone_for_those_only_who_saw_it(self, callers: Callers, path: str) -> None:
        hidden = await make(callers["operator"], path, **named(path))
        assert (await delete(callers["operator"], path, hidden)).status_code == 204
        address = f"/v1/{path}/{hidden['id']}"
        assert (await callers["anonymous"].get(address)).status_code == 404
        assert (await callers["reader"].get(address)).status_code == 410
        assert MARKER not in (await callers["anonymous"].get("/v1/changes", params={"limit": 500})).text


class TestReference:
    async def test_to_what_is_not_there_is_one_to_nothing(self, callers: Callers) -> None:
        hidden = await make(callers["operator"], "partners", **named("partners"))
        body = body_of("sub-measures", lead_partner_id=hidden["id"])
        assert (await callers["coordinator"].post("/v1/sub-measures", json=body)).status_code == 201
        body = body_of("sub-measures", lead_partner_id=NOWHERE, supporting_partner_ids=[LIGA])
        answer = await callers["coordinator"].post("/v1/sub-measures", json=body)
        assert errors_of(answer) == [("#/lead_partner_id", "unknown_reference")]
