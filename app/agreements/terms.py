"""The vocabularies of agreements."""

from app.vocabularies.term import Term


class AreaScheme(Term):
    """Which scheme a code of an area is of."""

    nuts = "nuts", "NUTS (Europäische Union)", "NUTS (European Union)"
    gss = "gss", "GSS (Vereinigtes Königreich)", "GSS (United Kingdom)"
    other = "other", "andere", "other"


class HearingSource(Term):
    """Where it says that partners are to be heard."""

    agreement = "agreement", "eine Klausel der Vereinbarung", "a clause of the agreement"
    statement = "statement", "eine Äußerung über die Vereinbarung", "something said about the agreement"
