"""The key that signs the checkpoints of the log."""

from app.proofs.notes import ED25519, BadNote, Signer
from app.settings import Settings

UNREADABLE = (BadNote, OSError, UnicodeDecodeError)
"""What is raised where no key can be read."""


def read_signer(settings: Settings) -> Signer:
    """The key of the log; raises one of UNREADABLE where there is none, or one that signs cosignatures only."""
    text = settings.log_key.get_secret_value() if settings.log_key else settings.log_key_file.read_text("ascii")
    signer = Signer.of(text)
    if signer.kind != ED25519:
        raise BadNote("this private key is for cosignatures, and signs no log")
    return signer
