"""Every operation, tried by every caller."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

import httpx
import pytest

from app.access.voices import Voice
from app.proofs.notes import COSIGNATURE, Note, Signer
from tests.access.matrix import (
    DOCUMENT,
    FROZEN,
    OF_PARTIES,
    OWN_WORDS,
    OWNED,
    RULES,
    SAID,
    SAYING,
    Cell,
    Rule,
    cells,
    rendered,
)
from tests.conftest import KEY_OWNERS
from tests.databases import any_database
from tests.dresden import ASSOCIATIONS
from tests.factories import CARITAS, LIGA, body_of, end_of_feed, make
from tests.kinds import POSTED
from tests.kinds import PUTS as ALL_PUTS
from tests.schemas import body_schema, document, takes_null

Callers = Mapping[str, httpx.AsyncClient]
Prepare = Callable[[httpx.AsyncClient, Cell], Awaitable["Attempt"]]

CONDITIONAL = ("patch", "put", "delete")
PUTS = {each.part: each.body for each in ALL_PUTS}
KEYS = {"contributor, own": "contributor", "coordinator, umbrella": "umbrella", "operator": "keeper"}
OTHERS_TO_KEEP = {
    ("patch /partners/{id}", "admin"),
    ("post /keys", "admin"),
    ("post /keys/{id}/rotation", "operator"),
}
"""What only the partner itself keeps, and who is great enough to be told that."""
OTHER_WORDS = {"statements": {"position": "support"}, "participants": {"attendance": "declined"}}
# The partner of some kinds never changes.
GIVEN = [path for path in (*OWNED, *OWN_WORDS) if POSTED[path].owner in body_schema(path, "patch")["properties"]]


class Attempt(NamedTuple):
    """A request, and the address of what it is about."""

    path: str
    body: Any
    address: str


def owner_of(path: str, caller: str) -> dict[str, str]:
    """Whose the resource is: the contributor's own partner's, or another one's."""
    return {str(POSTED[path].owner): partner_of(caller)} if path in (*OWNED, *OWN_WORDS) else {}


def partner_of(caller: str) -> str:
    """The contributor's own partner, which is a member of the umbrella association too, or another one."""
    return CARITAS if caller in ("contributor, own", "coordinator, umbrella") else LIGA


async def prepared(admin: httpx.AsyncClient, cell: Cell) -> Attempt:
    """Make what the operation is about, in the circle, and say what to send."""
    method, _, path = cell.operation.partition(" ")
    kind, _, rest = path.strip("/").partition("/")
    if kind in ("changes", "reports", "exports", "calendar.ics", "vocabularies") or rest == "current":
        return Attempt(f"/v1{path}".format(suffix="csv", name="event-status"), None, "")
    if kind == "keys":
        made = (await admin.post("/v1/keys", json={"partner_id": LIGA, "role": "reader"})).json()
        body: dict[str, Any] = {"overlap_hours": 1} if rest else {"partner_id": LIGA, "role": "reader"}
        return Attempt(f"/v1{path}".format(id=made["id"]), body, f"/v1/keys/{made['id']}")
    if kind == "redactions":
        made = await make(admin, "goals", description="Wer es war", visibility=cell.circle)
        named = {"resource_type": "goal", "resource_id": made["id"], "fields": ["description"]}
        return Attempt(f"/v1{path}", named | {"legal_basis": "Art. 17 GDPR"}, "")
    fields: dict[str, Any] = owner_of(kind, cell.caller) if "{id}/" not in path else {}
    if kind == "indicators":
        measure = await make(admin, "sub-measures", lead_partner_id=partner_of(cell.caller))
        fields |= {"goal_id": None, "sub_measure_id": measure["id"]}
    made = await make(admin, kind, **fields, visibility=cell.circle)
    address = f"/v1/{kind}/{made['id']}"
    part = rest.split("/")[1] if rest.count("/") else ""
    if part not in PUTS:
        body = (
            body_of(kind, **fields, visibility=cell.circle) if method == "post" else {POSTED[kind].named_by: "Anders"}
        )
        return Attempt(f"/v1{path}".format(id=made["id"]), body, address)
    own = {"partner_id": partner_of(cell.caller), "on": "2025-02-28"}
    below = f"{address}/{part}/{own['on'] if part == 'observations' else own['partner_id']}"
    answer = await admin.put(below, json=PUTS[part])
    assert answer.status_code in (200, 201), answer.text
    is_one = "{partner_id}" in path or "{on}" in path
    return Attempt(
        f"/v1{path}".format(id=made["id"], **own),
        OTHER_WORDS.get(part, PUTS[part]),
        address if part == "participants" or not is_one else below,
    )


