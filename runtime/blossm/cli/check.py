"""`blossm check`: everything that is wrong with a network, at once."""

from __future__ import annotations

import json
from pathlib import Path

import click

from blossm.cli.place import DIRECTORY, json_option


@click.command()
@click.argument("directory", type=DIRECTORY, required=False, metavar="[DIR]")
@click.option(
    "--against", type=DIRECTORY, metavar="DIR", help="An earlier copy of it: say what breaks who knows the contract there."
)
@json_option
def check(directory: Path | None, *, against: Path | None, as_json: bool) -> int:
    """Say everything that is wrong with the network that DIR lies in (by default this folder).

    Exit code 0: it could run. 1: there are problems, each with its file, line and code. 2: there is no network.
    """
    from blossm.cli.told import show
    from blossm.model.load import check as problems_of
    from blossm.model.search import find_root
    from blossm.serve.told import FINDINGS

    root = find_root((directory or Path()).resolve())
    problems = problems_of(root, against=find_root(against.resolve()) if against else None)
    if as_json:
        click.echo(json.dumps({"network": str(root), "problems": [problem.as_dict() for problem in problems]}))
    elif problems:
        show(problems, err=False)
    errors = sum(problem.severity == "error" for problem in problems)
    click.echo(f"{errors} problems" if errors > 1 else "1 problem" if errors else "no problems", err=True)
    return FINDINGS if errors else 0
