"""The vocabularies of partners."""

from app.vocabularies.term import Term


class PartnerKind(Term):
    """What kind of organisation a partner is."""

    municipality = "municipality", "Kommune", "municipality"
    umbrella_association = "umbrella_association", "Dachverband", "umbrella association"
    member_association = "member_association", "Mitgliedsverband", "member association"
    other = "other", "andere", "other"


class ServiceField(Term):
    """A field in which a partner offers services."""

    counselling = "counselling", "Beratung", "counselling"
    daycare = "daycare", "Kindertagesbetreuung", "daycare"
    schools = "schools", "Schulen", "schools"
    youth_welfare = "youth_welfare", "Jugendhilfe", "youth welfare"
    elderly_care = "elderly_care", "Altenhilfe", "care of older people"
    nursing = "nursing", "Pflege", "nursing"
    other = "other", "andere", "other"