async def contested(callers: Callers, cell: Cell) -> Attempt:
    """Make an objection or a proposal by the contributor's own partner, or another one, in the circle."""
    method, _, path = cell.operation.partition(" ")
    kind = path.split("/")[1]
    about = await make(callers["operator"], "sub-measures", visibility=cell.circle)
    body: dict[str, Any] = {"subject_type": "sub_measure", "subject_id": about["id"]}
    body |= {"text": "Nein."} if kind == "objections" else {"reason": "Irrtum.", "changes": {"summary": "So war es."}}
    speaker = callers["contributor" if partner_of(cell.caller) == CARITAS else "other_contributor"]
    made = await speaker.post(f"/v1/{kind}", json=body)
    assert (made.status_code, made.json()["visibility"]) == (201, cell.circle), made.text
    sent = body if method == "post" else {"state": "withdrawn"}
    return Attempt(f"/v1{path}".format(id=made.json()["id"]), sent, made.headers["location"])


async def witnessed(callers: Callers, cell: Cell) -> Attempt:
    """What proves the log; for a cosignature, a key of the caller's partner is registered where it may be."""
    path = f"/v1{cell.operation.partition(' ')[2]}"
    signer = Signer.new("witness.test", COSIGNATURE)
    content = {"verifier_key": str(signer.verifier)}
    if path.endswith("/cosigners"):
        return Attempt(path, content, "")
    if not path.endswith("/cosignatures"):
        return Attempt(
            f"{path}{'?position=3' if 'inclusion' in path else '?from=3' if 'consistency' in path else ''}", None, ""
        )
    await callers[KEYS.get(cell.caller, cell.caller)].post("/v1/log/cosigners", json=content)
    note = (await callers["anonymous"].get("/v1/log/checkpoint")).text
    return Attempt(path, {"note": note + signer.line(Note.of(note).text, 1)}, "")


async def registered(callers: Callers, cell: Cell) -> Attempt:
    """Make a webhook endpoint of the contributor's own partner, or another one."""
    method, _, path = cell.operation.partition(" ")
    speaker = callers["contributor" if partner_of(cell.caller) == CARITAS else "other_contributor"]
    new = {"url": "https://192.0.1.1/hook"}
    made = await speaker.post("/v1/webhook-endpoints", json=new)
    assert made.status_code == 201, made.text
    body = {"secret": {"overlap_hours": 1}, "replay": {"from_position": 1}, "{id}": {"description": "Anders"}}
    is_listed = path == "/webhook-endpoints" and method == "get"
    address = "" if is_listed else made.headers["location"]
    return Attempt(f"/v1{path}".format(id=made.json()["id"]), body.get(path.rpartition("/")[2], new), address)


async def at_secret_address(callers: Callers, cell: Cell) -> Attempt:
    """Make a secret address of the contributor's own partner, or of another one."""
    speaker = callers["contributor" if partner_of(cell.caller) == CARITAS else "other_contributor"]
    made = (await speaker.post("/v1/calendar-feeds", json={})).json()
    path, name = cell.operation.partition(" ")[2], made["url"].rpartition("/")[2].removesuffix(".ics")
    return Attempt(f"/v1{path}".format(id=made["id"], name=name), {}, "")


