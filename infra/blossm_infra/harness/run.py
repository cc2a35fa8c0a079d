"""Runs a Pulumi program to its end without an engine, a provider or an account."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pulumi
from pulumi.runtime import config as sdk_config
from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import run_in_stack

from blossm_infra.harness import answers
from blossm_infra.harness.answers import Answer
from blossm_infra.harness.economy import economically, throw_away_unawaited
from blossm_infra.harness.hooks import Callbacks
from blossm_infra.harness.monitor import Engine, Monitor, Outputs, Stacks
from blossm_infra.harness.plan import Plan, in_tree_order

T = TypeVar("T")

ORGANIZATION = "organization"


class PreviewError(Exception):
    """What an engine or a provider would have refused. `problems` has all of it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a program runs with.

    With `unknowns`, ids and computed outputs are unknown, as before a first `up`. `outputs` and `invokes` stand in for the
    providers. `stacks` are the outputs of stacks, by `organization/project/stack`; the program's own has none unless said.
    """

    stack: str = "dev"
    project: str = "blossm"
    root: Path = Path()
    config: Mapping[str, str] = field(default_factory=dict)
    unknowns: bool = False
    outputs: Outputs = answers.outputs
    invokes: Mapping[str, Answer] = field(default_factory=lambda: answers.INVOKES)
    stacks: Stacks = field(default_factory=dict)
    timeout: float = 120.0  # seconds: a large network on a busy machine takes some ten


def run(program: Callable[[], object], how: Run) -> Plan:
    """The graph that `program` registers.

    Raises what the program raises, PreviewError for what it registered wrongly, TimeoutError when it does not end.
    The SDK keeps its state in context variables and in an event loop, so each run has a thread with its own of both:
    nothing leaks from one run into the next, and a caller's own loop is not disturbed.
    """
    ended: Future[Plan] = Future()

    def in_thread() -> None:
        try:
            with economically():
                ended.set_result(contextvars.Context().run(_run, program, how))
        except BaseException as error:  # whatever ends the thread is raised where the caller waits
            ended.set_exception(error)

    thread = threading.Thread(target=in_thread, daemon=True, name="pulumi program")
    thread.start()
    thread.join(timeout=how.timeout + 1)  # the loop's own timeout comes first, unless the program blocks it
    if thread.is_alive():
        raise _late(how.timeout)
    return ended.result()


def _late(seconds: float) -> TimeoutError:
    return TimeoutError(f"the program did not end within {seconds:g} s: an output that never resolves?")


def _run(program: Callable[[], object], how: Run) -> Plan:
    stacks = {f"{ORGANIZATION}/{how.project}/{how.stack}": {}, **how.stacks}  # it has exported nothing so far
    monitor = Monitor(unknowns=how.unknowns, outputs=how.outputs, invokes=how.invokes, stacks=stacks)
    engine, callbacks = Engine(), Callbacks()
    _configure(monitor, engine, callbacks, how)

    async def story() -> None:
        program()  # what it answers is its own business
        await _settled()

    loop = _Loop()
    loop.set_exception_handler(lambda _loop, _context: None)  # a failed output is raised by the run itself
    asyncio.set_event_loop(loop)
    whole = False
    try:
        loop.run_until_complete(_within(how.timeout, run_in_stack(story)))
        whole = True
    except pulumi.RunError:
        raise
    except Exception as error:  # the SDK stumbles over wrong inputs in ways of its own: what they are comes first
        if monitor.problems:
            raise PreviewError(monitor.problems) from error
        raise
    finally:
        _end(loop, whole=whole)
    if problems := monitor.problems + callbacks.problems:
        raise PreviewError(problems)
    return Plan(
        resources=tuple(in_tree_order(monitor.registered)),
        invokes=tuple(monitor.invokes),
        messages=tuple(engine.messages),
        hooks=callbacks.hooks,
    )


def _configure(monitor: Monitor, engine: Engine, callbacks: Callbacks, how: Run) -> None:
    features = monitor.GetDeploymentInfo(None).supportedFeatures  # type: ignore[no-untyped-call]  # so are the SDK's mocks
    settings.configure(
        mocks.MockSettings(  # type: ignore[no-untyped-call]
            monitor=monitor,
            monitor_features=set(features),
            engine=engine,
            project=how.project,
            stack=how.stack,
            organization=ORGANIZATION,
            dry_run=how.unknowns,
            root_directory=str(how.root),
            callbacks=callbacks,
            outputs=set(),
        )
    )
    sdk_config.set_all_config(dict(how.config), [])


async def _within(seconds: float, story: Coroutine[Any, Any, None]) -> None:
    """Not `asyncio.wait_for`: the SDK answers a cancellation by waiting for its outputs, which may be for ever."""
    task = asyncio.ensure_future(story)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        raise _late(seconds)
    task.result()


async def _settled() -> None:
    """Waits for the outputs at once. The SDK would, but in rounds over all of them: half the time of a large program."""
    while pending := {task for task in settings.SETTINGS.outputs if not task.done()}:
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in done):
            return  # the SDK raises it, with its cause


def _end(loop: asyncio.AbstractEventLoop, *, whole: bool) -> None:
    """A program that failed leaves tasks behind: they end here, and not in the next run."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    if not whole or left or any(task.cancelled() or task.exception() for task in settings.SETTINGS.outputs if task.done()):
        throw_away_unawaited()
    asyncio.set_event_loop(None)
    loop.close()


class _Loop(asyncio.SelectorEventLoop):
    """Answers at once what is asked of other threads: every run takes the same turns, and no thread wakes another."""

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # the future carries it to whoever awaits the answer
            done.set_exception(error)
        return done
