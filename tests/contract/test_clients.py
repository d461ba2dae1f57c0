"""Clients that are generated from the contract work against the service."""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from tests.databases import any_database
from tests.factories import NOWHERE, body_of, goal_id
from tests.schemas import COMMITTED

PACKAGE = "generated_register_client"

Import = Callable[[str], Any]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Import]:
    """Imports modules of the Python client; a warning of its generator is a failure."""
    folder = tmp_path_factory.mktemp("client")
    configured = ConfigFile.load_from_path(COMMITTED.with_name("python-client.yaml"))
    configured.package_name_override = PACKAGE
    config = Config.from_sources(
        configured,
        MetaType.NONE,
        document_source=COMMITTED,
        file_encoding="utf-8",
        overwrite=False,
        output_path=folder / PACKAGE,
    )
    with pytest.MonkeyPatch.context() as patch:
        # The generator formats what it writes with the ruff that it finds on the way.
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
        assert list(generate(config=config)) == []
        patch.syspath_prepend(folder)
        yield lambda module: import_module(f"{PACKAGE}.{module}")


@pytest.fixture
def register(generated: Import, client: httpx.AsyncClient) -> Any:
    """A generated client of the running service."""
    client.base_url = httpx.URL("http://register.test/v1")
    made = generated("client").Client(base_url=str(client.base_url), raise_on_unexpected_status=True)
    return made.set_async_httpx_client(client)


@pytest.mark.thorough
@any_database
class TestPythonClient:
    async def test_lists_sub_measures_page_by_page(self, generated: Import, register: Any) -> None:
        list_sub_measures = generated("api.sub_measures.list_sub_measures").asyncio
        wanted = {"client": register, "goal_id": [goal_id(3)], "limit": 5, "include_total": True}
        page = await list_sub_measures(**wanted)
        assert [measure.code for measure in page.items] == ["3.1", "3.2", "3.3", "3.4", "3.5"]
        assert page.total == 7
        rest = await list_sub_measures(**wanted, cursor=page.next_cursor)
        assert [measure.code for measure in rest.items] == ["3.6", "3.7"]
        assert rest.next_cursor is None

    async def test_writes_what_it_reads(self, generated: Import, register: Any) -> None:
        models, api = generated("models"), "api.sub_measures"
        agreed, started = models.SubMeasureStatus.AGREED, models.SubMeasureStatus.IN_PROGRESS
        new = models.SubMeasureCreate(goal_id=UUID(goal_id(1)), title="Teilmaßnahme", status=agreed, sdgs=[3, 11])
        made = await generated(f"{api}.create_sub_measure").asyncio_detailed(client=register, body=new)
        assert (made.status_code, made.parsed.sdgs, made.headers["etag"]) == (201, [3, 11], '"1"')
        changes = models.SubMeasureUpdate(status=started, summary="neu")
        changed = await generated(f"{api}.update_sub_measure").asyncio_detailed(
            made.parsed.id, client=register, body=changes, if_match=made.headers["etag"]
        )
        assert (changed.status_code, changed.parsed.status, changed.parsed.summary) == (200, "in_progress", "neu")
        assert changed.parsed.title == "Teilmaßnahme"
        read = await generated(f"{api}.get_sub_measure").asyncio(made.parsed.id, client=register)
        assert read == changed.parsed

    async def test_follows_the_feed_with_each_kind_as_it_is(self, generated: Import, register: Any) -> None:
        models = generated("models")
        read = generated("api.changes.list_changes").asyncio
        page = await read(client=register, limit=500)
        assert {type(each) for each in page.items} == {
            models.AgreementChange,
            models.GoalChange,
            models.KeyChange,
            models.PartnerChange,
            models.SubMeasureChange,
            models.TopicChange,
        }
        goal = next(each for each in page.items if isinstance(each, models.GoalChange))
        assert isinstance(goal.data, models.GoalVersion)
        assert goal.data.number == 1
        status = models.SubMeasureStatus.AGREED
        new = models.SubMeasureCreate(goal_id=UUID(goal_id(1)), title="Teilmaßnahme", status=status)
        made = await generated("api.sub_measures.create_sub_measure").asyncio(client=register, body=new)
        [change] = (await read(client=register, cursor=page.next_cursor)).items
        assert (change.action, change.data.id, change.data.title) == (models.Action.CREATED, made.id, made.title)

    async def test_imports_a_file(self, generated: Import, register: Any) -> None:
        models, types = generated("models"), generated("types")
        line = {"external_ids": [{"system": "allris", "id": "7"}], **body_of("topics")}
        done = await generated("api.imports.create_import").asyncio(
            client=register,
            resource=models.CreateImportResource.TOPICS,
            body=types.File(payload=json.dumps(line).encode()),
        )
        assert (done.state, done.created, done.errors) == ("done", 1, [])

    async def test_reads_problems(self, generated: Import, register: Any) -> None:
        answer = await generated("api.goals.get_goal").asyncio_detailed(UUID(NOWHERE), client=register)
        assert (answer.status_code, answer.parsed.type_) == (404, "/problems/not-found")
