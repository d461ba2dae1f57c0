"""`/v1/log`"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pymerkle
import pytest
from fastapi import FastAPI
from pymerkle.core import _inclusion_path_layout

from app.http.failures import LEFT_TO_OPERATOR
from app.proofs.canonical import canonical
from app.proofs.leaves import decoded, digest_of, leaf_hash
from app.proofs.notes import COSIGNATURE, Note, Signer, Verifier, verified
from app.proofs.tree import check_consistency, check_inclusion, root
from app.settings import Settings
from tests.commands import Command
from tests.conftest import ENTRIES, LOG_KEY, Templates, client_of, running
from tests.databases import any_database
from tests.factories import CARITAS, NOWHERE, make, patch
from tests.problems import problem_of

Callers = Mapping[str, httpx.AsyncClient]


async def got(client: httpx.AsyncClient, part: str, **params: Any) -> Any:
    """What the log answers."""
    answer = await client.get(f"/v1/log/{part}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def note_of(client: httpx.AsyncClient, **params: int) -> str:
    """A checkpoint."""
    answer = await client.get("/v1/log/checkpoint", params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8"), answer.text
    return answer.text


async def test_proves_itself_to_everybody(callers: Callers) -> None:
    """What is for partners only is in the same tree: its leaf has a hash, which tells nothing."""
    client = callers["anonymous"]
    key = Verifier.of((await got(client, "key"))["verifier_key"])
    assert key == LOG_KEY.verifier
    kept = verified(await note_of(client), key)
    hidden = await make(callers["operator"], "goals", visibility="partners")
    await make(callers["operator"], "goals")
    note = await note_of(client)
    now = verified(note, key)
    leaves = await got(client, "leaves")
    hashes = [decoded(each) for each in leaves["items"]]
    assert (now.size, leaves["size"], root(hashes)) == (kept.size + 2, now.size, now.root)
    changed = await got(client, "proofs/consistency", **{"from": kept.size})
    assert changed.keys() == {"from", "to", "path", "from_root", "to_root"}
    check_consistency(kept.size, now.size, [decoded(each) for each in changed["path"]], kept.root, now.root)
    assert await note_of(client, size=kept.size) == str(Note(str(kept), [LOG_KEY.line(str(kept))]))
    for position in (0, 1, 17, now.size - 2, now.size - 1):
        proof = await got(client, "proofs/inclusion", position=position, size=now.size)
        path = [decoded(each) for each in proof["path"]]
        assert decoded(proof["leaf_hash"]) == hashes[position]
        check_inclusion(hashes[position], position, now.size, path, now.root)
        rule, _ = _inclusion_path_layout(position + 1, now.size)
        theirs = pymerkle.InclusionProof("sha256", True, now.size, position + 1, rule, [hashes[position], *path])  # noqa: FBT003 (theirs)
        pymerkle.verify_inclusion(hashes[position], now.root, theirs)
    served = (await client.get("/v1/changes", params={"limit": 500})).json()["items"]
    assert all(leaf_hash(canonical(each["leaf"])) == leaves["items"][each["position"]] for each in served)
    of_partners = {*range(36 + 1, ENTRIES + 1), now.size - 2}
    assert of_partners == {*range(1, now.size)} - {each["position"] for each in served}
    for part in ("leaves", "checkpoint", f"proofs/inclusion?position={now.size - 2}"):
        assert hidden["id"] not in (await client.get(f"/v1/log/{part}")).text


@any_database
async def test_refuses_what_there_is_not(callers: Callers) -> None:
    client = callers["anonymous"]
    size = (await got(client, "leaves"))["size"]
    for part, params, name in (
        ("checkpoint", {"size": size + 1}, "size"),
        ("checkpoint", {"size": 0}, "size"),
        ("leaves", {"limit": 1_001}, "limit"),
        ("leaves", {"from": -1}, "from"),
        ("proofs/inclusion", {"position": size}, "position"),
        ("proofs/inclusion", {"position": 5, "size": 5}, "position"),
        ("proofs/inclusion", {"position": 5, "size": size + 1}, "size"),
        ("proofs/inclusion", {}, "position"),
        ("proofs/consistency", {"from": 7, "to": 6}, "from"),
        ("proofs/consistency", {"from": 0}, "from"),
        ("proofs/consistency", {"from": 1, "to": size + 1}, "to"),
        ("proofs/consistency", {"from": 1, "size": 2}, "size"),
    ):
        answer = await client.get(f"/v1/log/{part}", params=params)
        problem_of(answer, 422, "validation-error")
        assert [error["parameter"] for error in answer.json()["errors"]] == [name], (part, params)
    assert await got(client, "leaves", **{"from": size}) == {"from": size, "items": [], "size": size}
    assert len((await got(client, "leaves", **{"from": 1, "limit": 2}))["items"]) == 2


class TestCosignatures:
    async def test_are_served_with_the_checkpoint(self, callers: Callers) -> None:
        signer, liga = Signer.new("caritas.test", COSIGNATURE), callers["other_contributor"]
        body = {"verifier_key": str(signer.verifier)}
        note = await note_of(callers["anonymous"])
        signed = {"note": note + signer.line(Note.of(note).text, 1_700_000_000)}
        answer = await callers["contributor"].post("/v1/log/cosignatures", json=signed)
        problem_of(answer, 422, "validation-error")
        assert answer.json()["errors"][0]["code"] == "not_signed"
        both = [callers["contributor"].post("/v1/log/cosigners", json=body) for _ in range(2)]
        for answer in await asyncio.gather(*both):
            assert (answer.status_code, answer.json()["partner_id"]) == (201, CARITAS)
        answer = await liga.post("/v1/log/cosigners", json=body)
        assert answer.json()["errors"][0]["code"] == "taken"
        assert [each["partner_id"] for each in (await got(callers["anonymous"], "cosigners"))["items"]] == [CARITAS]
        for _ in range(2):
            answer = await callers["contributor"].post("/v1/log/cosignatures", json=signed)
            assert (answer.status_code, answer.json()["signed_at"]) == (201, "2023-11-14T22:13:20Z")
            assert await note_of(callers["anonymous"]) == signed["note"]
        assert (await liga.post("/v1/log/cosignatures", json=signed)).status_code == 422
        await make(callers["operator"], "goals")
        assert "caritas" not in await note_of(callers["anonymous"])
        assert await note_of(callers["anonymous"], size=int(Note.of(note).text.split("\n")[1])) == signed["note"]
        caritas = (await callers["keeper"].get(f"/v1/partners/{CARITAS}")).json()
        assert (await patch(callers["keeper"], "partners", caritas, visibility="partners")).status_code == 200
        assert (await got(callers["anonymous"], "cosigners"))["items"] == []
        assert "caritas" not in await note_of(callers["anonymous"], size=ENTRIES + 1)
        assert "caritas" in await note_of(callers["reader"], size=ENTRIES + 1)

    async def test_of_another_tree_are_refused(self, callers: Callers) -> None:
        signer, client = Signer.new("caritas.test", COSIGNATURE), callers["contributor"]
        for key in (str(LOG_KEY.verifier), "x+00000000+" + "A" * 44):
            answer = await client.post("/v1/log/cosigners", json={"verifier_key": key})
            assert answer.json()["errors"][0]["code"] == "not_a_key", answer.text
        await client.post("/v1/log/cosigners", json={"verifier_key": str(signer.verifier)})
        text = Note.of(await note_of(client)).text
        origin, size, hash, *_ = text.split("\n")
        for wrong, code in (
            (f"{origin}\n{size}\n{'A' * 43}=\n", "another_tree"),
            (f"{origin}\n999\n{hash}\n", "another_tree"),
            (f"{origin}\n0\n{hash}\n", "another_tree"),
            (f"other.test\n{size}\n{hash}\n", "another_tree"),
        ):
            answer = await client.post("/v1/log/cosignatures", json={"note": f"{wrong}\n{signer.line(wrong, 1)}"})
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code), wrong
        answer = await client.post("/v1/log/cosignatures", json={"note": text})
        assert answer.json()["errors"][0]["code"] == "not_a_checkpoint"


class TestReceipts:
    async def test_can_be_checked_without_the_register(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        path = f"decisions/{decision['id']}/statements/{CARITAS}"
        answer = await callers["contributor"].put(f"/v1/{path}", json={"position": "support"})
        assert answer.status_code == 201, answer.text
        for address, data in ((path, answer.json()), (f"decisions/{decision['id']}", decision)):
            receipt = (await callers["anonymous"].get(f"/v1/{address}/receipt")).json()
            entry, proof = receipt["entry"], receipt["proof"]
            assert entry["data"] == data
            assert digest_of(entry["salt"], data) == entry["leaf"]["data_digest"]
            assert leaf_hash(canonical(entry["leaf"])) == proof["leaf_hash"]
            signed = verified(receipt["checkpoint"], Verifier.of(receipt["verifier_key"]))
            assert (signed.size, proof["position"]) == (proof["size"], entry["position"])
            hashes = [decoded(each) for each in proof["path"]]
            check_inclusion(decoded(proof["leaf_hash"]), entry["position"], signed.size, hashes, signed.root)

    @any_database
    async def test_are_not_given_of_what_is_hidden(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        address = f"/v1/decisions/{decision['id']}/receipt"
        assert (await callers["anonymous"].get(address)).status_code == 200
        await patch(callers["operator"], "decisions", decision, visibility="partners")
        problem_of(await callers["anonymous"].get(address), 404, "not-found")
        assert (await callers["reader"].get(address)).status_code == 200
        assert (await callers["reader"].get(address.replace("decisions", "progress-reports"))).status_code == 404


@any_database
async def test_says_that_it_has_no_key_yet(
    settings: Settings, templates: Templates, app: FastAPI, tmp_path: Path
) -> None:
    bare = settings.model_copy(update={"log_key": None, "log_key_file": tmp_path / "log.key"})
    async with running(bare) as without, client_of(without, templates.keys["reader"]) as client:
        for part in ("key", "checkpoint"):
            answer = await client.get(f"/v1/log/{part}")
            problem_of(answer, 503, "unavailable", remedy=LEFT_TO_OPERATOR)
            assert "register log init" in json.dumps(answer.json())
        assert (await client.get("/v1/log/leaves")).status_code == 200
        problem_of(await client.get(f"/v1/decisions/{NOWHERE}/receipt"), 404, "not-found")
    del app


@any_database
class TestLogInit:
    @pytest.fixture
    def command(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> Command:
        return Command(monkeypatch, capsys, tmp_path)

    async def test_makes_a_key_once(self, command: Command) -> None:
        command.configure("LOG_NAME", "register.example.org")
        made = await command.run("log", "init")
        assert await command.run("log", "init") == made
        file = command.folder / "log.key"
        assert file.stat().st_mode & 0o777 == 0o600
        assert str(Signer.of(file.read_text("ascii")).verifier) == made.strip()
        assert made.startswith("register.example.org+")
        command.configure("LOG_KEY", str(LOG_KEY))
        assert await command.run("log", "init") == f"{LOG_KEY.verifier}\n"
        for other in ("x", str(Signer.new("register.example.org", COSIGNATURE))):
            command.configure("LOG_KEY", other)
            assert (await command.refused("log", "init")).startswith("the key of the log cannot be read")
