"""Following a register as one of its callers, and checking it against what was kept."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx

from app.audit.checking import Findings, check_entries, check_tree, content_digest, replayed
from app.audit.state import State
from app.proofs.leaves import decoded
from app.proofs.notes import COSIGNATURE, BadNote, Checkpoint, Note, Signer, Verifier, verified
from app.proofs.tree import Unproved, check_consistency

PAGE, LIST_PAGE = 500, 200
SLASHES_OF_ALONE = 2
"""In the address of a list that stands below nothing."""
COSIGNER = "cosigner.key"
REWRITTEN = "HISTORY WAS REWRITTEN, or the log was restored from a backup"


class Refused(Exception):
    """The register does not answer what an audit needs."""


async def asked(client: httpx.AsyncClient, path: str, **params: Any) -> httpx.Response:
    """An answer that is a success; raises Refused for any other."""
    try:
        answer = await client.get(
            path, params={name: value for name, value in params.items() if value not in ("", None)}
        )
    except httpx.HTTPError as error:
        raise Refused(f"the register does not answer: {error or type(error).__name__}") from None
    return accepted(answer)


def accepted(answer: httpx.Response) -> httpx.Response:
    """The same answer; raises Refused unless it is a success, with what the register says itself."""
    if answer.is_success:
        return answer
    try:
        problem = answer.json()
        said = f"{problem['type']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        said = answer.reason_phrase
    raise Refused(f"{answer.request.url.path} is answered with {answer.status_code}, {said}")


async def audit(
    client: httpx.AsyncClient, state: State, kinds: Sequence[str], *, key: str | None = None, cosigns: bool = False
) -> Findings:
    """Follow the register to its end and check it; what was kept is replaced only where nothing is wrong.

    `kinds` are the paths of the kinds of resources, `key` is the log's public key where it is known otherwise. Raises
    Refused where the register does not answer what is needed.
    """
    found = Findings()
    verifier = await known_verifier(client, state, key, found)
    start, after = state.kept.changes_bytes, state.kept.position
    await follow(client, state)
    note = (await asked(client, "/v1/log/checkpoint")).text
    checkpoint = await check_checkpoint(client, state, note, verifier, found)
    if found.faults or checkpoint is None:
        state.write("conflict.txt", note)
        return found
    await fetch_leaves(client, state, checkpoint.size)
    check_tree(state, checkpoint, found)
    check_entries(state, start, after, found)
    if not found.faults:
        await compare(client, state, kinds, found)
    if found.faults:
        state.write("conflict.txt", note)
        return found
    if found.erased:
        found.redacted += state.erase(found.erased)
    state.kept.verifier_key, state.kept.checkpoint = str(verifier), note
    state.keep()
    if cosigns:
        await cosign(client, state, note)
        found.cosigned = True
    return found


async def known_verifier(client: httpx.AsyncClient, state: State, key: str | None, found: Findings) -> Verifier:
    """The log's public key: the one that is known, that was kept, or at first the one that the register says."""
    served = (await asked(client, "/v1/log/key")).json()["verifier_key"]
    known = key or state.kept.verifier_key or served
    if served != known:
        found.faults.append("the register signs its log with another key than before")
    try:
        return Verifier.of(known)
    except BadNote as error:
        raise Refused(f"the key of the log cannot be read: {error}") from None


async def follow(client: httpx.AsyncClient, state: State) -> list[str]:
    """Add all new entries to the copy; returns the ids of the resources that they are about."""
    touched: list[str] = []
    while True:
        page = (await asked(client, "/v1/changes", limit=PAGE, cursor=state.kept.cursor)).json()
        state.add_changes(page["items"])
        touched += [each["resource_id"] for each in page["items"]]
        state.kept.cursor = page["next_cursor"]
        if page["items"]:
            state.kept.position = page["items"][-1]["position"]
        if not page["more"]:
            return touched


