"""The Pulumi program of this repo: `examples/bicycle_city`, in its four stacks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pulumi
import pytest

from blossm.model.edges import edges
from blossm.model.load import load
from blossm.model.network import Network
from blossm_infra.deployed import home
from blossm_infra.naming import service_name
from blossm_infra.preview import Plan, preview_project
from blossm_infra.project import NoProject, read_project
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


def test_each_stack_has_a_service_per_procedure_and_one_per_log(plan: Plan, city: Network) -> None:
    others = [procedure for procedure in city.procedures() if procedure.kind != "event-store"]
    logs = {store.service for store in city.event_stores.values()}
    assert plan.counts()[SERVICE] == len(others) + len(logs)
    assert plan.counts()["gcp:serviceaccount/account:Account"] == len(others) + len(logs) + 1  # and Pub/Sub's
    assert plan.counts()["gcp:pubsub/topic:Topic"] == len(logs)


def test_each_stack_has_a_subscription_per_projection_and_log_it_listens_to(plan: Plan, city: Network) -> None:
    heard = sum(len({store.split(".")[0] for store in projection.events}) for projection in city.projections.values())
    assert plan.counts()["gcp:pubsub/subscription:Subscription"] == heard > 0


def test_each_stack_binds_along_the_models_edges_and_pubsub_to_projections(plan: Plan, city: Network) -> None:
    named = {f"{service_name(home(e.callee))}-from-{service_name(home(e.caller))}" for e in edges(city)}
    pushed = {f"{service_name(projection.ref)}-from-push-wake-ups" for projection in city.projections.values()}
    assert {binding.name for binding in plan.of(BINDING)} == named | pushed


def test_each_stack_tells_the_hosts_of_its_environment(plan: Plan, city: Network) -> None:
    assert plan.outputs["hosts"] == {gateway.address: gateway.host for gateway in city.gateways()}
    assert all(host.endswith(city.host) for host in plan.outputs["hosts"].values())


def test_production_keeps_its_event_stores_awake_and_protected(plan: Plan, stack: str) -> None:
    stores = [service for service in plan.of(SERVICE) if service.inputs["labels"]["kind"] == "event-store"]
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
    assert str(refused.value).startswith("city is no valid network; nothing was registered\n\nblossm.yaml:2:1: error[B")
    assert "unknown key `titel`" in str(refused.value)


def test_a_folder_without_a_network_is_told_by_the_setting_that_names_it(tmp_path: Path) -> None:
    _project(tmp_path)
    with pytest.raises(pulumi.RunError, match=r"^Pulumi.dev.yaml: `blossm:network` is 'city', and there is no blossm.yaml in"):
        preview_project(read_project(tmp_path, stack="dev"), stack="dev")


def test_a_stack_file_that_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    _project(tmp_path)
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  blossm:network: [\n")
    with pytest.raises(pulumi.RunError, match=r"^Pulumi.dev.yaml:3:1: error\[B002\]"):
        read_project(tmp_path, stack="dev")


def test_a_project_without_a_program_is_told(tmp_path: Path) -> None:
    _project(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: city\nruntime: python\nmain: nowhere\n")
    with pytest.raises(NoProject, match=r"^Pulumi.yaml: there is no program in .*nowhere: `main` names the folder"):
        read_project(tmp_path, stack="dev")


def test_values_of_a_stack_file_reach_the_program_as_text(tmp_path: Path) -> None:
    _project(tmp_path)
    values = "config:\n  a:text: x\n  a:flag: true\n  a:list: [1, b]\n  a:key:\n    secure: v1:abc\n"
    (tmp_path / "Pulumi.dev.yaml").write_text(values)
    config = read_project(tmp_path, stack="dev").config
    assert config == {"a:text": "x", "a:flag": "true", "a:list": '[1, "b"]', "a:key": "[secret]"}


def test_the_networks_folder_is_looked_for_from_the_projects_root() -> None:
    settings = settings_of(read_project(ROOT, stack="dev").config, stack="dev")
    assert network_folder(settings).name == "bicycle_city"


def _project(folder: Path) -> None:
    (folder / "city").mkdir()
    (folder / "Pulumi.yaml").write_text(f"name: city\nruntime: python\nmain: {ROOT / 'infra'}\n")
    settings = "gcp:project: city-dev\n  gcp:region: europe-west1\n  blossm:network: city\n  blossm:image: example.org/city"
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n  {settings}\n")
