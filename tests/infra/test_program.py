"""The Pulumi program of this repo: `examples/bicycle_city`, in its four stacks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest

from blossm.model.edges import edges
from blossm.model.load import load
from blossm.model.network import Network
from blossm_infra.deployed import dispatched, dispatching, home
from blossm_infra.naming import service_name
from blossm_infra.preview import Plan, preview_project
from blossm_infra.project import SECRET, NoProject, read_project
from blossm_infra.settings import STACKS, network_folder, settings_of

ROOT = Path(__file__).parents[2]
SERVICE = "gcp:cloudrunv2/service:Service"
BINDING = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"


@pytest.fixture(scope="module", params=list(STACKS))
def stack(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def plan(stack: str) -> Plan:
    return preview_project(read_project(ROOT, stack=stack), stack=stack)


@pytest.fixture(scope="module")
def city(stack: str) -> Network:
    return load(ROOT / "examples" / "bicycle_city", environment=STACKS[stack])


def test_the_program_fits_on_a_screen() -> None:
    assert len((ROOT / "infra" / "__main__.py").read_text().splitlines()) < 20


def test_each_stack_has_a_service_per_procedure_one_per_log_and_the_dispatcher(plan: Plan, city: Network) -> None:
    others = [procedure for procedure in city.procedures() if procedure.kind != "event-store"]
    logs = {store.service for store in city.event_stores.values()}
    assert plan.counts()[SERVICE] == len(others) + len(logs) + 1
    assert plan.counts()["gcp:pubsub/topic:Topic"] == len(logs)


def test_each_stack_has_a_subscription_per_listener_and_log_it_listens_to(plan: Plan, city: Network) -> None:
    heard = sum(len({store.split(".")[0] for store in projection.events}) for projection in city.projections.values())
    later = len({store.partition(".")[0] for store in dispatching(city)})  # the dispatcher listens too
    assert plan.counts()["gcp:pubsub/subscription:Subscription"] == heard + later > 0


def test_each_stack_binds_along_the_models_edges_and_google_at_what_it_calls(plan: Plan, city: Network) -> None:
    named = {f"{service_name(home(e.callee))}-from-{service_name(home(e.caller))}" for e in edges(city)}
    pushed = {f"{service_name(projection.ref)}-from-push-wake-ups" for projection in city.projections.values()}
    later = {f"{service_name(ref)}-from-dispatcher" for ref in dispatched(city)}
    google = {"dispatcher-from-call-later", "dispatcher-from-push-wake-ups"}
    assert {binding.name for binding in plan.of(BINDING)} == named | pushed | later | google


def test_each_stack_tells_the_hosts_of_its_environment(plan: Plan, city: Network) -> None:
    assert plan.outputs["hosts"] == {gateway.address: gateway.host for gateway in city.gateways()}
    assert all(host.endswith(city.host) for host in plan.outputs["hosts"].values())


def test_production_keeps_its_event_stores_awake_and_protected(plan: Plan, stack: str) -> None:
    stores = [service for service in plan.of(SERVICE) if service.inputs["labels"].get("kind") == "event-store"]
    kept = {service.inputs["template"]["scaling"]["minInstanceCount"] for service in stores}
    assert kept == ({1} if stack == "prod" else {0})
    assert {service.inputs["deletionProtection"] for service in stores} == {stack == "prod"}


def test_importing_the_program_does_not_load_the_largest_of_googles_packages() -> None:
    """`pulumi_gcp` puts all its packages into sys.modules, unloaded; one that is loaded brings its own modules."""
    code = "import blossm_infra.preview, sys; print([m for m in sys.modules if m.startswith('pulumi_gcp.compute.')])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_network_that_is_not_valid_registers_nothing_and_says_why(tmp_path: Path) -> None:
    _project(tmp_path)
    (tmp_path / "city" / "blossm.yaml").write_text("network: city.example\ntitel: City\n")
    with pytest.raises(pulumi.RunError) as refused:
        preview_project(read_project(tmp_path, stack="dev"), stack="dev")
    assert str(refused.value).startswith("the network in `city` is not valid; nothing was registered\n\nblossm.yaml:2:1: error[B")
    assert "unknown key `titel`" in str(refused.value)


def test_what_only_check_finds_is_refused_too(tmp_path: Path) -> None:
    """A contract that was committed and then left behind: the network runs, but those who read the contract don't know it."""
    _project(tmp_path)
    city = tmp_path / "city"
    shutil.copytree(ROOT / "examples" / "hello", city, dirs_exist_ok=True)
    subprocess.run([sys.executable, "-m", "blossm", "proto", str(city)], check=True, capture_output=True)
    written = (city / "blossm.yaml").read_text()
    (city / "blossm.yaml").write_text(written.replace("{greeting: string}", "{greeting: string, name: string}"))
    with pytest.raises(pulumi.RunError, match=r"(?s)is not valid; nothing was registered.*error\[B7"):
        preview_project(read_project(tmp_path, stack="dev"), stack="dev")


