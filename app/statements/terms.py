"""The vocabularies of statements."""

from app.vocabularies.term import Term


class Position(Term):
    """What a partner thinks of a decision."""

    support = "support", "Zustimmung", "support"
    support_with_changes = "support_with_changes", "Zustimmung mit Änderungen", "support with changes"
    object = "object", "Ablehnung", "objection"
    no_objection = "no_objection", "keine Einwände", "no objection"


class TakenUp(Term):
    """What the city made of a statement."""

    adopted = "adopted", "übernommen", "adopted"
    partly = "partly", "teilweise übernommen", "adopted in part"
    not_adopted = "not_adopted", "nicht übernommen", "not adopted"
