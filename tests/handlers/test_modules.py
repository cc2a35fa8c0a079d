"""The user's modules: found by path, apart from each other, and told of in the user's words when they are broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.handlers.conftest import Network

from blossm.handlers.modules import HandlerError, Modules
from blossm.model.network import Handler

PAINT = Handler("services/shop/bicycle/commands.py", "paint")


def test_two_services_may_have_modules_of_the_same_name(network: Network) -> None:
    modules = network(
        "city",
        {
            "services/shop/bicycle/commands.py": "def paint(command): return 'bicycle'",
            "services/shop/wheel/commands.py": "def paint(command): return 'wheel'",
        },
    )
    wheel = Handler("services/shop/wheel/commands.py", "paint")
    assert (modules.function(PAINT)(None), modules.function(wheel)(None)) == ("bicycle", "wheel")


def test_code_of_the_network_is_imported_from_its_root(network: Network) -> None:
    modules = network(
        "city",
        {
            "lib/prices.py": "PRICE = 215",
            "services/shop/bicycle/commands.py": "from lib.prices import PRICE\ndef paint(command): return PRICE",
        },
    )
    assert modules.function(PAINT)(None) == 215


def test_a_neighbour_may_be_imported_relatively(network: Network) -> None:
    modules = network(
        "city",
        {
            "services/shop/bicycle/colors.py": "RED = 'red'",
            "services/shop/bicycle/commands.py": "from .colors import RED\ndef paint(command): return RED",
        },
    )
    assert modules.function(PAINT)(None) == "red"


def test_a_module_is_the_same_however_it_is_imported(network: Network) -> None:
    modules = network(
        "city",
        {
            "services/shop/bicycle/commands.py": "class Gone(Exception): ...\ndef paint(command): return Gone",
            "services/shop/bicycle/facts.py": (
                "from services.shop.bicycle.commands import Gone\ndef price(fact): return Gone"
            ),
        },
    )
    price = Handler("services/shop/bicycle/facts.py", "price")
    assert modules.function(price)(None) is modules.function(PAINT)(None)


def test_networks_in_one_process_do_not_see_each_others_code(network: Network) -> None:
    def files(price: int) -> dict[str, str]:
        return {
            "lib/prices.py": f"PRICE = {price}",
            "services/shop/bicycle/commands.py": "from lib.prices import PRICE\ndef paint(command): return PRICE",
            "services/shop/bicycle/facts.py": "from lib.prices import PRICE\ndef price(fact): return PRICE",
        }

    price = Handler("services/shop/bicycle/facts.py", "price")
    one, other = network("one", files(1)), network("other", files(2))
    assert [one.function(PAINT)(None), other.function(PAINT)(None)] == [1, 2]
    assert [one.function(price)(None), other.function(price)(None)] == [1, 2]


def test_a_file_never_takes_the_place_of_a_module_of_pythons(network: Network) -> None:
    import statistics

    modules = network("city", {"statistics.py": "def hired(event): return 'theirs'"})
    assert modules.function(Handler("statistics.py", "hired"))(None) == "theirs"
    assert sys.modules["statistics"] is statistics


def test_only_the_root_of_the_current_network_is_on_the_path(network: Network) -> None:
    one, other = network("one", {"a.py": ""}), network("other", {"a.py": ""})
    one.file("a.py")
    other.file("a.py")
    assert str(one.root) not in sys.path
    assert sys.path[-1] == str(other.root)


def test_a_folder_may_have_any_name(network: Network) -> None:
    modules = network("city", {"the shop/v1.0/commands.py": "def paint(command): return 1"})
    assert modules.function(Handler("the shop/v1.0/commands.py", "paint"))(None) == 1


def refused(modules: Modules, handler: Handler = PAINT) -> HandlerError:
    with pytest.raises(HandlerError) as error:
        modules.function(handler)
    return error.value


def test_a_missing_function_is_told_with_the_nearest_one(network: Network) -> None:
    error = refused(network("city", {PAINT.file: "def pain(command): ..."}))
    assert str(error) == f"{PAINT.file}:1: has no function paint\nhelp: did you mean pain?"


def test_a_missing_file_is_told(network: Network) -> None:
    assert str(refused(network("city", {}))) == f"{PAINT.file}: there is no such file"


def test_a_syntax_error_is_told_with_its_line(network: Network) -> None:
    error = refused(network("city", {PAINT.file: "\ndef paint(:\n"}))
    assert error.place == f"{PAINT.file}:2"
    assert error.problem == "SyntaxError: invalid syntax"


def test_an_error_while_importing_is_told_with_the_users_frames_only(network: Network) -> None:
    files = {"lib/prices.py": "\nPRICE = int('no')", PAINT.file: "\nfrom lib.prices import PRICE"}
    error = refused(network("city", files))
    assert error.place == "lib/prices.py:2"
    assert [frame.file for frame in error.frames] == [PAINT.file, "lib/prices.py"]
    assert "ValueError: invalid literal" in error.problem


def test_a_module_that_is_not_there_is_told(network: Network) -> None:
    error = refused(network("city", {PAINT.file: "import nowhere_to_be_found"}))
    assert error.problem == "ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    assert error.place == f"{PAINT.file}:1"


def test_a_module_that_ends_the_process_is_told(network: Network) -> None:
    error = refused(network("city", {PAINT.file: "import sys\nsys.exit(3)"}))
    assert str(error).startswith(f"{PAINT.file}:2: ends the process while it is imported")


def test_a_module_that_failed_may_be_mended_and_imported_again(network: Network, tmp_path: Path) -> None:
    modules = network("city", {PAINT.file: "1 / 0"})
    refused(modules)
    (tmp_path / "city" / PAINT.file).write_text("def paint(command): return 'mended'")
    assert modules.function(PAINT)(None) == "mended"
