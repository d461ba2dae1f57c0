"""Signed notes and checkpoints, by the examples of Go's `sumdb/note` and with signatures that others made."""

import base64

import pytest

from app.proofs.notes import COSIGNATURE, ED25519, BadNote, Checkpoint, Note, Signer, Verifier, verified

# From the documentation of golang.org/x/mod/sumdb/note.
PETER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = f"{TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"


def test_notes_are_those_of_go() -> None:
    signer = Signer.of(PETER)
    assert (str(signer), str(signer.verifier)) == (PETER, PETER_PUBLIC)
    assert str(Note(TEXT, [signer.line(TEXT)])) == SIGNED
    Verifier.of(PETER_PUBLIC).check(Note.of(SIGNED))
    assert Note.of(SIGNED).text == TEXT


def test_checkpoints_are_signed_and_cosigned() -> None:
    log, witness = Signer.new("log.example.org", ED25519), Signer.new("witness.example.org", COSIGNATURE)
    text = str(Checkpoint("log.example.org", 7, bytes(32)))
    note = str(Note(text, [log.line(text), witness.line(text, 1_700_000_000)]))
    assert verified(note, Verifier.of(str(log.verifier))) == Checkpoint("log.example.org", 7, bytes(32))
    assert Verifier.of(str(witness.verifier)).check(Note.of(note)) == 1_700_000_000
    # What the specification of cosignatures says is signed.
    blob = base64.b64decode(note.splitlines()[-1].split(" ")[2])
    witness.key.public_key().verify(blob[12:], b"cosignature/v1\ntime 1700000000\n" + text.encode())
    assert int.from_bytes(blob[4:12], "big") == 1_700_000_000


def test_what_is_not_signed_is_refused() -> None:
    log, other = Signer.new("log.example.org"), Signer.new("log.example.org")
    text = str(Checkpoint("log.example.org", 7, bytes(32)))
    note = str(Note(text, [log.line(text)]))
    for wrong in (
        note.replace("\n7\n", "\n8\n"),
        str(Note(text, [other.line(text)])),
        note.replace("log.example.org", "log.example.net"),
        note.replace("\n\n", "\n"),
        note.removesuffix("\n"),
        note.replace("\n7\n", "\n07\n"),
        text,
        "",
    ):
        with pytest.raises(BadNote):
            verified(wrong, log.verifier)
    for key in (PETER_PUBLIC[:-4], PETER_PUBLIC.replace("c74f", "c74e"), PETER, "x", str(log)):
        with pytest.raises(BadNote):
            Verifier.of(key)
    for key in (PETER[:-4], PETER.replace("c74f", "c74e"), PETER_PUBLIC):
        with pytest.raises(BadNote):
            Signer.of(key)
    with pytest.raises(BadNote):
        Signer.new("two words")
