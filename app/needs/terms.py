"""The vocabularies of needs, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class Urgency(Term):
    """How soon a need must be met."""

    normal = (
        "normal",
        "normal",
        "normal",
        "Der Bedarf kann im üblichen Gang beraten werden.",
        "The need can be discussed in the usual course.",
    )
    urgent = (
        "urgent",
        "dringend",
        "urgent",
        "Der Bedarf ist eine kurzfristige Herausforderung und duldet keinen Aufschub.",
        "The need is a short-term challenge and cannot wait.",
    )


class NeedStatus(Term):
    """How far the answer to a need is."""

    open = (
        "open",
        "offen",
        "open",
        "Der Bedarf ist angemeldet; die Kommune hat sich noch nicht geäußert.",
        "The need is raised; the authority has not said anything yet.",
    )
    acknowledged = (
        "acknowledged",
        "zur Kenntnis genommen",
        "acknowledged",
        "Die Kommune hat den Bedarf gesehen.",
        "The authority has seen the need.",
    )
    in_discussion = (
        "in_discussion",
        "in Beratung",
        "in discussion",
        "Die Partner beraten über den Bedarf.",
        "The partners discuss the need.",
    )
    answered = (
        "answered",
        "beantwortet",
        "answered",
        "Die Kommune hat gesagt, was aus dem Bedarf wird.",
        "The authority has said what becomes of the need.",
    )
    closed = (
        "closed",
        "abgeschlossen",
        "closed",
        "Wer den Bedarf angemeldet hat, verfolgt ihn nicht weiter.",
        "Who raised the need does not pursue it any more.",
    )


TRANSITIONS: Mapping[NeedStatus, frozenset[NeedStatus]] = {
    NeedStatus.open: frozenset(
        {NeedStatus.acknowledged, NeedStatus.in_discussion, NeedStatus.answered, NeedStatus.closed}
    ),
    NeedStatus.acknowledged: frozenset({NeedStatus.in_discussion, NeedStatus.answered, NeedStatus.closed}),
    NeedStatus.in_discussion: frozenset({NeedStatus.answered, NeedStatus.closed}),
    # An answer can turn out not to be one, and what was closed can come back.
    NeedStatus.answered: frozenset({NeedStatus.in_discussion, NeedStatus.closed}),
    NeedStatus.closed: frozenset({NeedStatus.open}),
}
