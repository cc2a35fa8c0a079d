"""Whether what ran at once went as if it had run one by one, in the order of the log; and if not, what happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.serializability.city import ROOTS, City, History, Ran, Steps, key_of
from tests.serializability.serial import Log, NotSerial, Unfinished, answer, ask, rerun, state, told

from blossm.core.commit import LoggedCommit


def check(city: City, history: History) -> None:
    """Raises NotSerial, with the history, for the first command that would have gone otherwise."""
    try:
        for ran in history.ran:
            _check_command(city, history, ran)
        _check_end(history)
    except NotSerial as error:
        raise NotSerial(short(f"{error}\n\n{story(history)}")) from error


def _check_command(city: City, history: History, ran: Ran) -> None:
    mine = commits_of(history, ran)
    for logged in mine:
        if not ran.began <= logged.position < ran.ended:
            raise NotSerial(f"{ran.asked.name} logged at {logged.position}, and ran from {ran.began} to {ran.ended}")
    _check_outcome(city, history, ran)
    _check_attempts(history, ran)


def _check_outcome(city: City, history: History, ran: Ran) -> None:
    """What it read where it logged nothing any more was true at one time before the answer."""
    mine = {logged.commit.key: logged for logged in commits_of(history, ran)}
    would: list[str] = []
    for head in range(ran.began, ran.ended + 1):
        log = Log(history.events, mine, head)
        try:
            response = rerun(city.code.act, ran.asked.steps, key_of(ran.asked), log)
        except NotSerial as error:
            raise NotSerial(f"{ran.asked.name}: {error}") from error
        except Unfinished:
            response = "nothing yet"
        if ran.conflict is not None or response == ran.response:  # all that it did before a conflict stands in the log
            return
        would.append(f"at {head} it would have seen {response}")
    raise NotSerial(f"{ran.asked.name} saw {ran.response}; one by one, " + ", ".join(would))


def _check_attempts(history: History, ran: Ran) -> None:
    """Something that a lost attempt has read was moved by somebody else while the command ran."""
    own = {at for logged in commits_of(history, ran) for at in range(logged.position, logged.end)}
    runs: dict[str, list[Steps]] = {}
    for request, run, begun in history.attempts:
        if request == ran.asked.name:
            runs.setdefault(run, []).append(begun)
    for tries in runs.values():
        lost = tries if ran.conflict is not None and len(runs) == 1 else tries[:-1]
        for begun in lost:
            if not any(_moved(history, ran, own, step) for step in begun if _reads(step)):
                raise NotSerial(f"{ran.asked.name} was refused, and nothing that it read had moved: {begun}")


def _moved(history: History, ran: Ran, own: set[int], step: list[Any]) -> bool:
    """Whether an event of somebody else changed what a step sees, while the command ran.

    An event of a root that the command has logged to itself counts for a question too: whether it would be in the
    answer without the command's own events is not asked.
    """
    if "by fact" in step[0]:
        step = [step[0].partition(" ")[0], *step[1:]]
    events = history.events
    mine = {event.root for event in events if event.position in own}
    for event in events[ran.began - 1 : ran.ended - 1]:
        before, after = events[: event.position - 1], events[: event.position]
        shared = step[0] == "ask" and event.domain == "bicycle" and event.root in mine
        if event.position not in own and (shared or answer(before, step) != answer(after, step)):
            return True
    return False


def _reads(step: list[Any]) -> bool:
    return str(step[0]).partition(" ")[0] in ("state", "count", "ask")


def _check_end(history: History) -> None:
    """What everything is in the end is what the log adds up to."""
    for what, found in history.end.items():
        kind, first, second = what.split(" ")
        if kind == "ask":
            expected: Any = ask(history.events, first, int(second) if first == "coats" else second)
        else:
            root = state(history.events, first, second)
            expected = [root.number, root.state]
        if found != expected:
            raise NotSerial(f"in the end {what} is {found}, and the log adds up to {expected}")


def commits_of(history: History, ran: Ran) -> list[LoggedCommit]:
    return [logged for logged in history.commits if logged.commit.tx.id == ran.asked.name]


# ---------------------------------------------------------------- for people


def story(history: History) -> str:
    """All that ran and was logged, short enough to be understood."""
    return "\n".join([*_commands(history), "log:", *_log(history)])


def _commands(history: History) -> Iterator[str]:
    for ran in history.ran:
        outcome = f"conflict: {ran.conflict}" if ran.conflict else f"saw {ran.response}"
        steps = "; ".join(_told(step) for step in ran.asked.steps) or "nothing"
        yield f"{ran.asked.name} ({ran.asked.command}, head {ran.began} to {ran.ended}): {steps} → {outcome}"


def _told(step: list[Any]) -> str:
    if step[0] == "call":
        return "call (" + "; ".join(told(each) for each in step[1]) + ")"
    return told(step)


def _log(history: History) -> Iterator[str]:
    for logged in history.commits:
        for event in logged.events(service="shop", network="city.example"):
            yield f"  {event.position} {logged.commit.tx.id}: {event.domain} {event.root} #{event.number} {event.payload}"


def short(text: str) -> str:
    """Roots as letters."""
    for letter, root in zip("ABC", ROOTS, strict=True):
        text = text.replace(root, letter)
    return text


