"""What in a contract breaks clients of an earlier one, by the rules that GitHub and Zalando publish for their APIs.

`python -m tests.contract.breaking EARLIER LATER` names each such change, and fails where there is one and the major version
in the address is still the same. What is sent may become freer and never stricter; what is answered may become more and
never less or something else. Values of enumerations and kinds of content may be added, as clients are told from the start,
and texts and lists in answers may become longer.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
EXACT = ("pattern", "uniqueItems", "multipleOf")
NULL = "null"
SUCCESS = ("2",)

Node = Mapping[str, Any]
Way = Literal["sent", "answered"]

JUDGED = frozenset({"$ref", "type", "enum", "const", "format", "default", "properties", "required", "items"})
JUDGED |= {"additionalProperties", "propertyNames", "anyOf", "oneOf", "discriminator", *LOWER, *UPPER, *EXACT}
TOLD = frozenset({"title", "description", "example", "examples", "deprecated", "readOnly", "writeOnly"})
"""Keywords of schemas that say nothing of what is valid; so do those that begin with `x-`."""


class Comparison:
    """Two contracts, and what of the earlier one is broken in the later one."""

    def __init__(self, earlier: Node, later: Node) -> None:
        self.earlier, self.later = earlier, later
        self.compared: set[tuple[str, str, Way]] = set()

    def breaks(self) -> Iterator[str]:
        """Each change that breaks a client, with its place."""
        yield from gone("security scheme", schemes(self.earlier), schemes(self.later))
        for name, scheme in schemes(self.earlier).items():
            known = {key: scheme.get(key) for key in ("type", "scheme", "in", "name")}
            if name in schemes(self.later) and known != {key: schemes(self.later)[name].get(key) for key in known}:
                yield f"security scheme {name}: another way to authenticate"
        for part, compare in (("paths", self.operation), ("webhooks", self.webhook)):
            before, after = operations(self.earlier, part), operations(self.later, part)
            yield from gone("", before, after)
            for name in before.keys() & after.keys():
                yield from (f"{name}: {what}" for what in compare(before[name], after[name]))

    def operation(self, before: Node, after: Node) -> Iterator[str]:
        """What breaks a client of one operation."""
        if before.get("operationId") != after.get("operationId"):
            yield f"is called {after.get('operationId')} and no more {before.get('operationId')}"
        for choice in before.get("security", ()):
            if choice not in after.get("security", ()):
                yield f"needs more than {', '.join(choice) or 'no key'}"
        yield from self.parameters(before, after)
        yield from self.body(before, after, "sent")
        answers, others = self.named(before, "responses", "earlier"), self.named(after, "responses", "later")
        yield from gone("answer", answers, others)
        yield from (f"answer {new}: a success that was not known" for new in others if is_news(new, answers))
        for status in answers.keys() & others.keys():
            yield from (f"answer {status}: {what}" for what in self.answer(answers[status], others[status]))

    def webhook(self, before: Node, after: Node) -> Iterator[str]:
        """What breaks a receiver: what is sent to it, it reads like an answer."""
        yield from self.body(before, after, "answered")

    def parameters(self, before: Node, after: Node) -> Iterator[str]:
        """What breaks those who send parameters: unknown ones are refused, so none may go."""
        old, new = self.parameters_of(before, "earlier"), self.parameters_of(after, "later")
        yield from gone("parameter", old, new)
        for name, parameter in new.items():
            if parameter.get("required") and not old.get(name, {}).get("required"):
                yield f"parameter {name}: is required now"
        for name in old.keys() & new.keys():
            for key in ("style", "explode"):
                if old[name].get(key) != new[name].get(key):
                    yield f"parameter {name}: another {key}"
            yield from self.schema(old[name]["schema"], new[name]["schema"], "sent", f"parameter {name}")

    def parameters_of(self, operation: Node, side: str) -> dict[str, Any]:
        """The parameters of an operation by where and how they are sent."""
        followed = [self.follow(each, side) for each in operation.get("parameters", ())]
        return {f"{each['in']} {each['name']}": each for each in followed}

    def body(self, before: Node, after: Node, way: Way) -> Iterator[str]:
        """What breaks those who send or receive a body."""
        old = self.follow(before.get("requestBody", {}), "earlier")
        new = self.follow(after.get("requestBody", {}), "later")
        if way == "sent" and new.get("required") and not old.get("required"):
            yield "body: is required now"
        if old and not new:
            yield "body: is gone"
        elif old:
            yield from self.content(old, new, way, "body")

    def answer(self, before: Node, after: Node) -> Iterator[str]:
        """What breaks those who read an answer."""
        old, new = self.named(before, "headers", "earlier"), self.named(after, "headers", "later")
        yield from gone("header", old, new)
        for name in old.keys() & new.keys():
            if old[name].get("required") and not new[name].get("required"):
                yield f"header {name}: is not always there now"
            yield from self.schema(old[name]["schema"], new[name]["schema"], "answered", f"header {name}")
        yield from self.content(before, after, "answered", "body")

    def content(self, before: Node, after: Node, way: Way, place: str) -> Iterator[str]:
        """What breaks those who send or read content in any of its media types."""
        old, new = before.get("content", {}), after.get("content", {})
        yield from gone(f"{place} as", old, new)
        for media_type in old.keys() & new.keys():
            if "schema" in old[media_type]:
                yield from self.schema(old[media_type]["schema"], new[media_type].get("schema", {}), way, place)

    def named(self, node: Node, key: str, side: str) -> dict[str, Any]:
        """What stands under names in a part, references followed."""
        return {name: self.follow(each, side) for name, each in node.get(key, {}).items()}

    def follow(self, node: Node, side: str) -> Any:
        """What a reference leads to in one of the contracts; anything else as it is."""
        while "$ref" in node:
            target: Any = self.earlier if side == "earlier" else self.later
            for step in node["$ref"].split("/")[1:]:
                target = target[step]
            node = target
        return node

    def schema(self, before: Node, after: Node, way: Way, place: str) -> Iterator[str]:
        """What breaks those who send or read a value; a pair of named schemas is compared once each way."""
        pair = (str(before.get("$ref", id(before))), str(after.get("$ref", id(after))), way)
        if pair in self.compared:
            return
        self.compared.add(pair)
        old, new = self.follow(before, "earlier"), self.follow(after, "later")
        olds, news = self.choices(old, "earlier"), self.choices(new, "later")
        if way == "sent" and is_nullable(old) and not is_nullable(new):
            yield f"{place}: null is refused now"
        if way == "answered" and is_nullable(new) and not is_nullable(old):
            yield f"{place}: can be null now"
        if olds.keys() == news.keys() == {""}:
            yield from self.value(olds[""], news[""], way, place)
            return
        if way == "answered" and "" in olds and len(news) > 1:
            yield f"{place}: can be of several kinds now"
        yield from gone(f"{place} of the kind", olds, news)
        for name in olds.keys() & news.keys():
            yield from self.schema(olds[name], news[name], way, f"{place} of the kind {name}")

    def choices(self, schema: Node, side: str) -> dict[str, Node]:
        """The kinds of values besides null: by the discriminator's values, by names of schemas, or the one under no name."""
        parts = [each for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if each.get("type") != NULL]
        if "discriminator" in schema and "mapping" in schema["discriminator"]:
            return {name: {"$ref": target} for name, target in schema["discriminator"]["mapping"].items()}
        if len(parts) > 1:
            return {each.get("$ref", json.dumps(each, sort_keys=True)).rpartition("/")[2]: each for each in parts}
        beside = {name: value for name, value in schema.items() if name not in ("anyOf", "oneOf")}
        return {"": {**beside, **self.follow(parts[0], side)} if parts else schema}

    def value(self, old: Node, new: Node, way: Way, place: str) -> Iterator[str]:
        """The same for schemas of one kind."""
        yield from (f"{place}: {what}" for what in judged(old, new, way))
        yield from self.fields(old, new, way, place)
        for key, name in (("items", "[]"), ("additionalProperties", "*"), ("propertyNames", "names")):
            inner, others = old.get(key), new.get(key)
            if isinstance(inner, dict) and isinstance(others, dict):
                yield from self.schema(inner, others, way, f"{place}/{name}")
            elif way == "sent" and inner is not False and others is False:
                yield f"{place}: unknown fields are refused now"
            elif way == "sent" and inner is None and isinstance(others, dict):
                yield f"{place}/{name}: is bounded now"
            elif way == "answered" and isinstance(inner, dict) and not isinstance(others, dict):
                yield f"{place}/{name}: can be anything now"

    def fields(self, old: Node, new: Node, way: Way, place: str) -> Iterator[str]:
        """What breaks those who send or read an object."""
        before, after = old.get("properties", {}), new.get("properties", {})
        must, must_now = set(old.get("required", ())), set(new.get("required", ()))
        yield from gone(f"{place}: field", before, after)
        if way == "sent":
            yield from (f"{place}/{name}: is required now" for name in sorted(must_now - must))
        else:
            yield from (f"{place}/{name}: is not always there now" for name in sorted((must - must_now) & after.keys()))
        for name in before.keys() & after.keys():
            yield from self.schema(before[name], after[name], way, f"{place}/{name}")


