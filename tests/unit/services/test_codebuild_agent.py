"""The scripts that run in a build's container, run here by the shells themselves."""

import io
import shutil
import subprocess
import tarfile

import pytest

from trunkline.services.codebuild import agent
from trunkline.services.codebuild.buildspec import parse
from trunkline.services.codebuild.outputs import _progress


class Machine:
    """A folder in place of the container's root."""

    def __init__(self, root, shell):
        self.root, self.shell = root, shell

    def run(self, buildspec, **environment):
        spec = parse(f"version: 0.2\nenv: {{shell: {self.shell}, exported-variables: [OUT]}}\nphases:\n{buildspec}")
        shutil.rmtree(self.root / "codebuild", ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(agent.scripts(spec))) as archive:
            for member in archive:
                text = archive.extractfile(member).read().decode()
                path = self.root / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text.replace("/codebuild/", f"{self.root}/codebuild/"))
        done = subprocess.run(
            ["/bin/sh", str(self.root / "codebuild/agent/run")], check=False, capture_output=True, text=True,
            env={"PATH": "/usr/bin:/bin", **environment}, timeout=20,
        )  # fmt: skip
        self.code = done.returncode
        self.errors = done.stderr
        self.lines = [line for line in done.stdout.splitlines() if not line.startswith("[Container]")]
        self.told = [line for line in done.stdout.splitlines() if line.startswith("[Container]")]
        progress = _progress((self.root / "codebuild/out/phases").read_text())
        self.phases = {line.phase: (line.status, line.code, line.command) for line in progress}
        return self

    def exported(self):
        return (self.root / "codebuild/out/exported/OUT").read_text()


@pytest.fixture(params=["sh", "bash"])
def machine(request, tmp_path):
    return Machine(tmp_path, request.param)


OK = ("SUCCEEDED", 0)


def test_phases_follow_one_another_and_say_what_they_do(machine):
    done = machine.run("  build: {commands: [echo one, echo two]}\n  install: {commands: [echo zero]}")
    assert done.lines == ["zero", "one", "two"]
    assert list(done.phases) == ["INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"]
    assert all(phase[:2] == OK for phase in done.phases.values())
    assert done.code == 0
    assert any("Running command echo one" in line for line in done.told)
    assert any("Phase complete: BUILD State: SUCCEEDED" in line for line in done.told)


def test_variables_and_the_working_directory_are_carried_over(machine):
    done = machine.run(
        """
  install: {commands: ['export A="two  words"', 'B=not-exported', 'mkdir -p sub && cd sub', 'export Q="it''s $A"']}
  build: {commands: ['echo "$A|${B-unset}|$Q|$(basename "$PWD")"']}
"""
    )
    assert done.lines == ["two  words|unset|it's two  words|sub"]


def test_commands_of_a_phase_share_one_shell(machine):
    done = machine.run("  build: {commands: [X=1, 'f() { echo f$X; }', f, 'cd /', pwd]}")
    assert done.lines == ["f1", "/"]


def test_values_of_any_kind_survive_and_are_exported(machine):
    value = "a'b\"c$d`e\\f\n  g=h é"
    done = machine.run("  install: {commands: ['export OUT=\"$GIVEN\"']}\n  build: {commands: ['true']}", GIVEN=value)
    assert done.code == 0, done.errors
    assert done.exported() == value


def test_a_variable_that_was_never_set_is_exported_empty(machine):
    assert machine.run("  build: {commands: ['true']}").exported() == ""


def test_exit_in_the_middle_ends_its_phase_with_its_code(machine):
    done = machine.run("  build: {commands: [echo a, exit 7, echo never]}\n  post_build: {commands: [echo after]}")
    assert done.lines == ["a", "after"]
    assert done.phases["BUILD"] == ("FAILED", 7, 2)
    assert done.phases["POST_BUILD"][:2] == OK
    assert done.code == 1


def test_exit_zero_ends_a_phase_that_succeeded(machine):
    done = machine.run("  build: {commands: [exit 0, echo never]}")
    assert (done.lines, done.phases["BUILD"][:2], done.code) == ([], OK, 0)


def test_a_failed_command_ends_its_phase_but_a_tested_one_does_not(machine):
    done = machine.run("  build: {commands: ['false || true', 'if false; then :; fi', 'sh -c \"exit 3\"', echo never]}")
    assert done.lines == []
    assert done.phases["BUILD"] == ("FAILED", 3, 3)


def test_a_failed_install_skips_everything_after_it(machine):
    done = machine.run(
        "  install: {commands: ['false']}\n  build: {commands: [echo no]}\n  post_build: {commands: [echo no]}"
    )
    assert list(done.phases) == ["INSTALL"]
    assert done.lines == []


def test_on_failure_continue_goes_on(machine):
    done = machine.run(
        """
  pre_build: {commands: ['false'], on-failure: CONTINUE}
  build: {commands: ['echo on $CODEBUILD_BUILD_SUCCEEDING']}
"""
    )
    assert done.lines == ["on 0"]
    assert done.phases["PRE_BUILD"][0] == "FAILED"
    assert done.phases["BUILD"][0] == "SUCCEEDED"


def test_finally_runs_whatever_became_of_the_commands(machine):
    done = machine.run("  build: {commands: [exit 4], finally: [echo cleaned, 'false']}")
    assert done.lines == ["cleaned"]
    assert done.phases["BUILD"] == ("FAILED", 4, 1)
    done = machine.run("  build: {commands: ['true'], finally: [echo cleaned, exit 5]}")
    assert done.lines == ["cleaned"]
    assert done.phases["BUILD"] == ("FAILED", 5, -1)


def test_the_build_knows_whether_it_succeeds_so_far(machine):
    done = machine.run(
        "  build: {commands: ['echo $CODEBUILD_BUILD_SUCCEEDING', 'false']}\n"
        "  post_build: {commands: ['echo $CODEBUILD_BUILD_SUCCEEDING']}"
    )
    assert done.lines == ["1", "0"]


def test_commands_of_several_lines_and_here_documents(machine):
    done = machine.run(
        """
  build:
    commands:
      - |
        for n in 1 2; do
          echo "n$n"
        done
      - |
        cat <<EOF
        $((1 + 2))
        EOF
      - echo 100% '%s' \\\\n
"""
    )
    written = [line for line in done.lines if line in ("n1", "n2", "3") or line.startswith("100% %s")]
    assert len(written) == 4, done.lines  # the other lines are the commands themselves


def test_a_command_that_does_not_parse_fails_its_phase_only(machine):
    done = machine.run("  build: {commands: ['if true; then']}\n  post_build: {commands: [echo after]}")
    assert done.phases["BUILD"][0] == "FAILED"
    assert done.lines[-1] == "after"


def test_set_e_and_a_trap_of_the_user_do_no_harm(machine):
    done = machine.run(
        "  install: {commands: ['set -e', 'export A=1']}\n  build: {commands: ['set -u', 'echo $A', 'trap - EXIT']}\n"
        "  post_build: {commands: ['echo still $A']}"
    )
    assert done.lines == ["1", "still 1"], done.errors
    assert done.code == 0
