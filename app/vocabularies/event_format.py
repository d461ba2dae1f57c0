"""The forms of the exchange."""

from app.vocabularies.term import Term


class EventFormat(Term):
    """The form in which partners meet."""

    talk = (
        "talk",
        "Gespräch",
        "talk",
        "Wenige sprechen über eine Sache.",
        "A few talk about one matter.",
    )
    conference = (
        "conference",
        "Konferenz",
        "conference",
        "Viele beraten über mehrere Themen.",
        "Many confer about several topics.",
    )
    expert_day = (
        "expert_day",
        "Fachtag",
        "expert day",
        "Fachleute widmen sich einen Tag lang einem Thema.",
        "Experts give a day to one topic.",
    )
    working_group = (
        "working_group",
        "Arbeitsgruppe",
        "working group",
        "Eine feste Runde arbeitet über mehrere Termine an einer Aufgabe.",
        "A fixed circle works on a task over several meetings.",
    )
    other = (
        "other",
        "andere",
        "other",
        "Ein Austausch in anderer Form.",
        "An exchange in another form.",
    )
