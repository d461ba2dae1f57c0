"""`register audit`: a register is checked from outside, by what was kept of it."""

import json
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from app.audit.checking import check_copy, check_receipt, replayed
from app.audit.following import REWRITTEN, Refused, audit
from app.audit.state import State
from app.catalogue import FEATURES
from app.settings import Settings
from tests.changes.test_routes import lists_of
from tests.commands import Command
from tests.conftest import ENTRIES, Templates, client_of, running
from tests.databases import any_database
from tests.factories import CARITAS, make, patch
from tests.log.adversary import CONSISTENT, history
from tests.log.test_adversary import rewritten

Callers = Mapping[str, httpx.AsyncClient]
KINDS = tuple(feature.kind.path for feature in FEATURES)


async def test_follows_what_each_caller_sees_night_by_night(callers: Callers, tmp_path: Path) -> None:
    """The replay is what is served; what is hidden stays hidden, and its leaves are in the tree."""
    await history(callers["operator"], callers["contributor"])
    for name in ("anonymous", "contributor"):
        state = State(tmp_path / name)
        found = await audit(callers[name], state, KINDS)
        assert (found.faults, found.continues, found.signed_by) == ([], 0, "register.test")
        assert found.compared == len(replayed(state.entries()))
        assert (found.entries < found.size - 1) is (name == "anonymous")
    goal = await make(callers["operator"], "goals", title="Neu")
    await patch(callers["operator"], "goals", goal, visibility="partners")
    caritas = (await callers["keeper"].get(f"/v1/partners/{CARITAS}")).json()
    await patch(callers["keeper"], "partners", caritas, visibility="partners")
    for name, unseen in (("anonymous", 2), ("contributor", 0)):
        kept = State(tmp_path / name)
        before = kept.kept.leaves
        found = await audit(callers[name], kept, KINDS, cosigns=name == "contributor")
        assert (found.faults, found.continues, found.unseen) == ([], before, unseen)
        assert found.cosigned is (name == "contributor")
        assert check_copy(State(tmp_path / name)).faults == []
    note = (await callers["reader"].get("/v1/log/checkpoint")).text
    assert "— register.test/auditor " in note
    assert {**await lists_of(callers["reader"])}.keys() <= replayed(kept.entries()).keys()
    # Nothing is new, and what a run that was broken off has added is dropped.
    kept.add_changes([{"x": 1}])
    kept.add_leaves([b"x"])
    found = await audit(callers["contributor"], State(tmp_path / "contributor"), KINDS)
    assert (found.faults, found.entries) == ([], 0)


async def faults_in(client: httpx.AsyncClient, folder: Path) -> list[str]:
    """What an audit says that continues an earlier one; the feed itself may say it first."""
    try:
        return (await audit(client, State(folder), KINDS)).faults
    except Refused as error:
        return [REWRITTEN if "/problems/history-rewritten" in str(error) else str(error)]


@any_database
async def test_finds_what_verify_cannot(
    callers: Callers, settings: Settings, templates: Templates, tmp_path: Path
) -> None:
    await history(callers["operator"], callers["contributor"])
    key = templates.keys["reader"]
    for number, rewrite in enumerate(CONSISTENT):
        state = State(tmp_path / str(number))
        assert (await audit(callers["reader"], state, KINDS)).faults == []
        copy = rewritten(settings, tmp_path, rewrite.statements, is_rehashed=True)
        async with running(copy) as app, client_of(app, key) as client:
            assert [fault.partition(":")[0] for fault in await faults_in(client, state.folder)] == [REWRITTEN], rewrite
    assert len(CONSISTENT) >= 5


