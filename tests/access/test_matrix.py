"""Every operation, tried by every caller."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.access.matrix import DOCUMENT, OWNED, RULES, Cell, cells, rendered
from tests.factories import CARITAS, LIGA, body_of, make
from tests.schemas import document

Callers = Mapping[str, httpx.AsyncClient]

OWNER_FIELD = {"sub-measures": "lead_partner_id", "consultation-events": "organiser_id"}
NAME_FIELD = {"topics": "name", "partners": "name"}


def owner_of(path: str, caller: str) -> dict[str, str]:
    """Whose the resource is: the contributor's own partner's, or another one's."""
    if path not in OWNED:
        return {}
    return {OWNER_FIELD[path]: CARITAS if caller.endswith("own") else LIGA}


async def attempt(callers: Callers, cell: Cell) -> tuple[httpx.Response, str]:
    """Do the operation on a resource of the circle, and name the address of what it is about."""
    method, _, path = cell.operation.partition(" ")
    client = callers[cell.caller.partition(",")[0]]
    kind, _, rest = path.strip("/").partition("/")
    if kind == "changes":
        return await client.request("HEAD" if rest == "stream" else "GET", f"/v1{path}"), ""
    if kind == "keys":
        made = (await callers["admin"].post("/v1/keys", json={"partner_id": LIGA, "role": "reader"})).json()
        body: dict[str, Any] = {"overlap_hours": 1} if rest else {"partner_id": LIGA, "role": "reader"}
        return await send(client, method, f"/v1{path}".format(id=made["id"]), body, {}), f"/v1/keys/{made['id']}"
    fields = owner_of(kind, cell.caller) | {"visibility": cell.circle}
    made = await make(callers["admin"], kind, **fields)
    body = body_of(kind, **fields) if method == "post" else {NAME_FIELD.get(kind, "title"): "Anders"}
    headers = {"If-Match": f'"{made["version"]}"'}
    return await send(client, method, f"/v1{path}".format(id=made["id"]), body, headers), f"/v1/{kind}/{made['id']}"


async def send(
    client: httpx.AsyncClient, method: str, address: str, body: Any, headers: dict[str, str]
) -> httpx.Response:
    """A request, with a body where the method has one."""
    content = {"json": body} if method in ("post", "patch") else {}
    return await client.request(method, address, headers=headers, **content)


class TestMatrix:
    def test_has_every_operation_of_the_contract(self) -> None:
        operations = {f"{method} {path}" for path, item in document()["paths"].items() for method in item}
        listed = [operation for rule in RULES for operation in rule.operations]
        assert sorted(listed) == sorted(operations)

    def test_is_what_the_docs_show(self) -> None:
        assert DOCUMENT.read_text("utf-8") == rendered(), "renew it with: python -m tests.access.matrix"

    @pytest.mark.parametrize("operation", [operation for rule in RULES for operation in rule.operations])
    async def test_holds_in_every_cell(self, callers: Callers, operation: str) -> None:
        for cell in cells():
            if cell.operation != operation:
                continue
            end = await end_of(callers)
            answer, address = await attempt(callers, cell)
            assert answer.status_code == cell.status, (cell, answer.text)
            if answer.status_code == 403:
                is_owned = cell.caller == "contributor" and cell.operation.split("/")[1] in OWNED
                assert answer.json()["rule"] == ("ownership" if is_owned else "role"), cell
            if address and cell.operation.startswith("get ") and answer.status_code == 200:
                is_visible = cell.circle == "public" or cell.caller != "anonymous"
                assert (address.rpartition("/")[2] in answer.text) is is_visible, cell
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
                made_by_the_attempt = 0 if cell.operation.endswith("keys") or "/keys" in cell.operation else 1
                assert await end_of(callers) == end + made_by_the_attempt, cell
                if "/keys" not in cell.operation:
                    assert (await callers["admin"].get(address)).json()["version"] == 1, cell


async def end_of(callers: Callers) -> int:
    """The last position of the change log."""
    cursor: str | None = None
    position = 0
    while True:
        params = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
        page = (await callers["admin"].get("/v1/changes", params=params)).json()
        position = page["items"][-1]["position"] if page["items"] else position
        cursor = page["next_cursor"]
        if not page["more"]:
            return position


class TestOwnership:
    @pytest.mark.parametrize("path", OWNED)
    async def test_cannot_be_given_away_or_taken(self, callers: Callers, path: str) -> None:
        own = await make(callers["contributor"], path, **{OWNER_FIELD[path]: CARITAS})
        for owner in (LIGA, None):
            answer = await callers["contributor"].patch(
                f"/v1/{path}/{own['id']}", json={OWNER_FIELD[path]: owner}, headers={"If-Match": '"1"'}
            )
            assert (answer.status_code, answer.json()["rule"]) == (403, "ownership")
        foreign = await make(callers["admin"], path, **{OWNER_FIELD[path]: LIGA})
        answer = await callers["contributor"].patch(
            f"/v1/{path}/{foreign['id']}", json={OWNER_FIELD[path]: CARITAS}, headers={"If-Match": '"1"'}
        )
        assert (answer.status_code, answer.json()["rule"]) == (403, "ownership")
        assert (
            await callers["other_contributor"].delete(f"/v1/{path}/{own['id']}", headers={"If-Match": "*"})
        ).status_code == 403

    async def test_is_not_asked_of_readers(self, callers: Callers) -> None:
        answer = await callers["reader"].post("/v1/goals", json=body_of("goals"))
        assert (answer.status_code, answer.json()["rule"]) == (403, "role")
        answer = await callers["anonymous"].post("/v1/goals", json=body_of("goals"))
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
