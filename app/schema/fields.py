"""The kinds of values that fields hold, each with its limits: what the contract says is what is accepted.

Pydantic alone would take `true` for 1, `0` for a date and a UUID without hyphens; a JSON schema does not.
Bounds stand before the validator in each type: behind it they would vanish from the contract.
"""

import re
from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, EmailStr, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.schema.text import (
    CONTROLS,
    LINE_PATTERN,
    PARAGRAPHS_PATTERN,
    SEARCH_PATTERN,
    SPACES,
    composed,
    one_line,
    searched,
    visible,
)
from app.zones import places

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
NO_ADDRESS = re.compile(r"[\s<>]")
FIRST_YEAR, LAST_YEAR = 1000, 2999
LAST_ORDINAL = 9_999


def only_number(value: Any) -> Any:
    """Refuse `true` and `"5"` where a number is expected."""
    if isinstance(value, bool | str):
        raise PydanticCustomError("not_a_number", "Expected a number")
    return value


def only_date(value: Any) -> Any:
    """Refuse whatever is not a full date in ISO 8601."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not DATE.fullmatch(value):
        raise PydanticCustomError("date_format", "Expected a date")
    check_year(int(value[:4]))
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date_format", "Expected a date") from None


def only_time(value: Any) -> Any:
    """The UTC of a time with offset in RFC 3339; refuse whatever else it is."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not TIME.fullmatch(value):
        if isinstance(value, str) and TIME.fullmatch(value.replace(" ", "+")):
            # A plus that was not encoded in an address arrives as a space.
            raise PydanticCustomError("plus_as_space", "Expected %2B before the offset")
        raise PydanticCustomError("time_format", "Expected a time with offset")
    # Far from the ends of the calendar no offset can overflow.
    check_year(int(value[:4]))
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except ValueError:
        raise PydanticCustomError("time_format", "Expected a time with offset") from None
    # The year that is answered must be one that can be sent again.
    check_year(moment.year)
    return moment


def check_year(year: int) -> None:
    """Refuse years that are typing errors."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise PydanticCustomError("year_out_of_range", "Year out of range")


def unless_empty(value: Any) -> Any:
    """Nothing in place of an empty text."""
    return None if value == "" else value


def only_uuid(value: Any) -> Any:
    """Refuse UUIDs in any other spelling than the canonical one."""
    if isinstance(value, str) and not UUID_FORM.fullmatch(value):
        raise PydanticCustomError("uuid_format", "Expected a UUID")
    if not isinstance(value, str | UUID):
        raise PydanticCustomError("uuid_format", "Expected a UUID")
    return value


def only_address(value: Any) -> Any:
    """Refuse what Pydantic would reduce to an address: a name before it, space around it."""
    if isinstance(value, str) and NO_ADDRESS.search(value):
        raise PydanticCustomError("email_format", "Expected an email address")
    return composed(value)


city_timezone: ContextVar[str] = ContextVar("city_timezone", default="Europe/Berlin")
"""The time zone of the installation for which something is validated: a request's or a command's."""


def zone_of_place(value: Any) -> Any:
    """Refuse names that are not those of places or UTC."""
    if isinstance(value, str) and value not in places():
        raise PydanticCustomError("unknown_timezone", "Unknown time zone")
    return value


def unsigned_zero(value: float) -> float:
    """0.0 for -0.0, which is equal and would be written otherwise."""
    return value + 0.0


def without_repetition(values: list[Any]) -> list[Any]:
    """Refuse a list of scalars in which one stands twice."""
    if len(set(values)) != len(values):
        raise PydanticCustomError("repeated", "Repeated entry")
    return values


SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
URL_PATTERN = (
    rf"^https?://[^{CONTROLS}{SPACES}\u2028\u2029/?#@:\\\u0022<>\[\]]+(:[0-9]{{1,5}})?"
    rf"([/?#][^{CONTROLS}{SPACES}\u2028\u2029\\\u0022<>]*)?$"
)
LANGUAGE_PATTERN = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
ZONE_PATTERN = r"^(UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z_-]+){1,2})$"

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=LINE_PATTERN), BeforeValidator(one_line)]
Title = Annotated[str, Field(min_length=1, max_length=300, pattern=LINE_PATTERN), BeforeValidator(one_line)]
Search = Annotated[str, Field(min_length=1, max_length=200, pattern=SEARCH_PATTERN), BeforeValidator(searched)]
Paragraphs = Annotated[str, Field(max_length=20_000, pattern=PARAGRAPHS_PATTERN), BeforeValidator(composed)]
Summary = Annotated[str, Field(min_length=1, max_length=20_000, pattern=PARAGRAPHS_PATTERN), BeforeValidator(visible)]
Slug = Annotated[str, Field(min_length=1, max_length=80, pattern=SLUG_PATTERN), BeforeValidator(composed)]
Url = Annotated[str, Field(max_length=2048, pattern=URL_PATTERN), BeforeValidator(composed)]
Email = Annotated[EmailStr, Field(max_length=254), BeforeValidator(only_address)]
LanguageTag = Annotated[str, Field(max_length=35, pattern=LANGUAGE_PATTERN), BeforeValidator(composed)]
MunicipalityKey = Annotated[str, Field(min_length=8, max_length=8, pattern=r"^[0-9]{8}$"), BeforeValidator(composed)]
TimeZone = Annotated[str, Field(max_length=64, pattern=ZONE_PATTERN), BeforeValidator(zone_of_place)]

Item = TypeVar("Item")
Distinct = Annotated[list[Item], Field(json_schema_extra={"uniqueItems": True}), AfterValidator(without_repetition)]

Id = Annotated[UUID, BeforeValidator(only_uuid)]
# Sent empty, as by a program that has none yet, a cursor is the beginning.
Cursor = Annotated[
    Annotated[str, Field(max_length=2000, pattern=r"^[A-Za-z0-9_-]*$")] | None, BeforeValidator(unless_empty)
]
CursorId = Annotated[
    Annotated[
        Id,
        WithJsonSchema(
            {"type": "string", "maxLength": 36, "pattern": "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"}
        ),
    ]
    | None,
    BeforeValidator(unless_empty),
]
# The limit stands before the validator here too.
Ids = Annotated[
    list[Id], Field(max_length=200, json_schema_extra={"uniqueItems": True}), AfterValidator(without_repetition)
]
Day = Annotated[date, BeforeValidator(only_date)]
Moment = Annotated[AwareDatetime, BeforeValidator(only_time)]
Percent = Annotated[int, Field(ge=0, le=100), BeforeValidator(only_number)]
Count = Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(only_number)]
Ordinal = Annotated[int, Field(ge=1, le=LAST_ORDINAL), BeforeValidator(only_number)]
Minutes = Annotated[int, Field(ge=1, le=1_440), BeforeValidator(only_number)]
Flag = Annotated[bool, Field(strict=True)]
Months = Annotated[int, Field(ge=1, le=120), BeforeValidator(only_number)]
Quantity = Annotated[float, Field(ge=-1e15, le=1e15), BeforeValidator(only_number), AfterValidator(unsigned_zero)]
SustainableGoal = Annotated[int, Field(ge=1, le=17), BeforeValidator(only_number)]
Version = Annotated[int, Field(ge=1, le=2_147_483_647)]
