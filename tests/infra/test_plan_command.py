"""`blossm plan STACK`, as a person runs it."""

from __future__ import annotations

import importlib.util
import json
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest
from tests.cli.cloud import Told, tell
from tests.docs.markdown import page, quoted, sections

from blossm.cli.cloud.tree import tree
from blossm_infra.preview import Plan

ROOT = Path(__file__).parents[2]
CITY = ROOT / "examples" / "bicycle_city"


def run(*arguments: str, folder: Path = CITY) -> Told:
    """From anywhere below Pulumi.yaml."""
    return tell("plan", *arguments, folder=folder)


@pytest.fixture(scope="module")
def told() -> str:
    """What is said of production."""
    done = run("prod")
    assert done.code == 0, done.err
    return done.out


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    done = run("dev", "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def lines_of(found: Plan, *, width: int, full: bool = False) -> list[str]:
    return [line.plain for line in tree(found, width=width, full=full)]


def test_it_begins_with_what_it_is_where_and_how_large(told: str) -> None:
    assert told.startswith(
        "bicyclecity.example in stack prod: production, shape full\n"
        "project bicycle-city-prod in europe-west1; event stores are kept\n"
        "image europe-west1-docker.pkg.dev/bicycle-city-prod/blossm/bicycle-city@sha256:000000000000…\n"
        "34 procedures, 33 Cloud Run services, "
    )


def test_it_ends_with_hosts_costs_and_warnings(told: str) -> None:
    assert "\nopen to the world  by a load balancer\n" in told
    assert "  c.bicycle.shop    https://c.bicycle.shop.bicyclecity.example\n" in told
    assert "\nidle cost  " in told
    assert "  Atlas M10 for event-stores " in told
    assert "\nwarning: services/shop/bicycle/blossm.yaml:" in told.rpartition("\nidle cost")[2]


def test_what_is_protected_and_that_no_rule_is_broken_is_told(told: str) -> None:
    protected = told.partition("\nprotected from deletion\n")[2].partition("\n\n")[0].splitlines()
    assert "  event store        shop.bicycle, shop.wheel, staff.garage, staff.mechanic" in protected
    assert "  Cloud Run service  event-store-shop, event-store-staff" in protected
    assert "  cluster            events" in protected
    assert told.endswith("\nno rule of policy is broken\n")


def test_a_procedure_is_a_line_with_what_it_runs_on_and_who_calls_it(prod: Plan) -> None:
    lines = lines_of(prod, width=100)
    shop = lines[lines.index("service shop") :]
    assert shop[:8] == [
        "service shop",
        "  event store   bicycle, wheel  1–3 × 1 CPU 512Mi   ← 8 callers",
        "  domain bicycle",
        "    command     paint           1–7 × 2 CPU 1Gi     ← repaint, the dispatcher, c.bicycle.shop",
        "    command     register        0–100 × 1 CPU 256Mi ← c.bicycle.shop",
        "    command     repaint         0–100 × 1 CPU 256Mi ← paint, the dispatcher",
        "    fact        owner           0–100 × 1 CPU 256Mi",
        "    gateway     c.bicycle.shop  0–100 × 1 CPU 256Mi ← the world",
    ]
    assert "  view store    bicycles        0–100 × 1 CPU 256Mi ← v.garage, its projection" in lines


def test_all_else_is_counted_below_its_heading(prod: Plan) -> None:
    lines = lines_of(prod, width=100)
    assert lines[-2] == "foundation"
    assert "APIs" in lines[-1]
    assert "1 DNS zone" in lines[-1]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_tree_keeps_to_the_width_of_the_terminal(prod: Plan, width: int) -> None:
    assert [line for line in lines_of(prod, width=width) if len(line) > width] == []


def test_in_full_every_resource_and_every_caller_is_named(prod: Plan) -> None:
    lines = "\n".join(lines_of(prod, width=80, full=True))
    assert [resource.name for resource in prod.resources if resource.custom and f" {resource.name}  " not in lines] == []
    assert "← shop.bicycle.paint, shop.bicycle.register, shop.bicycle.repaint, " in lines
    assert "event-store-shop  gcp:cloudrunv2/service:Service" in lines


def test_the_same_is_there_as_data(document: dict[str, Any]) -> None:
    assert (document["network"], document["stack"], document["environment"]) == ("bicyclecity.example", "dev", "development")
    assert document["hosts"]["c.bicycle.shop"] == "c.bicycle.shop.dev.bicyclecity.example"
    assert document["kinds"]["projection"] == 2
    assert document["resources"]["gcp:pubsub/topic:Topic"] == 2
    assert document["event_stores"]["shop.bicycle"] == {"retired": False}
    assert document["idle_cost"]["usd_a_month"] < 2
    assert document["tree"]["children"][0]["type"] == "blossm:infra:Network"
    [paint] = [one for one in document["procedures"] if one["address"] == "shop.bicycle.paint"]
    assert paint == {
        "kind": "command",
        "address": "shop.bicycle.paint",
        "name": "command-shop-bicycle-paint",
        "min_instances": 0,
        "max_instances": 3,
        "cpu": "1",
        "memory": "256Mi",
        "host": None,
        "callers": ["command-gateway/c.bicycle.shop"],
    }


def test_the_manual_names_every_key_of_the_document(document: dict[str, Any]) -> None:
    items = [line for line in sections(page("docs/cli.md"))["`blossm plan`"].splitlines() if line.startswith("- ")]
    assert [key for item in items for key in quoted(item.partition(":")[0])] == list(document)


def test_a_stack_that_is_not_there_names_those_that_are() -> None:
    done = run("qa")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("its stacks are dev, prod, sandbox, staging\n")
    assert done.err.startswith("error: no Pulumi.qa.yaml in ")


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    done = run("dev", folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "no Pulumi.yaml in" in done.err


def project(folder: Path, *, program: str, settings: str = "") -> Path:
    """A project of its own over the example's network."""
    (folder / "Pulumi.yaml").write_text("name: city\nruntime: python\n")
    (folder / "__main__.py").write_text(program)
    config = (ROOT / "Pulumi.dev.yaml").read_text().replace("examples/bicycle_city", str(CITY))
    (folder / "Pulumi.dev.yaml").write_text(config + settings)
    return folder


def test_a_mistake_in_the_settings_is_a_finding(tmp_path: Path) -> None:
    program = (ROOT / "infra" / "__main__.py").read_text()
    done = run("dev", folder=project(tmp_path, program=program, settings="  blossm:shape: huge\n"))
    assert (done.code, done.out) == (1, "")
    assert "`blossm:shape` is 'huge'; it takes `free`, `small` or `full`" in done.err
    assert done.err.startswith("error: Pulumi.dev.yaml:")


OPEN = """
import pulumi_gcp.cloudrunv2 as cloudrunv2
cloudrunv2.ServiceIamMember("open", name="command-shop-bicycle-paint", role="roles/run.invoker", member="allUsers")
"""


def test_what_breaks_a_rule_of_policy_is_shown_with_the_plan_and_is_exit_code_1(tmp_path: Path) -> None:
    """Also what the network's own components did not make."""
    done = run("dev", folder=project(tmp_path, program=(ROOT / "infra" / "__main__.py").read_text() + OPEN))
    assert done.code == 1
    assert "service shop" in done.out
    assert "  gcp:cloudrunv2/serviceIamMember:ServiceIamMember open\nhelp: " in done.out.rpartition("\nerror[BP")[2]


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("def (\n", "the program failed: SyntaxError: invalid syntax\n  __main__.py:1 in <module>: def ("),
        (
            "def ring():\n    {}['bell']\n\nring()\n",
            "KeyError: 'bell'\n  __main__.py:4 in <module>: ring()\n  __main__.py:2 in ring: ",
        ),
        ("import bells\n", "ModuleNotFoundError: No module named 'bells'\n  __main__.py:1 in <module>: import bells\n"),
        (
            "import pulumi_gcp.pubsub as pubsub\npubsub.Topic('bells', nmae='bells')\n",
            "unexpected keyword argument 'nmae'\n  __main__.py:2 in <module>: pubsub.Topic(",
        ),
        ("import pulumi\npulumi.Output.from_input(1).apply(lambda one: one / 0)\n", "ZeroDivisionError: division by zero\n"),
        ("raise SystemExit(3)\n", "the program ended before its end, with exit code 3\n  __main__.py:1 in <module>"),
    ],
)
def test_an_error_of_the_program_is_told_by_the_lines_of_its_own_files(tmp_path: Path, program: str, told: str) -> None:
    done = run("dev", folder=project(tmp_path, program=program))
    assert (done.code, done.out) == (1, "")
    assert told in done.err
    assert "Traceback" not in done.err
    assert "site-packages" not in done.err


