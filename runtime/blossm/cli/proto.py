"""`blossm proto`: the network's contract as .proto files, with the numbers that it always had."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from blossm.cli.place import DIRECTORY, json_option

if TYPE_CHECKING:
    from blossm.model.contract.planning import Does, Step

DONE: dict[Does, str] = {"add": "added", "change": "changed", "leave": "left"}
TO_DO: dict[Does, str] = {"add": "to add", "change": "to change", "leave": "as it is to be"}


@click.command()
@click.argument("directory", type=DIRECTORY, required=False, metavar="[DIR]")
@click.option("--breaking", is_flag=True, help="Write it although it breaks those who know the committed one.")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 where something would be written.")
@json_option
def proto(directory: Path | None, *, breaking: bool, check: bool, as_json: bool) -> int:
    """Write the contract of the network that DIR lies in (by default this folder) to its folder `protos`.

    Field numbers stay as they are in the committed files; those of removed fields are reserved. What breaks others is told
    and not written.
    """
    from blossm.cli.told import show
    from blossm.model.contract.planning import steps
    from blossm.model.load import load_contract
    from blossm.model.search import find_root
    from blossm.serve.told import FINDINGS

    contract = load_contract(find_root((directory or Path()).resolve()))
    planned = steps(contract.root, contract.files, contract.old)
    refused = bool(contract.breaks) and not breaking
    writes = not (refused or check)
    for step in planned:
        if writes and step.does != "leave":
            _write(contract.root / step.path, step.text)
    if as_json:
        click.echo(json.dumps(_document(contract.root, planned, contract.breaks, written=writes)))
    else:
        if contract.breaks:
            show(contract.breaks)
            click.echo(err=True)
        if not refused:
            _tell(planned, DONE if writes else TO_DO)
    if refused:
        _tell_refused(len(contract.breaks))
    stale = check and any(step.does != "leave" for step in planned)
    return FINDINGS if refused or stale else 0


def _write(path: Path, text: str) -> None:
    """Who reads the file finds the old text or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _tell(planned: list[Step], words: dict[Does, str]) -> None:
    """Every file that something is done to on stdout, and how many there are of each on stderr."""
    for step in planned:
        if step.does != "leave":
            click.echo(f"{words[step.does]} {step.path}")
    counts = Counter(step.does for step in planned)
    said = [f"{counts[does]} {word}" for does, word in words.items() if counts[does]]
    click.echo(f"{len(planned)} files: {', '.join(said)}", err=True)


def _tell_refused(breaks: int) -> None:
    what = f"{breaks} changes break" if breaks > 1 else "1 change breaks"
    click.echo(f"nothing is written: {what} those who know the committed contract", err=True)


def _document(root: Path, planned: list[Step], breaks: Any, *, written: bool) -> dict[str, Any]:
    return {
        "network": str(root),
        "written": written,
        "files": [{"path": step.path, "change": step.does} for step in planned],
        "breaking": [problem.as_dict() for problem in breaks],
    }