async def check_checkpoint(
    client: httpx.AsyncClient, state: State, note: str, verifier: Verifier, found: Findings
) -> Checkpoint | None:
    """Check that a checkpoint is signed and continues the one that was kept."""
    try:
        checkpoint = verified(note, verifier)
        found.signed_by = checkpoint.origin
        if not state.kept.checkpoint:
            return checkpoint
        before = Checkpoint.of(Note.of(state.kept.checkpoint).text)
        found.continues = before.size
        if checkpoint.size < before.size:
            found.faults.append(f"{REWRITTEN}: it has {checkpoint.size} leaves now, and had {before.size}")
            return None
        proof = await asked(client, "/v1/log/proofs/consistency", **{"from": before.size, "to": checkpoint.size})
        path = [decoded(each) for each in proof.json()["path"]]
        check_consistency(before.size, checkpoint.size, path, before.root, checkpoint.root)
    except (BadNote, Unproved) as error:
        found.faults.append(f"{REWRITTEN}: {error}")
        return None
    return checkpoint


async def fetch_leaves(client: httpx.AsyncClient, state: State, size: int) -> None:
    """Add the hashes of leaves that are not here yet."""
    count = state.kept.leaves
    while count < size:
        page = (await asked(client, "/v1/log/leaves", **{"from": count, "limit": min(1_000, size - count)})).json()
        if not page["items"]:
            return
        state.add_leaves(decoded(each) for each in page["items"])
        count += len(page["items"])


async def compare(client: httpx.AsyncClient, state: State, kinds: Sequence[str], found: Findings) -> None:
    """Check that what is served is what follows from the entries; what changes meanwhile is left to the next time."""
    served = {each["id"]: content_digest(each) async for each in representations(client, kinds)}
    there = replayed(state.entries())
    position, cursor = state.kept.position, state.kept.cursor
    size = state.changes.stat().st_size
    newer = {*await follow(client, state)}
    # They are checked against the next checkpoint.
    with state.changes.open("ab") as file:
        file.truncate(size)
    state.kept.position, state.kept.cursor = position, cursor
    for id in sorted({*served, *there} - newer):
        if served.get(id) != there.get(id):
            found.faults.append(f"what is served of {id} does not follow from the log")
    found.compared = len(served)


async def representations(client: httpx.AsyncClient, kinds: Sequence[str]) -> AsyncIterator[Mapping[str, Any]]:
    """All that is served, kind by kind; what stands below something is asked of each of those."""
    above: dict[str, list[str]] = {}
    for kind in kinds:
        parent, _, _ = kind.partition("/{id}")
        ids = above.get(parent, []) if "{id}" in kind else [""]
        for id in ids:
            async for each in items_of(client, f"/v1/{kind.replace('{id}', id)}"):
                above.setdefault(kind, []).append(each["id"])
                yield each


async def items_of(client: httpx.AsyncClient, path: str) -> AsyncIterator[Mapping[str, Any]]:
    """All entries of a list."""
    cursor = None
    while True:
        try:
            page = (await asked(client, path, limit=LIST_PAGE, cursor=cursor)).json()
        except Refused:
            # What it stands below may be gone meanwhile; then what stood there is missing, and told of by the feed.
            if path.count("/") > SLASHES_OF_ALONE:
                return
            raise
        for each in page["items"]:
            yield each
        cursor = page["next_cursor"]
        if cursor is None:
            return


async def cosign(client: httpx.AsyncClient, state: State, note: str) -> None:
    """Cosign a checkpoint that was checked, with the key in the folder; it is made and registered at first."""
    file = state.folder / COSIGNER
    if not file.exists():
        name = httpx.URL(str(client.base_url)).host or "register"
        state.write(COSIGNER, f"{Signer.new(f'{name}/auditor', COSIGNATURE)}\n")
    signer = Signer.of(file.read_text("utf-8"))
    line = signer.line(Note.of(note).text, int(time.time()))
    try:
        content = {"verifier_key": str(signer.verifier)}
        accepted(await client.post("/v1/log/cosigners", json=content))
        accepted(await client.post("/v1/log/cosignatures", json={"note": note + line}))
    except httpx.HTTPError as error:
        raise Refused(f"the register does not answer: {error or type(error).__name__}") from None
