"""The entries of the log in the contract: what `data` holds is told by `resource_type`."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.changes.keys import KeyVersion
from app.changes.models import KEY
from app.contract.parts import reference
from app.resources.kind import Kind
from app.resources.schema import Stamped

CHANGE = "ChangePublic"
TELLS = "resource_type"


def version_of_key() -> dict[str, Any]:
    """The schema of what entries say of keys: no operation answers it alone."""
    schema = KeyVersion.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    return {name: value for name, value in schema.items() if name != "$defs"}


def tell_kinds_apart(known: dict[str, Any], kinds: Iterable[Kind[Any]]) -> None:
    """Let the schema of an entry be one for each kind, with the versions of its resources as `data`.

    An entry says for ever what it said at first: what a later contract adds to a resource is not in versions from before.
    So in `GoalVersion` only what every resource always has is required.
    """
    entry: Mapping[str, Any] = known[CHANGE]
    names = {}
    for kind in kinds:
        names[kind.type] = kind.public.__name__.removesuffix("Public")
        resource = known[kind.public.__name__]
        known[f"{names[kind.type]}Version"] = {**resource, "required": sorted(Stamped.model_fields)}
    names[KEY] = KeyVersion.__name__.removesuffix("Version")
    known[KeyVersion.__name__] = version_of_key()
    mapping = {}
    for type, name in names.items():
        known[f"{name}Change"] = {
            **entry,
            "properties": {
                **entry["properties"],
                TELLS: {"type": "string", "enum": [type], "description": "Kind of resource."},
                "data": {
                    "anyOf": [reference("schemas", f"{name}Version"), {"type": "null"}],
                    "description": entry["properties"]["data"]["description"],
                },
            },
        }
        mapping[type] = reference("schemas", f"{name}Change")
    known[CHANGE] = {
        "description": entry["description"],
        "oneOf": list(mapping.values()),
        "discriminator": {
            "propertyName": TELLS,
            "mapping": {type: each["$ref"] for type, each in sorted(mapping.items())},
        },
    }
