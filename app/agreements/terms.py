"""The vocabularies of agreements."""

from app.vocabularies.term import Term


class AreaScheme(Term):
    """Which scheme a code of an area is of."""

    nuts = (
        "nuts",
        "NUTS (Europäische Union)",
        "NUTS (European Union)",
        "Kennung nach der Systematik der Gebietseinheiten für die Statistik der Europäischen Union.",
        "Code of the classification of territorial units for statistics of the European Union.",
    )
    gss = (
        "gss",
        "GSS (Vereinigtes Königreich)",
        "GSS (United Kingdom)",
        "Kennung des Amts für nationale Statistik des Vereinigten Königreichs.",
        "Code of the Office for National Statistics of the United Kingdom.",
    )
    other = (
        "other",
        "andere",
        "other",
        "Kennung nach einer anderen Systematik.",
        "Code of another scheme.",
    )


class HearingSource(Term):
    """Where it says that partners are to be heard."""

    agreement = (
        "agreement",
        "eine Klausel der Vereinbarung",
        "a clause of the agreement",
        "Dass Partner gehört werden, steht in der Vereinbarung selbst.",
        "That partners are heard is in the agreement itself.",
    )
    statement = (
        "statement",
        "eine Äußerung über die Vereinbarung",
        "something said about the agreement",
        "Dass Partner gehört werden, hat jemand über die Vereinbarung gesagt.",
        "That partners are heard is what somebody said about the agreement.",
    )
