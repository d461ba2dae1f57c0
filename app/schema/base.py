"""What every schema of the API has in common."""

from typing import Any, cast, get_args, get_origin

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
    """The annotation for a patch: in an object with free names, null removes a member."""
    origin: Any = get_origin(annotation)
    if origin is dict:
        name, member = get_args(annotation)
        return origin[name, member | None]
    return annotation