@any_database
async def test_finds_a_log_that_was_cut_off_or_is_signed_by_another(
    callers: Callers, settings: Settings, tmp_path: Path
) -> None:
    state = State(tmp_path / "state")
    assert (await audit(callers["anonymous"], state, KINDS)).faults == []
    cut = ["DELETE FROM change WHERE position = (SELECT position FROM feed)", "UPDATE feed SET position = position - 1"]
    state.kept.cursor = ""
    state.keep()
    copy = rewritten(settings, tmp_path, cut)
    async with running(copy) as app, client_of(app) as client:
        (fault,) = (await audit(client, State(state.folder), KINDS)).faults
        restored = "HISTORY WAS REWRITTEN, or the log was restored from a backup"
        assert fault == f"{restored}: it has {ENTRIES} leaves now, and had {ENTRIES + 1}"
        assert (state.folder / "conflict.txt").read_text("utf-8").startswith(f"register.test\n{ENTRIES}\n")


@any_database
async def test_says_why_a_receipt_or_a_copy_is_none(callers: Callers, tmp_path: Path) -> None:
    await history(callers["operator"], callers["contributor"])
    (decision,) = (await callers["anonymous"].get("/v1/decisions")).json()["items"]
    receipt = (await callers["anonymous"].get(f"/v1/decisions/{decision['id']}/receipt")).json()
    assert check_receipt(receipt, None).faults == []
    text = json.dumps(receipt)
    for old, new in (("Haushalt", "Anders"), ('"version": 1', '"version": 2'), ("register.test", "other.test")):
        assert check_receipt(json.loads(text.replace(old, new)), None).faults, old
    assert check_receipt({}, None).faults == ["this is no receipt: KeyError"]
    state = State(tmp_path / "state")
    assert check_copy(state).faults == ["there is no checkpoint in this folder"]
    await audit(callers["reader"], state, KINDS)
    changes = state.changes.read_text("utf-8")
    state.changes.write_text(changes.replace("Haushalt", "Hausmitt"), "utf-8")
    assert [fault.partition(": ")[2] for fault in check_copy(state).faults] == ["its data is not what its leaf says"]
    state.changes.write_text(changes, "utf-8")
    leaves = state.leaves.read_bytes()
    state.leaves.write_bytes(bytes(32) + leaves[32:])
    assert "do not give the root that was signed" in check_copy(state).faults[0]


@any_database
async def test_command_is_fit_for_a_nightly_job(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, callers: Callers
) -> None:
    command = Command(monkeypatch, capsys, tmp_path)
    state = State(tmp_path / "kept")
    await audit(callers["anonymous"], state, KINDS)
    out = await command.run("audit", "kept")
    assert out == f"36 entries of a log of {ENTRIES + 1} leaves checked, signed by register.test, 0 faults.\n"
    (tmp_path / "receipt.json").write_text("{}", "utf-8")
    code, out, _ = await command.attempt("audit", "receipt.json")
    assert (code, out.splitlines()[-1]) == (1, "1 entries of a log of 0 leaves checked, 1 faults.")
    assert (await command.refused("audit", "nothing.json")).startswith("nothing.json cannot be read")
    assert "does not answer" in await command.refused("audit", "http://127.0.0.1:9")
    assert "--state" in await command.refused("audit", "http://127.0.0.1:9", "--cosign")


def test_keeps_its_files_from_others(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.keep()
    assert state.folder.stat().st_mode & 0o077 == 0
    assert state.file.stat().st_mode & 0o077 == 0


def test_erases_an_entry_without_a_touch_of_the_next(tmp_path: Path) -> None:
    """One that had little data and names many others is no longer afterwards than it was."""
    named = [{"position": number, "data_digest": "A"} for number in range(1, 300)]
    entry = {"resource_id": "g", "salt": None, "redacted_by": None, "leaf": {"redacts": named}}
    state = State(tmp_path)
    state.add_changes(
        [{**entry, "position": 300, "data": {"id": "g"}}, {**entry, "position": 301, "data": {"id": "g"}}]
    )
    assert state.erase({300: (301, "g")}) == 1
    first, second = state.entries()
    assert (first["data"], first["redacted_by"], first["leaf"]["redacts"]) == (None, 301, named)
    assert second["data"] == {"id": "g"}
