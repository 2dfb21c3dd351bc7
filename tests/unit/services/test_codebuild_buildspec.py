"""The buildspec: what it says, and one sentence for what is wrong with it."""

import pytest

from trunkline.services.codebuild.buildspec import BuildspecError, parse

WHOLE = """
version: 0.2
env:
  shell: bash
  variables: {PORT: 8080, YES: yes, EMPTY: ""}
  parameter-store: {DB: /app/db}
  secrets-manager: {TOKEN: "app:token"}
  exported-variables: [TAG]
phases:
  install:
    runtime-versions: {python: 3.11}
    commands: echo one
  build:
    on-failure: CONTINUE
    commands:
      - |
        if true; then
          echo 1.10
        fi
      - 42
    finally: [echo end]
reports:
  unit: {files: ["**/*.xml"], base-directory: out, discard-paths: yes}
artifacts:
  files: [a, "b/**/*"]
  exclude-paths: b/secret
  name: app-$(date +%Y)
  secondary-artifacts:
    docs: {files: docs/*, base-directory: site}
"""


def test_everything_means_what_is_written():
    spec = parse(WHOLE)
    assert spec.shell == "bash"
    assert spec.variables == {"PORT": "8080", "YES": "yes", "EMPTY": ""}
    assert (spec.parameter_store, spec.secrets_manager) == ({"DB": "/app/db"}, {"TOKEN": "app:token"})
    assert spec.exported == ["TAG"]
    assert spec.phases["install"].commands == ["echo one"]
    build = spec.phases["build"]
    assert (build.commands[1], build.finally_, build.on_failure) == ("42", ["echo end"], "CONTINUE")
    assert "echo 1.10" in build.commands[0]
    assert spec.reports["unit"].discard_paths
    assert spec.artifacts is not None
    assert spec.artifacts.files == ["a", "b/**/*"]
    assert spec.artifacts.exclude == ["b/secret"]
    assert spec.secondary_artifacts["docs"].files == ["docs/*"]


def test_json_is_read_too():
    assert parse('{"version": 0.2, "phases": {"build": {"commands": ["ls"]}}}').phases["build"].commands == ["ls"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must be a mapping"),
        ("- a\n- b", "must be a mapping"),
        ("version: 0.2\nphases:\n  build: {commands: [a\n  x: y", "does not parse at line"),
        ("version: 0.2\nphases:\n\t- a", "does not parse at line 3"),
        ("version: 0.2\nphases: &a [*a]", "does not parse at line 2"),
        ("phases: {build: {commands: [ls]}}", "version must be 0.2, not missing"),
        ("version: 0.3\nphases: {build: {commands: [ls]}}", "version must be 0.2, not 0.3"),
        ("version: 0.2", "has no phases"),
        ("version: 0.2\nphases: []", "phases must be a mapping"),
        ("version: 0.2\nphases: {deploy: {commands: [ls]}}", "unknown phase: deploy"),
        ("version: 0.2\nphases: {build: ls}", "phases.build must be a mapping"),
        ("version: 0.2\nphases: {build: {commands: {a: b}}}", "phases.build.commands must be a list of texts"),
        ("version: 0.2\nphases: {build: {commands: [[a]]}}", "phases.build.commands must be a list of texts"),
        ("version: 0.2\nphases: {build: {commands: [a], on-failure: RETRY}}", "must be ABORT or CONTINUE, not RETRY"),
        ("version: 0.2\nphase: {}", "unknown section: phase"),
        ("version: 0.2\nbatch: {fast-fail: true}\nphases: {build: {commands: [a]}}", "section batch is not supported"),
        ("version: 0.2\nrun-as: me\nphases: {build: {commands: [a]}}", "section run-as is not supported"),
        ("version: 0.2\nenv: {shell: powershell.exe}\nphases: {build: {commands: [a]}}", "use sh or bash"),
        ("version: 0.2\nenv: {variables: [a]}\nphases: {build: {commands: [a]}}", "env.variables must be a mapping"),
        ("version: 0.2\nenv: {variables: {A: [b]}}\nphases: {build: {commands: [a]}}", "env.variables.A must be text"),
        ("version: 0.2\nphases: {build: {commands: [a]}}\nartifacts: {name: x}", "artifacts names no files"),
        ("version: 0.2\nphases: {build: {commands: [a]}}\nreports: {u: {}}", "reports.u names no files"),
        (
            "version: 0.2\nphases: {build: {commands: [a]}}\nreports: {u: {files: x, file-format: COBERTURAXML}}",
            "format COBERTURAXML, which Trunkline does not read",
        ),
        ("version: 0.2\nphases: !!python/object/apply:os.system [ls]", "does not parse"),
        ("version: 0.2\n? [a]\n: b\nphases: {build: {commands: [a]}}", "does not parse"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text, says):
    with pytest.raises(BuildspecError) as caught:
        parse(text)
    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert "<" not in message


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " * 3000, "version: 0.2\nphases: " + "{a: " * 20_000])
def test_what_is_nested_too_deeply_is_refused_and_nothing_breaks(text):
    with pytest.raises(BuildspecError):
        parse(text)
