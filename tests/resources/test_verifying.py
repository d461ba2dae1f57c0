"""What verifying finds in tables that are larger than it looks through at once."""

from uuid import UUID

import pytest
from sqlalchemy import insert

from app.changes.findings import FINDING
from app.cli.verify import verify_and_note
from app.resources import verifying_strangers
from app.runtime import Runtime
from app.settings import Settings
from tests.databases import any_database


@any_database
async def test_strangers_are_found_wherever_they_stand(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying_strangers, "BATCH", 7)
    assert (await verify_and_note(settings)).faults == []
    planted = [UUID(int=place) for place in (0, 2**40, 2**127, 2**128 - 1)]
    database = Runtime.of(settings).database
    async with database.transaction() as session:
        await session.execute(insert(FINDING), [{"mark": id, "place": "~", "resource_id": id} for id in planted])
    await database.close()
    faults = (await verify_and_note(settings)).faults
    assert faults == [f"in a table and not in the log: finding {id}" for id in planted]
