"""The two kinds of decisions."""

from app.vocabularies.term import Term


class DecisionKind(Term):
    """The two kinds of decisions that partners are to be heard before, as the signatories put it."""

    sectoral = (
        "sectoral",
        "fachpolitisch",
        "sectoral",
        "Es wird entschieden, was in einem Fachgebiet geschieht.",
        "It is decided what is done in a field of work.",
    )
    financial = (
        "financial",
        "finanzpolitisch",
        "financial",
        "Es wird über Geld entschieden: Haushalt, Förderung, Entgelte.",
        "It is decided on money: budget, grants, fees.",
    )
