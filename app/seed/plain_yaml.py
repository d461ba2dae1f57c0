"""YAML that says to people what it says to programs, and where in a file each value of it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Path_ = tuple[str | int, ...]
QUOTE = "; if it is text, put it in quotes"
TEXT, NOTHING = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"
LEADING_ZERO = re.compile(r"[+-]?0[0-9_]+")
# What all versions of YAML, and people, read alike.
PLAINLY = {
    "tag:yaml.org,2002:bool": re.compile("true|false"),
    "tag:yaml.org,2002:int": re.compile("-?(0|[1-9][0-9]*)"),
    "tag:yaml.org,2002:float": re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+"),
    NOTHING: re.compile("(null|~)?"),
}


class BadFile(Exception):
    """The file is not one that an agreement can be loaded from; the message names line and field."""


class PlainLoader(yaml.SafeLoader):
    """Leaves dates the text that they are, so that the same schemas judge them as in a request."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (the base class declares it as it is)
        letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def plain(node: yaml.Node | None, path: Path, place: Path_ = ()) -> Any:
    """The value of a node; raises BadFile for a name that stands twice, and for what YAML reads otherwise than people."""
    match node:
        case yaml.MappingNode():
            members: dict[str, Any] = {}
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise BadFile(f"{path}, line {key.start_mark.line + 1}: a name is not text")
                if key.value in members:
                    raise BadFile(f"{path}, line {key.start_mark.line + 1}: {key.value} stands twice")
                members[key.value] = plain(value, path, (*place, key.value))
            return members
        case yaml.SequenceNode():
            return [plain(each, path, (*place, position)) for position, each in enumerate(node.value)]
        case yaml.ScalarNode():
            if is_trap(node):
                raise bad_field(
                    path, {place: node.start_mark.line + 1}, place, f"{node.value} can be read in two ways{QUOTE}"
                )
            try:
                return PlainLoader("").construct_object(node)
            except ValueError:
                # Such as `!!int x`: a tag that its value does not fit.
                raise BadFile(f"{path}, line {node.start_mark.line + 1}: {node.value} is not {node.tag}") from None
        case _:
            return None


def is_trap(node: yaml.ScalarNode) -> bool:
    """Whether a value without quotes is one thing to YAML 1.1 and another to people, or to YAML 1.2.

    `010` is 8 there, `1:30` is 90, `1_000` is 1000, `no` is false.
    """
    if node.style is not None:
        return False
    if LEADING_ZERO.fullmatch(node.value):
        return True
    plainly = PLAINLY.get(node.tag)
    return plainly is not None and not plainly.fullmatch(node.value)


def unquoted_hint(node: yaml.Node | None) -> str:
    """What to do about a value that was to be text, and without quotes is none."""
    is_text = not isinstance(node, yaml.ScalarNode) or node.style is not None or node.tag in (TEXT, NOTHING)
    return "" if is_text else QUOTE


def node_at(root: yaml.Node | None, place: Path_) -> yaml.Node | None:
    """The node at a place in the file; None where there is none."""
    node = root
    for step in place:
        match node:
            case yaml.MappingNode():
                node = next((value for key, value in node.value if key.value == step), None)
            case yaml.SequenceNode() if isinstance(step, int):
                node = node.value[step]
            case _:
                return None
    return node


def places(node: yaml.Node, path: Path_) -> Iterator[tuple[Path_, int]]:
    """The line of every value in the file."""
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), key.start_mark.line + 1
            yield from places(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from places(value, (*path, position))


def bad_field(path: Path, lines: dict[Path_, int], place: Path_, message: str) -> BadFile:
    """The mistake with its line: that of the field, or of what it is missing in."""
    known = next(place[:end] for end in range(len(place), -1, -1) if place[:end] in lines or end == 0)
    field = ".".join(str(step) for step in place)
    return BadFile(f"{path}, line {lines.get(known, 1)}{field and ', '}{field}: {message}")
