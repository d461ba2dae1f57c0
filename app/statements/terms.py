"""The vocabularies of statements."""

from app.vocabularies.term import Term


class Position(Term):
    """What a partner thinks of a decision."""

    support = (
        "support",
        "Zustimmung",
        "support",
        "Der Partner stimmt zu, wie es ist.",
        "The partner agrees as it stands.",
    )
    support_with_changes = (
        "support_with_changes",
        "Zustimmung mit Änderungen",
        "support with changes",
        "Der Partner stimmt zu, wenn geändert wird, was er nennt.",
        "The partner agrees if what it names is changed.",
    )
    object = (
        "object",
        "Ablehnung",
        "objection",
        "Der Partner lehnt ab.",
        "The partner disagrees.",
    )
    no_objection = (
        "no_objection",
        "keine Einwände",
        "no objection",
        "Der Partner hat nichts dagegen und nichts hinzuzufügen.",
        "The partner has nothing against it and nothing to add.",
    )


class TakenUp(Term):
    """What the city made of a statement."""

    adopted = (
        "adopted",
        "übernommen",
        "adopted",
        "Die Entscheidung folgt der Stellungnahme.",
        "The decision follows the statement.",
    )
    partly = (
        "partly",
        "teilweise übernommen",
        "adopted in part",
        "Die Entscheidung folgt der Stellungnahme in Teilen.",
        "The decision follows the statement in parts.",
    )
    not_adopted = (
        "not_adopted",
        "nicht übernommen",
        "not adopted",
        "Die Entscheidung folgt der Stellungnahme nicht.",
        "The decision does not follow the statement.",
    )
