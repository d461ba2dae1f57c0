"""Resources and lists as JSON-LD: the JSON that is stored, and in front of it what it is and what its words mean."""

import json
from functools import partial
from typing import Any

from app.http.conditional import LINKED_MARK
from app.http.negotiation import LINKED
from app.linked_data.meanings import meaning_of
from app.linked_data.names import class_of, context_address, full, own_name
from app.resources.forms import Form
from app.resources.kind import Kind


def linked_form(base: str, address: str) -> Form:
    """The form in which what is asked for at an address is JSON-LD."""
    return Form(LINKED, LINKED_MARK, partial(alone, base), partial(entry, base), partial(page, base, address))


def alone(base: str, kind: Kind[Any], text: str) -> str:
    """What stands in front of the members of one resource."""
    return f"{context(base, kind)},{entry(base, kind, text)}"


def entry(base: str, kind: Kind[Any], text: str) -> str:
    """What stands in front of the members of a resource in a list."""
    return members({"@id": address_of(kind, json.loads(text), base), "@type": classes(kind, base)})


def page(base: str, address: str, kind: Kind[Any]) -> str:
    """What stands in front of the members of a list that is at an address."""
    return f"{context(base, kind)},{members({'@id': address, '@type': full('hydra:Collection')})}"


def context(base: str, kind: Kind[Any]) -> str:
    """The member that leads to the context."""
    return members({"@context": context_address(kind, base)})


def members(content: dict[str, Any]) -> str:
    """Members of an object, as they stand between its braces."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))[1:-1]


def classes(kind: Kind[Any], base: str) -> list[str]:
    """What a resource of a kind is: in the register's own words, and in those of others."""
    return [own_name(base, class_of(kind)), *(full(name) for name in meaning_of(kind).classes)]


def address_of(kind: Kind[Any], content: dict[str, Any], base: str) -> str:
    """Where a resource is read."""
    above = {} if kind.within is None else {"id": content[kind.within]}
    return f"{base}/v1/{kind.path.format(**above)}/{content[meaning_of(kind).part]}"