async def saying(operator: httpx.AsyncClient, cell: Cell) -> Attempt:
    """What an operation is about when it says something else than usually."""
    attempt, said = await prepared(operator, cell), SAID[cell.operation]
    kind = cell.operation.split("/")[1]
    if kind == "progress-reports":
        await patched(operator, attempt.address, state="submitted")
    if cell.operation == "patch /decisions/{id}":
        made = await make(operator, kind, status="reported", visibility=cell.circle)
        return Attempt(f"/v1/{kind}/{made['id']}", said, f"/v1/{kind}/{made['id']}")
    if cell.operation.startswith("put /decisions"):
        answer = await operator.delete(attempt.path, headers={"If-Match": "*"})
        assert answer.status_code == 204, answer.text
        return Attempt(attempt.path, said, "")
    if kind == "consultation-events":
        await patched(operator, attempt.address, organiser_id=next(iter({*ASSOCIATIONS} - {LIGA, CARITAS})))
    return attempt._replace(body=said)


async def patched(operator: httpx.AsyncClient, address: str, **changes: Any) -> None:
    """Let something become what an attempt needs."""
    answer = await operator.patch(address, json=changes, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


async def frozen(operator: httpx.AsyncClient, cell: Cell) -> Attempt:
    """Freeze what the operation is about, and ask for a change of it."""
    attempt, kind = await prepared(operator, cell), cell.operation.split("/")[1]
    if kind == "progress-reports":
        for state in ("submitted", "accepted"):
            await patched(operator, attempt.address, state=state)
        return attempt
    await patched(operator, attempt.address.partition("/statements")[0], status="decided", decided_on="2025-05-15")
    return attempt if "/statements" in attempt.address else attempt._replace(body={"decided_on": "2025-05-16"})


async def send(
    client: httpx.AsyncClient, method: str, address: str, body: Any, headers: dict[str, str]
) -> httpx.Response:
    """A request, with a body where the method has one."""
    content = {"json": body} if method in ("post", "patch", "put") else {}
    return await client.request(method, address, headers=headers, **content)


WAYS: Mapping[str, tuple[tuple[Rule, ...], Prepare]] = {
    "usually": (RULES, prepared),
    "saying": (SAYING, saying),
    "frozen": (FROZEN, frozen),
}
TRIED = [(way, each) for way, (rules, _) in WAYS.items() for rule in rules for each in rule.operations]


def refused_by(cell: Cell) -> str:
    """The rule by which a caller is refused."""
    kind = cell.operation.split("/")[1]
    is_owned = kind in (*OWNED, *OWN_WORDS) or ("}/" in cell.operation and kind != "keys")
    is_contributor = cell.caller.startswith("contributor")
    if cell.caller == "reader":
        return "role"
    if (cell.operation, cell.caller) in OTHERS_TO_KEEP:
        return "ownership"
    if cell.caller == "coordinator, umbrella" and kind in OWN_WORDS and not cell.operation.startswith("post "):
        # It writes nothing there: it is neither the partner nor the authority.
        return "side"
    if cell.whose is Voice.partner or (cell.caller == "contributor" and is_owned):
        return "ownership"
    return "role" if is_contributor or cell.whose is None else "side"


@any_database
class TestMatrix:
    def test_has_every_operation_of_the_contract(self) -> None:
        # The rights under the ids of other systems and of each line of an import are the same: tests/interchange tries them.
        elsewhere = ("/external/", "/imports")
        paths = {
            path: item for path, item in document()["paths"].items() if not any(each in path for each in elsewhere)
        }
        operations = {f"{method} {path}" for path, item in paths.items() for method in item}
        listed = [operation for rule in RULES for operation in rule.operations]
        assert sorted(listed) == sorted(operations)

    def test_is_what_the_docs_show(self) -> None:
        assert DOCUMENT.read_text("utf-8") == rendered(), "run `make docs`"

    @pytest.mark.parametrize(("way", "operation"), TRIED)
    async def test_holds_in_every_cell(self, callers: Callers, way: str, operation: str) -> None:
        rules, prepare = WAYS[way]
        tried = [cell for cell in cells(rules) if cell.operation == operation]
        attempts: dict[tuple[str, ...], Attempt] = {}
        refused = [cell for cell in tried if cell.status >= 400]
        for cell in refused:
            if subject_of(cell) not in attempts:
                attempts[subject_of(cell)] = await attempt_of(callers, prepare, cell)
        before = await state_of(callers["keeper"], attempts.values())
        for cell in refused:
            await try_cell(callers, cell, attempts[subject_of(cell)])
        assert await state_of(callers["keeper"], attempts.values()) == before, "a refused call left a trace"
        for cell in (cell for cell in tried if cell not in refused):
            # What is read or refused is left as it is, for the next caller.
            attempt = attempts.pop(subject_of(cell), None) or await attempt_of(callers, prepare, cell)
            await try_cell(callers, cell, attempt)
            if operation.startswith("get "):
                attempts[subject_of(cell)] = attempt


def subject_of(cell: Cell) -> tuple[str, ...]:
    """What cells have in common that are about the same; what a caller signs is its own."""
    return cell.circle, partner_of(cell.caller), cell.caller if "/log/" in cell.operation else ""


async def attempt_of(callers: Callers, prepare: Prepare, cell: Cell) -> Attempt:
    """Make what a cell is about, in the way that its kind is made."""
    if cell.operation.split("/")[1] in OF_PARTIES:
        return await contested(callers, cell)
    if cell.operation.split("/")[1] == "log":
        return await witnessed(callers, cell)
    if "/webhook-endpoints" in cell.operation:
        return await registered(callers, cell)
    if "/calendar-feeds" in cell.operation:
        return await at_secret_address(callers, cell)
    return await prepare(callers["operator"], cell)


async def state_of(keeper: httpx.AsyncClient, attempts: Iterable[Attempt]) -> tuple[str, list[Any]]:
    """The end of the feed, and what stands at the addresses of what attempts are about."""
    return await end_of_feed(keeper), [(await keeper.get(each.address)).json() for each in attempts if each.address]


async def another_key(operator: httpx.AsyncClient, caller: str) -> dict[str, str]:
    """A key like that of a caller, which can go."""
    partner, role = KEY_OWNERS[caller]
    made = await operator.post("/v1/keys", json={"partner_id": partner, "role": role})
    return {"Authorization": f"Bearer {made.json()['key']}"}


async def try_cell(callers: Callers, cell: Cell, attempt: Attempt) -> None:
    """Make the attempt as the cell's caller; the answer is the cell's."""
    method = cell.operation.partition(" ")[0]
    is_refused = cell.status >= 400
    is_stream = cell.operation.endswith("/stream")
    client = callers[KEYS.get(cell.caller, cell.caller)]
    headers = {"If-Match": "*"} if method in CONDITIONAL and attempt.address else {}
    if cell.operation == "delete /keys/current" and not is_refused:
        headers |= await another_key(callers["operator"], KEYS.get(cell.caller, cell.caller))
    answer = await send(client, "HEAD" if is_stream else method, attempt.path, attempt.body, headers)
    assert answer.status_code == cell.status, (cell, answer.text)
    if answer.status_code == 403 and (cell.operation.split("/")[1] not in OF_PARTIES or cell.caller == "reader"):
        assert answer.json()["rule"] == refused_by(cell), cell
    if answer.status_code == 409:
        assert answer.json()["type"] == "/problems/frozen", cell
    if attempt.address and method == "get" and answer.status_code == 200 and "}/" not in cell.operation:
        is_visible = cell.circle == "public" or cell.caller != "anonymous"
        # An admin's list is that of its own partner.
        is_visible = is_visible and (cell.operation, cell.caller) != ("get /keys", "admin")
        assert (attempt.address.rpartition("/")[2] in answer.text) is is_visible, cell
    if is_refused:
        assert answer.headers["content-type"] == "application/problem+json"


@any_database
class TestOwnership:
    @pytest.mark.parametrize("path", GIVEN)
    async def test_cannot_be_given_away_or_taken(self, callers: Callers, path: str) -> None:
        field = str(POSTED[path].owner)
        own = await make(callers["contributor"], path, **{field: CARITAS})
        for owner in (LIGA, None) if takes_null(body_schema(path, "patch")["properties"][field]) else (LIGA,):
            answer = await callers["contributor"].patch(
                f"/v1/{path}/{own['id']}", json={field: owner}, headers={"If-Match": '"1"'}
            )
            assert (answer.status_code, answer.json()["rule"]) == (403, "ownership")
        foreign = await make(callers["operator"], path, **{field: LIGA})
        answer = await callers["contributor"].patch(
            f"/v1/{path}/{foreign['id']}", json={field: CARITAS}, headers={"If-Match": '"1"'}
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