def test_a_folder_without_a_network_is_told_by_the_setting_that_names_it(tmp_path: Path) -> None:
    _project(tmp_path)
    with pytest.raises(pulumi.RunError, match=r"^Pulumi.dev.yaml:4: `blossm:network` is 'city', and there is no blossm.yaml in"):
        preview_project(read_project(tmp_path, stack="dev"), stack="dev")


def test_a_stack_file_that_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    _project(tmp_path)
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  blossm:network: [\n")
    with pytest.raises(pulumi.RunError, match=r"^Pulumi.dev.yaml can't be read\n\nPulumi.dev.yaml:3:1: error\[B002\]"):
        read_project(tmp_path, stack="dev")


def test_a_project_without_a_program_is_told(tmp_path: Path) -> None:
    _project(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: city\nruntime: python\nmain: nowhere\n")
    with pytest.raises(NoProject, match=r"^Pulumi.yaml: there is no program in .*nowhere: `main` names the folder"):
        read_project(tmp_path, stack="dev")


def test_values_of_a_stack_file_reach_the_program_as_the_cli_hands_them_over(tmp_path: Path) -> None:
    _project(tmp_path)
    values = """\
config:
  a:text: x
  a:flag: true
  a:list: [1, b]
  a:nothing:
  a:key:
    secure: v1:abc
  a:inside: {key: {secure: v1:abc}, other: 1}
  own: 5
"""
    (tmp_path / "Pulumi.dev.yaml").write_text(values)
    assert read_project(tmp_path, stack="dev").config == {
        "a:text": "x",
        "a:flag": "true",
        "a:list": '[1, "b"]',
        "a:nothing": "",
        "a:key": SECRET,
        "a:inside": f'{{"key": "{SECRET}", "other": 1}}',
        "city:own": "5",
    }


def test_what_pulumi_yaml_says_holds_for_stacks_that_say_nothing_else(tmp_path: Path) -> None:
    _project(tmp_path)
    defaults = "  gcp:region: us-east1\n  a:b: {value: 1}\n  own: {type: string, default: c}\n  unset: {type: string}\n"
    (tmp_path / "Pulumi.yaml").write_text(f"name: city\nmain: {ROOT / 'infra'}\nconfig:\n{defaults}")
    config = read_project(tmp_path, stack="dev").config
    assert (config["gcp:region"], config["a:b"], config["city:own"]) == ("europe-west1", "1", "c")
    assert "city:unset" not in config


def test_a_mistake_in_the_file_is_told_by_the_program_with_its_line(tmp_path: Path) -> None:
    _project(tmp_path)
    with (tmp_path / "Pulumi.dev.yaml").open("a") as file:
        file.write("  blossm:stores:\n    view-store:\n      tier: M7\n")
    with pytest.raises(
        pulumi.RunError, match=r"^Pulumi.dev.yaml:10: `blossm:stores.view-store.tier` is 'M7'; it takes an Atlas tier"
    ):
        preview_project(read_project(tmp_path, stack="dev"), stack="dev")


def test_a_preview_of_the_repos_stacks_needs_no_secret(plan: Plan, stack: str) -> None:
    warned = [message for message in plan.messages if "`pulumi up` will refuse" in message]
    assert len(warned) == (0 if stack == "prod" else 1)
    assert plan.messages[0].startswith("info: bicyclecity.example (examples/bicycle_city), ")


def test_the_networks_folder_is_looked_for_from_the_projects_root() -> None:
    settings = settings_of(read_project(ROOT, stack="dev").config, stack="dev")
    assert network_folder(settings).name == "bicycle_city"


def _project(folder: Path) -> None:
    (folder / "city").mkdir()
    (folder / "Pulumi.yaml").write_text(f"name: city\nruntime: python\nmain: {ROOT / 'infra'}\n")
    settings = """\
config:
  gcp:project: city-dev
  gcp:region: europe-west1
  blossm:network: city
  blossm:image: example.org/city
  blossm:atlas:
    organization: 0123456789abcdef01234567
"""
    (folder / "Pulumi.dev.yaml").write_text(settings)
