"""Every code has a broken network that shows it, and a page that explains it."""

from pathlib import Path

import pytest

from blossm.model.codes import CODES
from blossm.model.diagnostics import InvalidNetwork, render
from blossm.model.load import check, load
from blossm.model.network import ENVIRONMENTS

ROOT = Path(__file__).parents[2]
NETWORKS = sorted(path.parent for path in (ROOT / "tests" / "invalid").glob("*/expected.txt"))
PAGES = ROOT / "docs" / "errors"


def said_of(folder: Path) -> str:
    return "\n\n".join(map(render, check(folder))).replace(str(folder), ".") + "\n"


@pytest.mark.parametrize("folder", NETWORKS, ids=lambda folder: folder.name)
def test_a_broken_network_is_told_in_these_words(folder: Path) -> None:
    assert said_of(folder) == (folder / "expected.txt").read_text()


@pytest.mark.parametrize("folder", NETWORKS, ids=lambda folder: folder.name)
def test_a_broken_network_shows_its_own_code_and_no_other(folder: Path) -> None:
    assert {problem.code for problem in check(folder)} == {folder.name.partition("_")[0]}


# A warning, and what is told of a contract that others know: the network itself could run.
LOADS = ("B405", "B701", "B703", "B704", "B705", "B706", "B707", "B708", "B709")


@pytest.mark.parametrize("folder", [one for one in NETWORKS if not one.name.startswith(LOADS)], ids=lambda folder: folder.name)
def test_a_broken_network_does_not_load(folder: Path) -> None:
    errors = 0
    for environment in ENVIRONMENTS:
        try:
            load(folder, environment=environment)
        except InvalidNetwork as invalid:
            errors += len(invalid.problems)
    assert errors


@pytest.mark.parametrize("folder", [one for one in NETWORKS if one.name.startswith(LOADS)], ids=lambda folder: folder.name)
def test_neither_a_warning_nor_a_stale_contract_keeps_a_network_from_loading(folder: Path) -> None:
    assert load(folder).name == "city.example"


def test_codes_folders_and_pages_are_the_same_set() -> None:
    folders = [folder.name.partition("_")[0] for folder in NETWORKS]
    assert sorted(folders) == sorted(CODES)
    assert sorted(page.stem for page in PAGES.glob("B*.md")) == sorted(CODES)


def test_the_index_of_the_pages_names_every_code_with_its_title() -> None:
    index = (PAGES / "README.md").read_text()
    for code, title in CODES.items():
        assert f"[{code}]({code}.md) | {title} |" in index


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_page_begins_with_its_code_and_title_and_shows_an_example(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text()
    assert page.startswith(f"# {code}: {CODES[code]}\n")
    assert "```" in page
    assert len(page.splitlines()) <= 40
