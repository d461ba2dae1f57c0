"""What must hold between the fields of proposals."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from app.http.problems import FieldError, at
from app.language import Text
from app.proposals.models import ProposalCreate
from app.proposals.terms import ANSWERS, ProposalState
from app.resources.kind import KINDS
from app.schema.text import is_visible

ANSWER = Text("Wer ablehnt, sagt warum.", "Who rejects says why.")
NO_ANSWER = Text(
    "Eine Antwort gehört zu `confirmed` oder `rejected`.", "An answer goes with `confirmed` or `rejected`."
)
ONE_OF_BOTH = Text(
    "Ein Vorschlag nennt entweder `changes` oder `redaction`.", "A proposal names either `changes` or `redaction`."
)
REDACTED = Text(
    "Was vorgeschlagen war, ist gelöscht: bitte neu vorschlagen.",
    "What was proposed is erased: please propose it anew.",
)
ONLY_REDACTED = Text(
    "Ein Vorschlag oder Widerspruch wird nicht berichtigt, nur gelöscht (`redaction`).",
    "A proposal or an objection is not corrected, only erased (`redaction`).",
)
NOBODY = Text(
    "Auf keiner anderen Seite der Vereinbarung steht heute ein Partner, der antworten könnte.",
    "On no other side of the agreement does a partner stand today that could answer.",
)
NO_CHANGE = Text("Das steht schon so da.", "It says so already.")
OTHER_SUBJECT = Text(
    "Das ist kein offener Widerspruch gegen diesen Eintrag.", "This is no open objection to this resource."
)


def check(proposal: ProposalCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a proposal."""
    if proposal.state is ProposalState.rejected and not is_visible(proposal.answer):
        yield at("answer", code="answer_required", detail=ANSWER)
    if proposal.state not in ANSWERS and proposal.answer is not None:
        yield at("answer", code="not_answered", detail=NO_ANSWER)
    if proposal.redaction is None and KINDS[proposal.subject_type].has_subject:
        yield at("subject_type", code="only_redacted", detail=ONLY_REDACTED)
    if bool(proposal.changes) == (proposal.redaction is not None):
        yield at("changes", code="changes_or_redaction", detail=ONE_OF_BOTH)


def in_changes(errors: Iterable[FieldError]) -> list[FieldError]:
    """The errors of a subject, at their place in the changes that are proposed."""
    return [
        replace(error, name=f"#/changes{error.name.removeprefix('#')}") if error.place == "pointer" else error
        for error in errors
    ]
