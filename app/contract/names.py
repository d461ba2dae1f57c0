"""Names of the contract: one for what is sent, one for what is answered, and those of operations."""

from collections.abc import Mapping
from typing import Any

from app.contract.parts import reference
from app.contract.walking import operations, schemas


def name_apart(document: dict[str, Any]) -> None:
    """Give every schema a name of its own: `LinkCreate` and `LinkPublic` for what is both sent and answered.

    What is answered, or sent to others, is left open, because later versions add fields.
    """
    known: dict[str, Any] = document["components"]["schemas"]
    parts = [operation for _, _, operation in operations(document)]
    messages = [item["post"] for item in document["webhooks"].values()]
    sent = reachable([{**part, "responses": {}} for part in parts], known)
    answered = reachable([*(part["responses"] for part in parts), *messages], known)
    both = {name for name in sent & answered if "properties" in known[name]}
    # A generic model has its good name in its title, as in `Page_GoalPublic_` with the title `GoalPage`.
    plain = {name: schema["title"] if name.endswith("_") else name for name, schema in known.items()}
    names_sent = {name: f"{name}Create" if name in both else plain[name].replace("-Input", "Create") for name in known}
    names_answered = {
        name: f"{name}Public" if name in both else plain[name].replace("-Output", "Public") for name in known
    }
    document["components"]["schemas"] = {
        **{names_sent[name]: renamed(known[name], names_sent) for name in sent},
        **{names_answered[name]: renamed(opened(known[name]), names_answered) for name in answered},
    }
    for part in parts:
        responses = renamed(part["responses"], names_answered)
        part.update(renamed(part, names_sent) | {"responses": responses})
    for message in messages:
        message.update(renamed(message, names_answered))


def opened(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without its refusal of unknown fields."""
    return {key: value for key, value in schema.items() if (key, value) != ("additionalProperties", False)}


def renamed(node: Any, names: Mapping[str, str]) -> Any:
    """A copy in which references to schemas lead to their new names."""
    if isinstance(node, list):
        return [renamed(value, names) for value in node]
    if not isinstance(node, dict):
        return node
    copy = {key: renamed(value, names) for key, value in node.items()}
    return copy | reference("schemas", names[name_of(copy)]) if name_of(copy) in names else copy


def reachable(node: Any, known: Mapping[str, Any]) -> set[str]:
    """The names of all schemas that a part of the document leads to."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        new = {name_of(each) for each in schemas(waiting.pop())} & known.keys() - found
        found |= new
        waiting += [known[name] for name in new]
    return found


def name_of(schema: Mapping[str, Any]) -> str:
    """The name of the schema that a reference leads to; of anything else the empty string."""
    target = schema.get("$ref")
    return target.removeprefix("#/components/schemas/") if isinstance(target, str) else ""


def camel(name: str) -> str:
    """`list_sub_measures` as `listSubMeasures`."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
