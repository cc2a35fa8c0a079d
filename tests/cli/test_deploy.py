"""`blossm deploy` and `blossm destroy`, with a `pulumi` that only writes down how it was called."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.cloud import ROOT, Cloud, cloud, tell

OPEN = """
import pulumi_gcp.cloudrunv2 as cloudrunv2
cloudrunv2.ServiceIamMember("open", name="command-town-visitor-greet", role="roles/run.invoker", member="allUsers")
"""
STORES = {"town.visitor": {"retired": False}}


@pytest.fixture
def hello(tmp_path: Path) -> Cloud:
    return cloud(tmp_path, event_stores=STORES)


def test_deploy_says_what_the_stack_would_be_and_goes_on_as_pulumi_up(hello: Cloud) -> None:
    done = hello.blossm("deploy", "dev", "--yes", "--", "--refresh", "--message", "a new greeting", FAKE_CODE="42")
    assert hello.calls() == [["up", "--yes", "--stack", "dev", "--refresh", "--message", "a new greeting"]]
    assert done.returncode == 42
    assert done.stderr.startswith("hello.example in stack dev: development, shape free\n")
    assert "6 procedures" in done.stderr
    assert "idle cost" in done.stderr
    assert done.stdout == ""


def test_deploy_shows_what_would_change_and_asks_nobody(hello: Cloud) -> None:
    assert hello.blossm("deploy", "dev", "--preview").returncode == 0
    assert hello.calls() == [["preview", "--stack", "dev"]]


def test_pulumi_asks_at_the_terminal_itself(hello: Cloud) -> None:
    ours, its = os.openpty()
    command = hello.command("deploy", "dev")
    with subprocess.Popen(command, cwd=hello.folder, env=hello.environment, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        said = b""
        while b"Do you want to perform this update?" not in said:
            said += os.read(ours, 4096)
        os.write(ours, b"yes\n")
        while b"answered yes" not in said:
            said += os.read(ours, 4096)
        assert process.wait(timeout=30) == 0
    os.close(ours)
    assert hello.calls() == [["up", "--stack", "dev"]]


def test_ctrl_c_reaches_pulumi_once_and_its_exit_code_is_kept(hello: Cloud) -> None:
    command = hello.command("deploy", "dev", "--yes")
    environment = {**hello.environment, "FAKE_WAITS": "yes"}
    with subprocess.Popen(command, cwd=hello.folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "updating\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 77


def test_a_network_with_problems_is_told_as_check_tells_it_and_pulumi_is_not_called(hello: Cloud) -> None:
    hello.change("network/blossm.yaml", "actions: [greeted]", "actoins: [greeted]")
    done = hello.refused("deploy", "dev", "--yes")
    assert done.code == 1
    assert "error[B104]: unknown key `actoins`" in done.err
    assert "did you mean `actions`?" in done.err


def test_a_setting_that_is_off_is_told_with_its_line(hello: Cloud) -> None:
    hello.change("Pulumi.dev.yaml", "blossm:network", "blossm:shape: huge\n  blossm:network")
    done = hello.refused("deploy", "dev", "--yes")
    assert done.code == 1
    assert "Pulumi.dev.yaml:4: `blossm:shape` is 'huge'" in done.err


def test_what_breaks_a_rule_of_policy_is_not_deployed(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.mkdir()
    (program / "__main__.py").write_text((ROOT / "infra" / "__main__.py").read_text() + OPEN)
    done = cloud(tmp_path, main=program).refused("deploy", "dev", "--yes")
    assert done.code == 1
    assert "error[BP101]: allUsers has roles/run.invoker\n" in done.err


def test_where_nobody_can_be_asked_that_is_said_first(hello: Cloud) -> None:
    for verb in ("deploy", "destroy"):
        done = hello.refused(verb, "dev")
        assert done.code == 2
        assert done.err == (
            "error: pulumi asks before it changes anything, and there is no terminal to ask at\nhelp: pass --yes\n"
        )


def test_a_missing_cli_is_one_message_with_the_next_step(hello: Cloud) -> None:
    Path(hello.environment["PATH"].partition(":")[0], "pulumi").unlink()
    done = hello.refused("deploy", "dev", "--yes")
    assert done.code == 2
    assert done.err == (
        "error: there is no `pulumi` on the PATH\nhelp: https://www.pulumi.com/docs/install; `blossm plan` does without\n"
    )


@pytest.mark.parametrize(
    ("said", "message", "step"),
    [
        (
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
            "pulumi is not logged in",
            "`pulumi login gs://BUCKET`",
        ),
        ("error: no stack named 'dev' found", "there is no stack `dev`", "`pulumi stack init dev`"),
        ("error: unable to open state directory", "pulumi can't read its state: unable to open", "`pulumi login gs://BUCKET`"),
    ],
)
def test_what_keeps_pulumi_from_its_state_is_told_before_any_work(hello: Cloud, said: str, message: str, step: str) -> None:
    for verb in ("deploy", "destroy"):
        done = hello.refused(verb, "dev", "--yes", FAKE_SAYS=said, FAKE_OUTPUT_CODE="6")
        assert done.code == 2
        error, help = done.err.splitlines()
        assert error.startswith(f"error: {message}")
        assert help.startswith(f"help: {step}")


def test_a_passphrase_that_nobody_can_be_asked_for_is_missed(hello: Cloud) -> None:
    stack = hello.folder / "Pulumi.dev.yaml"
    stack.write_text(f"encryptionsalt: v1:abcdefgh:v1:ijklmnop:qrstuvwx\n{stack.read_text()}")
    done = hello.refused("deploy", "dev", "--yes")
    assert done.code == 2
    assert "Pulumi.dev.yaml has secrets that are encrypted with a passphrase, and it is not set" in done.err
    assert "help: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE" in done.err
    assert hello.blossm("destroy", "dev", "--yes", PULUMI_CONFIG_PASSPHRASE="").returncode == 0


def test_a_stack_without_a_file_names_those_that_have_one(hello: Cloud) -> None:
    done = hello.refused("deploy", "qa", "--yes")
    assert done.code == 2
    assert done.err.endswith("its stacks are dev, prod\n")


def test_a_folder_without_a_project_is_told(hello: Cloud) -> None:
    done = tell("deploy", "dev", "--yes", folder=Path("/"), environment=hello.environment)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: no Pulumi.yaml in / or above")


def test_a_project_whose_virtualenv_is_not_there_is_told_how_to_make_it(hello: Cloud) -> None:
    hello.change("Pulumi.yaml", sys.prefix, ".venv")
    done = hello.refused("deploy", "dev", "--yes")
    assert done.code == 2
    error, help = done.err.splitlines()
    assert error == f"error: Pulumi.yaml: `virtualenv` names {hello.folder}/.venv, and there is no Python in it"
    assert help == f"help: python3 -m venv {hello.folder}/.venv && {hello.folder}/.venv/bin/pip install 'blossm[infra]'"


def test_a_python_without_blossm_is_told_what_to_install(hello: Cloud) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", hello.folder / ".venv"], check=True, timeout=60)
    hello.change("Pulumi.yaml", sys.prefix, ".venv")
    done = hello.refused("deploy", "dev", "--yes")
    assert done.code == 2
    assert f"the Python in {hello.folder}/.venv has no blossm_infra" in done.err
    assert f"help: {hello.folder}/.venv/bin/python -m pip install 'blossm[infra]'" in done.err


def test_destroy_names_what_would_be_lost_for_ever(hello: Cloud) -> None:
    done = hello.blossm("destroy", "dev", "--yes", "--", "--remove", FAKE_CODE="3")
    assert hello.calls() == [["destroy", "--yes", "--stack", "dev", "--remove"]]
    assert done.returncode == 3
    assert done.stderr == (
        "This deletes stack `dev`, with everything that was logged in this event store, for ever:\n  town.visitor\n\n"
    )


def test_a_stack_that_keeps_its_event_stores_is_not_destroyed_and_pulumi_is_not_called(hello: Cloud) -> None:
    done = hello.refused("destroy", "prod", "--yes")
    assert done.code == 1
    assert done.err.startswith("error: stack `prod` keeps its event stores: production always does\nhelp: docs/infra/safety.md")
    hello.change("Pulumi.dev.yaml", "blossm:network", "blossm:protect: true\n  blossm:network")
    done = hello.refused("destroy", "dev", "--yes")
    assert done.code == 1
    assert done.err.startswith("error: stack `dev` keeps its event stores: `blossm:protect` in Pulumi.dev.yaml")
