"""`/v1/exports`: each list as a whole, as a file."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import Field
from sqlalchemy import ColumnElement
from starlette.responses import Response

from app.access.caller import Caller
from app.access.guards import Anyone
from app.access.routing import Router
from app.catalogue import FEATURES, Feature
from app.database.tables import table_of
from app.http.caching import cache_headers
from app.http.runtime import Running
from app.interchange.lists import lines_of
from app.labels import label_of
from app.places import asking
from app.resources.lists import any_of, matching
from app.resources.schema import Stamped
from app.runtime import Runtime
from app.schema.base import Schema
from app.schema.fields import Id
from app.sheets import separated, workbook
from app.sheets.answers import (
    JSON_LINES,
    SPREADSHEET_CONTENT,
    about_table,
    answer_table,
    csv_content,
    table_answer,
    text_content,
)
from app.sheets.choice import SUFFIX, Chosen, Suffix, chosen, of_list, told, whole
from app.sheets.table import Table, Title

router = Router(prefix="/v1/exports", tags=["exports"])


def query_of(feature: Feature) -> type[Schema]:
    """What a whole list can be asked for; what stands below others, whose values those are."""
    above: dict[str, Any] = {}
    if feature.kind.within is not None:
        label = label_of(feature.kind.within).en
        above[feature.kind.within] = (
            list[Id] | None,
            Field(default=None, max_length=50, description=f"{label} that it stands below."),
        )
    return whole(feature.query, feature.query.__name__.replace("List", "Export"), **above)


def conditions_of(feature: Feature, runtime: Runtime, caller: Caller, wanted: Any) -> list[ColumnElement[bool]]:
    """The conditions for what is wanted."""
    asked = of_list(feature.query, wanted)
    conditions = matching(feature.kind, asked.on_day(runtime.today), caller)
    if feature.kind.within is not None:
        ids = getattr(wanted, feature.kind.within)
        if ids:
            conditions.append(any_of(table_of(feature.kind.table).c[feature.kind.within], ids))
    return conditions


async def answer_export(
    request: Request, runtime: Runtime, caller: Caller, feature: Feature, wanted: Any, form: Chosen
) -> Response:
    """The whole list as a file, as of one position of the log."""
    database, kind = runtime.database, feature.kind
    conditions = conditions_of(feature, runtime, caller, wanted)
    title = Title(kind.plural, feature.label, label_of(f"{kind.type}_id"))
    async with runtime.making.taken(asking.get(), database.patience):
        position, lines = await lines_of(database, caller, kind, wanted.sort, conditions, form.language)
        table = Table(title, kind.public, has_names=True, last=Stamped.model_fields)
        selected = told(wanted, form.language) if form.language else {}
        response = await answer_table(lines, table, form, about_table(request, runtime, position, selected))
    response.headers.update(cache_headers(is_private=caller.sees_partners))
    return response


def export_of(feature: Feature) -> Callable[..., Awaitable[Response]]:
    """The operation that answers a list as a file."""

    async def answer(request: Request, runtime: Running, caller: Anyone, suffix: Suffix, wanted: Any) -> Response:
        form = chosen(suffix, wanted, request.headers)
        return await answer_export(request, runtime, caller, feature, wanted, form)

    query = query_of(feature)
    answer.__annotations__ |= {
        "suffix": Annotated[Suffix, Path(description=SUFFIX, examples=["csv"])],
        "wanted": Annotated[query, Query()],
    }
    return answer


def answers_of(feature: Feature) -> dict[int | str, dict[str, Any]]:
    """The answer of an export, for a route's `responses`."""
    names = separated.line(list(feature.kind.public.model_fields))
    content = {
        separated.MEDIA_TYPE: csv_content(names),
        workbook.MEDIA_TYPE: SPREADSHEET_CONTENT,
        JSON_LINES: text_content("A resource a line.", r"^(\{.*\}\n)*$", "{}\n"),
    }
    return {200: table_answer(content)}


for each in FEATURES:
    router.add_api_route(
        f"/{each.kind.plural}.{{suffix}}",
        export_of(each),
        name=f"export_{each.kind.plural}".replace("-", "_"),
        description=f"Download {each.label.en.lower()} as a whole, with the filters of their list: `.jsonl`, `.csv` or `.xlsx`.",
        responses=answers_of(each),
        response_class=Response,
    )
