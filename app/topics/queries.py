"""What lists of topics are asked for."""

from sqlalchemy import ColumnElement

from app.access.caller import Caller
from app.resources.lists import matching
from app.topics.models import Topic, TopicList


def filters(wanted: TopicList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of topics."""
    return matching(Topic, wanted, caller, {})
