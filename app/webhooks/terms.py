"""Vocabularies of webhooks."""

from app.vocabularies.term import Term


class OwnChanges(Term):
    """What becomes of changes that the endpoint's own partner made."""

    included = (
        "included",
        "auch die eigenen",
        "the partner's own too",
        "Es kommt alles an, auch was der Partner selbst geändert hat.",
        "Everything is sent, what the partner itself changed included.",
    )
    excluded = (
        "excluded",
        "nur die der anderen",
        "only those of others",
        "Was der Partner selbst geändert hat, wird nicht geschickt: er weiß es schon.",
        "What the partner itself changed is not sent: it knows already.",
    )
    only = (
        "only",
        "nur die eigenen",
        "only the partner's own",
        "Es wird nur geschickt, was der Partner selbst geändert hat.",
        "Only what the partner itself changed is sent.",
    )


class DisabledBecause(Term):
    """Why the register stopped to deliver."""

    gone = (
        "gone",
        "der Empfänger antwortete 410",
        "the receiver answered 410",
        "Der Empfänger hat gesagt, dass es ihn unter dieser Adresse nicht mehr gibt.",
        "The receiver has said that it is not at this address any more.",
    )
    failing = (
        "failing",
        "drei Tage lang kam nichts an",
        "nothing arrived for three days",
        "Drei Tage lang ist jeder Versuch gescheitert.",
        "Every attempt has failed for three days.",
    )


class Failure(Term):
    """Why an attempt failed."""

    address = (
        "address",
        "Adresse nicht erlaubt",
        "the host's address, the port or the scheme is not allowed",
        "Adresse, Port oder Schema liegen außerhalb dessen, wohin das Register senden darf.",
        "The address, the port or the scheme is outside of where the register may send to.",
    )
    unknown_host = (
        "unknown_host",
        "Name nicht gefunden",
        "the host's name is not found",
        "Zum Namen des Empfängers gibt es keine Adresse.",
        "There is no address for the name of the receiver.",
    )
    connection = (
        "connection",
        "keine Verbindung",
        "no connection, or it was broken off",
        "Die Verbindung kam nicht zustande oder brach ab.",
        "The connection was not made, or broke off.",
    )
    tls = (
        "tls",
        "TLS oder Zertifikat",
        "TLS failed, or the certificate is not valid for the host",
        "Die Verschlüsselung misslang, oder das Zertifikat gilt nicht für diesen Namen.",
        "Encryption failed, or the certificate does not hold for this name.",
    )
    timeout = (
        "timeout",
        "keine Antwort in der Zeit",
        "no answer in time",
        "Der Empfänger hat nicht rechtzeitig geantwortet.",
        "The receiver did not answer in time.",
    )
    protocol = (
        "protocol",
        "kein gültiges HTTP",
        "the answer is not valid HTTP",
        "Was der Empfänger geantwortet hat, ist kein HTTP.",
        "What the receiver answered is no HTTP.",
    )
    redirect = (
        "redirect",
        "Umleitung",
        "a redirect, which is not followed",
        "Der Empfänger verweist an eine andere Adresse; dorthin wird nicht gesendet.",
        "The receiver points to another address; nothing is sent there.",
    )
    status = (
        "status",
        "anderer Status als 2xx",
        "another status than 2xx",
        "Der Empfänger hat mit einem Fehler geantwortet.",
        "The receiver answered with an error.",
    )
