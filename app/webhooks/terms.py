"""Vocabularies of webhooks."""

from app.vocabularies.term import Term


class OwnChanges(Term):
    """What becomes of changes that the endpoint's own partner made."""

    included = "included", "auch die eigenen", "the partner's own too"
    excluded = "excluded", "nur die der anderen", "only those of others"
    only = "only", "nur die eigenen", "only the partner's own"


class DisabledBecause(Term):
    """Why the register stopped to deliver."""

    gone = "gone", "der Empfänger antwortete 410", "the receiver answered 410"
    failing = "failing", "drei Tage lang kam nichts an", "nothing arrived for three days"


class Failure(Term):
    """Why an attempt failed."""

    address = "address", "Adresse nicht erlaubt", "the host's address, the port or the scheme is not allowed"
    unknown_host = "unknown_host", "Name nicht gefunden", "the host's name is not found"
    connection = "connection", "keine Verbindung", "no connection, or it was broken off"
    tls = "tls", "TLS oder Zertifikat", "TLS failed, or the certificate is not valid for the host"
    timeout = "timeout", "keine Antwort in der Zeit", "no answer in time"
    protocol = "protocol", "kein gültiges HTTP", "the answer is not valid HTTP"
    redirect = "redirect", "Umleitung", "a redirect, which is not followed"
    status = "status", "anderer Status als 2xx", "another status than 2xx"
