"""What every schema of the API has in common."""

from functools import cache
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

from pydantic import MISSING, ConfigDict
from sqlmodel import SQLModel

FROM_SETTING = "x-setting"
"""In a field's JSON schema, until the contract is finished: the setting that is its default."""


def example(content: dict[str, Any]) -> Any:
    """The configuration of a schema that shows this content in the docs."""
    return ConfigDict(json_schema_extra={"examples": [content]})


class Schema(SQLModel):
    """Base of whatever comes in: names that it does not know are refused."""

    model_config = cast("Any", ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True))


class Patch(SQLModel):
    """Turns the fields that a schema inherits into those of a merge patch (RFC 7396).

    An absent field keeps its value and is not in `model_dump()`; null is accepted where the field itself accepts it.
    """

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for field in cls.model_fields.values():
            field.annotation = removable(field.annotation) | MISSING
            field.default, field.default_factory = MISSING, None
        cls.model_rebuild(force=True)


def removable(annotation: Any) -> Any:
    """The annotation for a patch: in an object with free names, null removes a member; other objects are patched, too."""
    origin: Any = get_origin(annotation)
    if origin is dict:
        name, member = get_args(annotation)
        return origin[name, member | None]
    if origin in (Union, UnionType):
        return Union[tuple(removable(each) for each in get_args(annotation))]  # noqa: UP007 (made of a tuple)
    if isinstance(annotation, type) and issubclass(annotation, Schema):
        return patch_of(annotation)
    return annotation


@cache
def patch_of(schema: type[Schema]) -> type[Schema]:
    """The schema of a change of an object that stands in a field."""
    return type(
        f"{schema.__name__}Update", (schema, Patch), {"__module__": schema.__module__, "__doc__": schema.__doc__}
    )
