"""Check a register from outside, as one of its partners; exit with 1 when anything is wrong, and say what.

SOURCE is the address of a register, a receipt that it gave, or the folder of an earlier audit. Neither a database nor a
server is needed. Of an address, everything that the key may see is followed, copied and checked against what was kept: the
signature of the log, that it has only grown, each entry, and that what is served follows from the entries.
"""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Annotated

import httpx
import typer

from app.audit.checking import Findings, check_copy, check_receipt
from app.audit.following import Refused, audit
from app.audit.state import State
from app.catalogue import FEATURES
from app.cli.failed import Failed

cli = typer.Typer(add_completion=False)

SECONDS = 60.0
KINDS = tuple(feature.kind.path for feature in FEATURES)


@cli.command(help=__doc__)
def audit_register(
    source: Annotated[str, typer.Argument(help="Address of a register, a receipt, or the folder of an earlier audit.")],
    state: Annotated[
        Path | None, typer.Option(help="Folder of the copy and the last checkpoint; without it nothing is kept.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the caller's key; without it, what is public.")
    ] = None,
    log_key: Annotated[
        str | None,
        typer.Option(help="The log's public key, as its operator says it elsewhere; else the first one seen."),
    ] = None,
    cosign: Annotated[  # noqa: FBT002 (a flag is how typer writes it)
        bool, typer.Option("--cosign", help="Cosign the checkpoint when all is well; the key is in the folder.")
    ] = False,
) -> None:
    if cosign and state is None:
        raise Failed("--cosign needs --state: the key that cosigns is kept there")
    if source.startswith(("http://", "https://")):
        found = at_address(source, state, key_file, log_key, cosigns=cosign)
    elif Path(source).is_dir():
        found = check_copy(State(Path(source)))
    else:
        found = check_receipt(read_json(Path(source)), log_key)
    for fault in found.faults:
        typer.echo(fault)
    typer.echo(told(found))
    raise typer.Exit(1 if found.faults else 0)


def at_address(
    address: str, folder: Path | None, key_file: Path | None, log_key: str | None, *, cosigns: bool
) -> Findings:
    """What an audit of a running register finds."""
    headers = {"Authorization": f"Bearer {read_text(key_file).strip()}"} if key_file else {}

    async def run(state: State) -> Findings:
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=SECONDS) as client:
            return await audit(client, state, KINDS, key=log_key, cosigns=cosigns)

    try:
        with tempfile.TemporaryDirectory() as nowhere:
            return asyncio.run(run(State(folder or Path(nowhere))))
    except Refused as error:
        raise Failed(str(error)) from None


def read_text(file: Path) -> str:
    """What is in a file."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{file} cannot be read: {error}") from None


def read_json(file: Path) -> dict[str, object]:
    """The object in a file."""
    try:
        content = json.loads(read_text(file))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Failed(f"{file} is no receipt")
    return content


def told(found: Findings) -> str:
    """What was checked, in one line."""
    parts = [f"{found.entries} entries of a log of {found.size} leaves checked"]
    if found.signed_by:
        parts.append(f"signed by {found.signed_by}")
    if found.continues:
        parts.append(f"continuing the {found.continues} leaves that were kept")
    if found.unseen:
        parts.append(f"{found.unseen} entries say more than this caller may see")
    if found.redacted:
        parts.append(f"{found.redacted} entries redacted")
    if found.compared is not None:
        parts.append(f"{found.compared} served representations compared")
    if found.cosigned:
        parts.append("cosigned")
    return f"{', '.join(parts)}, {len(found.faults)} faults."
