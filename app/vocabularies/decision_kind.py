"""The two kinds of decisions."""

from app.vocabularies.term import Term


class DecisionKind(Term):
    """The two kinds of decisions that partners are to be heard before, as the signatories put it."""

    sectoral = "sectoral", "fachpolitisch", "sectoral"
    financial = "financial", "finanzpolitisch", "financial"