def judged(old: Node, new: Node, way: Way) -> Iterator[str]:
    """What breaks those who send or read a value, in the value itself."""
    wide, narrow = (new, old) if way == "sent" else (old, new)
    if not fits(types(narrow), types(wide)):
        yield f"is {' or '.join(sorted(types(new))) or 'anything'} and no more {' or '.join(sorted(types(old)))}"
    olds, news = values(old), values(new)
    if olds is not None and news is not None:
        yield from (f"{value!r} is gone" for value in sorted(olds - news, key=str))
    elif values(wide) is not None:
        yield "is one of a few values now" if way == "sent" else "can be any value now"
    if wide.get("format") not in (None, narrow.get("format")) and (narrow.get("format"), wide["format"]) != INTEGERS:
        yield f"has the format {new.get('format')} and no more {old.get('format')}"
    if way == "sent":
        yield from stricter(old, new)


INTEGERS = ("int32", "int64")
"""The formats of which the second has all values of the first."""


def stricter(old: Node, new: Node) -> Iterator[str]:
    """What is refused now and was not before, and what is meant now by saying nothing."""
    for keys, is_tighter in ((LOWER, float.__gt__), (UPPER, float.__lt__)):
        for key in keys:
            if key in new and (key not in old or is_tighter(float(new[key]), float(old[key]))):
                yield f"{key} is {new[key]} and no more {old.get(key, 'unbounded')}"
    for key in EXACT:
        if new.get(key) not in (None, False, old.get(key)):
            yield f"{key} is {new[key]} now"
    if "default" in old and old["default"] != new.get("default"):
        yield f"means {new.get('default')!r} and no more {old['default']!r} where it is not sent"


