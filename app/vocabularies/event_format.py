"""The forms of the exchange."""

from app.vocabularies.term import Term


class EventFormat(Term):
    """The form in which partners meet."""

    talk = "talk", "Gespräch", "talk"
    conference = "conference", "Konferenz", "conference"
    expert_day = "expert_day", "Fachtag", "expert day"
    working_group = "working_group", "Arbeitsgruppe", "working group"
    other = "other", "andere", "other"
