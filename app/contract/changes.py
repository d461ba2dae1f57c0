"""The entries of the log in the contract: what `data` holds is told by `resource_type`."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.contract.parts import reference
from app.resources.kind import Kind
from app.resources.schema import Stamped

CHANGE = "ChangePublic"
TELLS = "resource_type"


def tell_kinds_apart(known: dict[str, Any], kinds: Iterable[Kind[Any]]) -> None:
    """Let the schema of an entry be one for each kind, with the versions of its resources as `data`.

    An entry says for ever what it said at first: what a later contract adds to a resource is not in versions from before.
    So in `GoalVersion` only what every resource always has is required.
    """
    entry: Mapping[str, Any] = known[CHANGE]
    mapping = {}
    for kind in kinds:
        name = kind.public.__name__.removesuffix("Public")
        resource = known[kind.public.__name__]
        known[f"{name}Version"] = {**resource, "required": sorted(Stamped.model_fields)}
        known[f"{name}Change"] = {
            **entry,
            "properties": {
                **entry["properties"],
                TELLS: {"type": "string", "enum": [kind.type], "description": "Kind of resource."},
                "data": {
                    "anyOf": [reference("schemas", f"{name}Version"), {"type": "null"}],
                    "description": entry["properties"]["data"]["description"],
                },
            },
        }
        mapping[kind.type] = reference("schemas", f"{name}Change")
    known[CHANGE] = {
        "description": entry["description"],
        "oneOf": list(mapping.values()),
        "discriminator": {
            "propertyName": TELLS,
            "mapping": {type: each["$ref"] for type, each in sorted(mapping.items())},
        },
    }