def test_a_program_that_asks_the_cloud_is_told_that_a_plan_can_not(tmp_path: Path) -> None:
    program = "import pulumi_gcp.compute as compute\ncompute.get_zones(region='europe-west1')\n"
    done = run("dev", folder=project(tmp_path, program=program))
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: the program asks gcp:compute/getZones:getZones, and a plan reaches no cloud that could answer\n"
        "help: `pulumi preview --stack dev` asks it, and `pulumi up --stack dev` deploys\n"
    )


def test_an_error_of_blossm_infra_itself_keeps_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(AttributeError, match="'int' object has no attribute 'model'"):
        run("dev", folder=project(tmp_path, program="from blossm_infra import Network\nNetwork('city', 3)\n"))


def test_what_a_program_prints_does_not_get_into_the_document(tmp_path: Path) -> None:
    done = run("dev", "--json", folder=project(tmp_path, program="print('hallo')\n"))
    assert json.loads(done.out)["network"] == "city"
    assert done.err == "hallo\n"


def test_without_the_extra_one_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def without_pulumi(name: str) -> ModuleSpec | None:
        return None if name.startswith("pulumi") else find(name)

    monkeypatch.setattr("blossm.cli.cloud.proposal.find_spec", without_pulumi)
    done = run("dev")
    assert (done.code, done.err) == (2, "error: this needs Pulumi's SDK\nhelp: pip install 'blossm[infra]'\n")
