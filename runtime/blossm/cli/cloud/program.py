"""A project's program, run for its plan: what goes wrong in it is told by the lines of its own files."""

from __future__ import annotations

import sys
import traceback
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from blossm.cli.failure import Failure
from blossm.handlers.frames import Frame, is_users, user_frames
from blossm.serve.told import FINDINGS

if TYPE_CHECKING:
    from blossm_infra.preview import Plan
    from blossm_infra.project import Project


def plan_of(project: Project, *, stack: str) -> Plan:
    """What the program registers. Raises Failure for what it, an engine or a provider would refuse.

    An error of blossm_infra itself is raised as it is.
    """
    from blossm_infra.preview import PreviewError, RunError, Unanswered, preview_project

    try:
        with redirect_stdout(sys.stderr):  # what a program prints is talk
            return preview_project(project, stack=stack)
    except (RunError, PreviewError, TimeoutError) as error:
        raise Failure(str(error), code=FINDINGS) from None
    except Unanswered as error:
        message = f"the program asks {error.token}, and a plan reaches no cloud that could answer"
        help = f"`pulumi preview --stack {stack}` asks it, and `pulumi up --stack {stack}` deploys"
        raise Failure(message, code=FINDINGS, help=help) from None
    except SystemExit as error:
        raise _failed(f"the program ended before its end, with exit code {error.code}", _frames(error, project.root)) from None
    except Exception as error:
        if _is_ours(error):
            raise
        raise _failed(f"the program failed: {_said(error)}", _frames(error, project.root)) from None


def _failed(message: str, frames: list[Frame]) -> Failure:
    return Failure("\n".join([message, *(f"  {frame}" for frame in frames)]), code=FINDINGS)


def _said(error: Exception) -> str:
    """Its type and message; of a syntax error without the file and line, which its frame has."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _frames(error: BaseException, root: Path) -> list[Frame]:
    """The lines of the user's files that led there, the last one last."""
    return [frame for frame in user_frames(error, root=root) if not (root / frame.file).is_relative_to(_infra())]


def _is_ours(error: Exception) -> bool:
    """Whether blossm_infra stumbled, and no line of the user's did."""
    harness, lines = _infra() / "harness", [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    for file in reversed(lines):
        if file.is_relative_to(_infra()) and not file.is_relative_to(harness):
            return file.name != "preview.py"  # which begins the program
        if is_users(str(file)) and not file.is_relative_to(_infra()):
            return False
    return not isinstance(error, SyntaxError)


def _infra() -> Path:
    import blossm_infra

    return Path(blossm_infra.__file__).parent