def gone(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What is there no more."""
    return (f"{what} {name} is gone".strip() for name in before if name not in after)


def types(schema: Node) -> frozenset[str]:
    """The types that a value can have besides null; none means any."""
    said = schema.get("type", ())
    return frozenset({said} if isinstance(said, str) else said) - {NULL}


def fits(narrow: frozenset[str], wide: frozenset[str]) -> bool:
    """Whether whatever has one of the types has one of the others, too."""
    return not wide or (bool(narrow) and narrow <= wide | ({"integer"} if "number" in wide else frozenset()))


def is_nullable(schema: Node) -> bool:
    """Whether a value can be null."""
    choices = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
    return NULL in schema.get("type", ()) or any(each.get("type") == NULL for each in choices)


def values(schema: Node) -> frozenset[Any] | None:
    """The values of an enumeration; None where it is none."""
    said = schema.get("enum", [schema["const"]] if "const" in schema else None)
    return None if said is None else frozenset(said) - {None}


def is_news(status: str, known: Mapping[str, Any]) -> bool:
    """Whether an answer is a success of a kind that clients do not look for."""
    return status.startswith(SUCCESS) and status not in known


def schemes(contract: Node) -> dict[str, Any]:
    """The ways to authenticate."""
    return dict(contract.get("components", {}).get("securitySchemes", {}))


def operations(contract: Node, part: str) -> dict[str, Any]:
    """Every operation by its method and path."""
    return {
        f"{method.upper()} {path}": item[method]
        for path, item in contract.get(part, {}).items()
        for method in METHODS
        if method in item
    }


def major(contract: Node) -> str:
    """The major version in the address, as the `v1` in `/v1`."""
    servers: list[Any] = contract.get("servers") or [{"url": ""}]
    return str(servers[-1]["url"]).rstrip("/").rpartition("/")[2]


def breaking(earlier: Node, later: Node) -> list[str]:
    """The changes that break clients without a new major version in the address."""
    return [] if major(earlier) != major(later) else sorted(set(Comparison(earlier, later).breaks()))


def main(earlier: Path, later: Path, say: Callable[[str], Any] = sys.stdout.write) -> int:
    """Compare two files; 1 where clients of the earlier one are broken."""
    if not earlier.exists():
        say("Nothing was released yet: no client can be broken.\n")
        return 0
    found = breaking(*(json.loads(path.read_text("utf-8")) for path in (earlier, later)))
    say("".join(f"breaks clients: {what}\n" for what in found) or "No client of the last release is broken.\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
