"""What OParl 1.1 asks of each type of object, as far as this register has something to say in its words.

A property is a text, a number, a flag, a date, a time or an address; `->` leads to an object of a type, `=>` to an external
list of such, `{}` holds one, and `[]` is a list of what stands in it. Required are those with `!`.
"""

import re
from collections.abc import Iterator
from typing import Any

NAMESPACE = "https://schema.oparl.org/1.1/"
COMMON = {"id": "!address", "type": "!address", "created": "!time", "modified": "!time"}
LISTS = {
    "organization": "Organization",
    "person": "Person",
    "meeting": "Meeting",
    "paper": "Paper",
    "agendaItem": "AgendaItem",
    "consultation": "Consultation",
    "file": "File",
    "locationList": "Location",
    "legislativeTermList": "LegislativeTerm",
    "membership": "Membership",
}
RULES: dict[str, dict[str, str]] = {
    "System": {
        "oparlVersion": "!address",
        "body": "!=>Body",
        "name": "text",
        "license": "address",
        "contactEmail": "text",
        "contactName": "text",
        "website": "address",
    },
    "Body": {
        "system": "->System",
        "name": "!text",
        "website": "address",
        "license": "address",
        "ags": "text",
        "equivalent": "[address]",
        "contactEmail": "text",
        "contactName": "text",
        "classification": "text",
        "legislativeTerm": "![{LegislativeTerm}]",
        **{name: f"!=>{type}" for name, type in LISTS.items()},
    },
    "LegislativeTerm": {"body": "->Body", "name": "text", "startDate": "date", "endDate": "date"},
    "Organization": {
        "body": "->Body",
        "name": "text",
        "shortName": "text",
        "meeting": "=>Meeting",
        "subOrganizationOf": "->Organization",
        "organizationType": "text",
        "classification": "text",
        "startDate": "date",
        "endDate": "date",
        "website": "address",
    },
    "Meeting": {
        "name": "text",
        "meetingState": "text",
        "cancelled": "flag",
        "start": "time",
        "end": "time",
        "location": "{Location}",
        "organization": "[->Organization]",
        "auxiliaryFile": "[{File}]",
        "agendaItem": "[{AgendaItem}]",
    },
    "AgendaItem": {
        "meeting": "->Meeting",
        "number": "text",
        "order": "number",
        "name": "text",
        "consultation": "->Consultation",
        "resolutionText": "text",
    },
    "Paper": {
        "body": "->Body",
        "name": "text",
        "reference": "text",
        "date": "date",
        "paperType": "text",
        "originatorOrganization": "[->Organization]",
        "consultation": "[{Consultation}]",
        "web": "address",
    },
    "Consultation": {
        "paper": "->Paper",
        "agendaItem": "->AgendaItem",
        "meeting": "->Meeting",
        "organization": "[->Organization]",
        "authoritative": "flag",
        "role": "text",
    },
    "File": {"name": "text", "mimeType": "text", "accessUrl": "!address", "meeting": "[->Meeting]"},
    "Location": {"description": "text", "meetings": "[->Meeting]"},
}
BACKWARDS = {
    "LegislativeTerm": "body",
    "AgendaItem": "meeting",
    "Consultation": "paper",
    "File": "meeting",
    "Location": "meetings",
}
"""What an object says of the one that it stands in, and does not repeat inside of it."""
STUB = {"id", "type", "created", "modified", "deleted"}
FORMS = {
    "address": r"https?://[^\s]+",
    "date": r"\d{4}-\d{2}-\d{2}",
    "time": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?\+00:00",
    "text": r"(?s).+",
}


def type_of(content: dict[str, Any]) -> str:
    """The short name of an object's type."""
    assert content["type"].startswith(NAMESPACE), content
    return str(content["type"].removeprefix(NAMESPACE))


def check(content: dict[str, Any], *, is_inside: bool = False) -> Iterator[tuple[str, str, Any]]:
    """Check an object, and give what it leads to: the way (`->`, `=>`, `{}`), the type that is expected, and the value."""
    name = type_of(content)
    if content.get("deleted"):
        assert content.keys() == STUB, content
        return
    rules = COMMON | RULES[name]
    assert content.keys() <= rules.keys(), content
    assert {each for each, rule in rules.items() if rule.startswith("!")} <= content.keys(), content
    back = BACKWARDS.get(name)
    assert back is None or (back in content) is not is_inside, content
    for each, value in content.items():
        rule = rules[each]
        is_list = rule.lstrip("!").startswith("[")
        assert isinstance(value, list) is is_list, (name, each)
        # What may be absent is so when there is nothing to say.
        assert value != [] or rule.startswith("!"), (name, each)
        for one in value if is_list else [value]:
            yield from check_value(rule.strip("![]"), one)


def check_value(rule: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    """Check one value of a property."""
    match rule[:1]:
        case "-" | "=":
            assert re.fullmatch(FORMS["address"], value), value
            yield rule[:2], rule[2:], value
        case "{":
            assert type_of(value) == rule.strip("{}")
            yield "{}", rule.strip("{}"), value
        case _ if rule == "flag":
            assert isinstance(value, bool)
        case _ if rule == "number":
            assert type(value) is int
        case _:
            assert re.fullmatch(FORMS[rule], value), (rule, value)
