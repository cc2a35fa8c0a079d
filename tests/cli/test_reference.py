"""docs/cli.md and the command line say the same."""

from __future__ import annotations

import click
import pytest
from tests.docs.markdown import blocks, page, quoted, rows, sections

from blossm.cli.main import COMMANDS, Commands

REFERENCE = sections(page("docs/cli.md"))


def command_of(name: str) -> click.Command:
    command = Commands("blossm").get_command(click.Context(Commands("blossm")), name)
    assert command is not None
    return command


def commands() -> dict[str, click.Command]:
    """Every command by its words, those of a group in the order of the words."""
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = command_of(name)
        below = command.commands if isinstance(command, click.Group) else {}
        found |= {f"{name} {word}": below[word] for word in sorted(below)} or {name: command}
    return found


ALL = commands()


def test_every_command_has_its_section_and_no_other() -> None:
    assert list(REFERENCE) == [f"`blossm {words}`" for words in ALL]


def test_the_list_of_commands_says_what_help_says() -> None:
    listed = rows(page("docs/cli.md").partition("\n## ")[0])[1:]
    assert [(quoted(name)[0], words) for name, words in listed] == list(COMMANDS.items())


@pytest.mark.parametrize("words", ALL)
def test_the_usage_of_a_command_is_what_click_makes_of_it(words: str) -> None:
    context = click.Context(ALL[words], info_name=f"blossm {words}")
    usage = " ".join([f"blossm {words}", *ALL[words].collect_usage_pieces(context)])
    assert blocks(REFERENCE[f"`blossm {words}`"])[0].text.strip() == usage


@pytest.mark.parametrize("words", ALL)
def test_every_option_of_a_command_has_its_row(words: str) -> None:
    written = {tuple(quoted(cell.replace("\\|", "|"))) for cell, _ in rows(REFERENCE[f"`blossm {words}`"])[1:]}
    assert written == {written_as(option) for option in ALL[words].params if is_shown(option)}


def is_shown(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and not parameter.hidden and parameter.name != "help"


def written_as(option: click.Parameter) -> tuple[str, ...]:
    """`-n`, `--network DIR`: the short names first, the value's name at the last."""
    *others, last = sorted(option.opts, key=len)
    return (*others, f"{last} {option.metavar}" if option.metavar else last)
