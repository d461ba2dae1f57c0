"""Answers for the contract's examples, rendered from the examples of the schemas that callers send."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.resources.ids import shown_id
from app.resources.kind import Kind

EXAMPLE_TIME = datetime(2024, 8, 30, 8, 0, tzinfo=UTC)


def given_example(schema: Any) -> dict[str, Any]:
    """The example that a schema itself gives."""
    example: dict[str, Any] = schema.model_config["json_schema_extra"]["examples"][0]
    return example


def answered_example(kind: Kind[Any], computed: Mapping[str, Any]) -> dict[str, Any]:
    """The resource that creating its example gives."""
    content = kind.create.model_validate(given_example(kind.create))
    stamps = {
        "id": computed.get("id") or shown_id(kind.path),
        "version": 1,
        "created_at": EXAMPLE_TIME,
        "updated_at": EXAMPLE_TIME,
    }
    return kind.public.model_validate({**content.model_dump(), **stamps, **computed}).model_dump(mode="json")
