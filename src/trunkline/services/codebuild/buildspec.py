"""The build specification: reading it, and saying in one sentence what is wrong with it.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

from dataclasses import dataclass, field
from typing import Any

from trunkline.core import yaml_text

PHASES = ("install", "pre_build", "build", "post_build")
_TOP = {"version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"}
_FORMATS = {"JUNITXML"}


class BuildspecError(Exception):
    """The specification cannot be used; the message is one sentence."""


@dataclass
class PhaseSpec:
    """The commands of a phase; `finally_` runs whatever became of them."""

    commands: list[str] = field(default_factory=list)
    finally_: list[str] = field(default_factory=list)
    on_failure: str = "ABORT"


@dataclass
class ArtifactSpec:
    """Which files make up an artifact."""

    files: list[str]
    base_directory: str = ""
    discard_paths: bool = False
    exclude: list[str] = field(default_factory=list)
    name: str = ""


@dataclass
class ReportSpec:
    """Which files are a report, in which format."""

    files: list[str]
    base_directory: str = ""
    discard_paths: bool = False
    format: str = "JUNITXML"


@dataclass
class Buildspec:
    """A whole specification."""

    shell: str = "sh"
    variables: dict[str, str] = field(default_factory=dict)
    parameter_store: dict[str, str] = field(default_factory=dict)
    secrets_manager: dict[str, str] = field(default_factory=dict)
    exported: list[str] = field(default_factory=list)
    phases: dict[str, PhaseSpec] = field(default_factory=dict)
    artifacts: ArtifactSpec | None = None
    secondary_artifacts: dict[str, ArtifactSpec] = field(default_factory=dict)
    reports: dict[str, ReportSpec] = field(default_factory=dict)


def parse(text: str) -> Buildspec:
    """Read a specification in YAML (or JSON)."""
    try:
        top = yaml_text.load(text, words=True)
    except yaml_text.YamlError as error:
        where = f" at line {error.line}" if error.line else ""
        raise BuildspecError(f"The buildspec does not parse{where}: {error.problem}.") from error
    if not isinstance(top, dict):
        raise BuildspecError("The buildspec must be a mapping with a version and phases.")
    version = str(top.get("version", ""))
    if version not in ("0.1", "0.2"):
        raise BuildspecError(f"The buildspec's version must be 0.2, not {version or 'missing'}.")
    if unknown := sorted(set(top) - _TOP, key=str):
        raise BuildspecError(f"The buildspec has an unknown section: {unknown[0]}.")
    for refused in ("batch", "proxy", "run-as"):
        if top.get(refused):
            raise BuildspecError(f"The buildspec's section {refused} is not supported by Trunkline.")
    env = _mapping(top.get("env"), "env")
    spec = Buildspec(
        shell=_shell(env.get("shell", "sh")),
        variables=_strings(env.get("variables"), "env.variables"),
        parameter_store=_strings(env.get("parameter-store"), "env.parameter-store"),
        secrets_manager=_strings(env.get("secrets-manager"), "env.secrets-manager"),
        exported=_list(env.get("exported-variables"), "env.exported-variables"),
        phases=_phases(top.get("phases")),
        reports={name: _report(name, body) for name, body in _mapping(top.get("reports"), "reports").items()},
    )
    artifacts = _mapping(top.get("artifacts"), "artifacts")
    if artifacts:
        secondary = _mapping(artifacts.get("secondary-artifacts"), "artifacts.secondary-artifacts")
        spec.secondary_artifacts = {name: _artifact(f"artifacts.{name}", body) for name, body in secondary.items()}
        if "files" in artifacts or not secondary:
            spec.artifacts = _artifact("artifacts", artifacts)
    return spec


def _shell(name: str) -> str:
    if name not in ("sh", "bash", "/bin/sh"):
        raise BuildspecError(f"The shell {name} is not supported: use sh or bash.")
    return "bash" if name == "bash" else "sh"


def _phases(given: Any) -> dict[str, PhaseSpec]:
    phases = _mapping(given, "phases")
    if not phases:
        raise BuildspecError("The buildspec has no phases.")
    found: dict[str, PhaseSpec] = {}
    for name, given_phase in phases.items():
        if name not in PHASES:
            raise BuildspecError(f"The buildspec has an unknown phase: {name}.")
        body = _mapping(given_phase, f"phases.{name}")
        on_failure = str(body.get("on-failure", "ABORT"))
        if on_failure not in ("ABORT", "CONTINUE"):
            raise BuildspecError(f"phases.{name}.on-failure must be ABORT or CONTINUE, not {on_failure}.")
        found[name] = PhaseSpec(
            _list(body.get("commands"), f"phases.{name}.commands"),
            _list(body.get("finally"), f"phases.{name}.finally"),
            on_failure,
        )
    return found


def _artifact(where: str, given: Any) -> ArtifactSpec:
    body = _mapping(given, where)
    files = _list(body.get("files"), f"{where}.files")
    if not files:
        raise BuildspecError(f"{where} names no files.")
    return ArtifactSpec(
        files,
        str(body.get("base-directory", "")),
        _truth(body.get("discard-paths")),
        _list(body.get("exclude-paths"), f"{where}.exclude-paths"),
        str(body.get("name", "")),
    )


def _report(name: str, given: Any) -> ReportSpec:
    body = _mapping(given, f"reports.{name}")
    kind = str(body.get("file-format", "JUNITXML")).upper()
    if kind not in _FORMATS:
        raise BuildspecError(f"The report {name} has the format {kind}, which Trunkline does not read: use JUNITXML.")
    files = _list(body.get("files"), f"reports.{name}.files")
    if not files:
        raise BuildspecError(f"reports.{name} names no files.")
    return ReportSpec(files, str(body.get("base-directory", "")), _truth(body.get("discard-paths")), kind)


def _truth(given: Any) -> bool:
    return str(given or "no").lower() in ("yes", "true")


def _mapping(given: Any, where: str) -> dict[str, Any]:
    if given is None or given == "":
        return {}
    if not isinstance(given, dict):
        raise BuildspecError(f"{where} must be a mapping.")
    return given


def _strings(given: Any, where: str) -> dict[str, str]:
    found = _mapping(given, where)
    for key, value in found.items():
        if not isinstance(value, str):
            raise BuildspecError(f"{where}.{key} must be text.")
    return {str(key): value for key, value in found.items()}


def _list(given: Any, where: str) -> list[str]:
    if given is None or given == "":
        return []
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list) or not all(isinstance(entry, str) for entry in given):
        raise BuildspecError(f"{where} must be a list of texts.")
    return list(given)
