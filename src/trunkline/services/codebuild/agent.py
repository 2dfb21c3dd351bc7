"""What runs inside a build's container: plain shell scripts, made from the buildspec.

The container needs nothing of Trunkline and goes on while Trunkline is down. What it found out lies in /codebuild/out,
which is read from outside: a line per phase, the values of exported variables, and that it came to its end.

A phase's commands share one shell, as on AWS since version 0.2; between phases the exported variables and the working
directory are carried over. `exit` in a command ends its phase only.
"""

import io
import shlex
import tarfile

from trunkline.services.codebuild import docker_command
from trunkline.services.codebuild.buildspec import PHASES, Buildspec, PhaseSpec
from trunkline.services.codebuild.model import SOURCE_DIR

OUT = "/codebuild/out"
COMMAND = ("/bin/sh", "/codebuild/agent/run")

_RUN = """\
cd /codebuild/agent
mkdir -p /codebuild/out /codebuild/state {source}
echo {source} > /codebuild/state/cwd
: > /codebuild/out/phases
export CODEBUILD_BUILD_SUCCEEDING=1
say() {{ printf '[Container] %s %s\\n' "$(date -u '+%Y/%m/%d %H:%M:%S')" "$1"; }}
failed=0 aborted=0
phase() {{ # NAME ON_FAILURE
  echo "$1 $(date +%s) IN_PROGRESS 0 0" >> /codebuild/out/phases
  say "Entering phase $1"
  echo 0 > /codebuild/state/command
  {shell} /codebuild/agent/$1 2>&1
  code=$?
  command=$(cat /codebuild/state/command)
  if [ -f /codebuild/agent/$1.finally ]; then
    {shell} /codebuild/agent/$1.finally 2>&1
    finally=$?
    if [ $code -eq 0 ] && [ $finally -ne 0 ]; then code=$finally command=-1; fi
  fi
  status=SUCCEEDED
  if [ $code -ne 0 ]; then
    status=FAILED
    export CODEBUILD_BUILD_SUCCEEDING=0
    failed=1
    [ "$2" = CONTINUE ] || aborted=1
  fi
  echo "$1 $(date +%s) $status $code $command" >> /codebuild/out/phases
  say "Phase complete: $1 State: $status"
}}
"""
_PHASE = """\
__succeeding=$CODEBUILD_BUILD_SUCCEEDING
[ -f /codebuild/state/exports ] && . /codebuild/state/exports
export CODEBUILD_BUILD_SUCCEEDING=$__succeeding
cd "$(cat /codebuild/state/cwd)" || exit 1
trap 'export -p > /codebuild/state/exports; pwd > /codebuild/state/cwd' EXIT
__run() {
  printf '%s' "$1" > /codebuild/state/command
  printf '[Container] %s Running command %s\\n' "$(date -u '+%Y/%m/%d %H:%M:%S')" "$(cat /codebuild/agent/$2)"
}
"""


def scripts(spec: Buildspec, *, ecr: str = "") -> bytes:
    """A tar archive to unpack at / of the container. ecr: its address for a build that has Docker, else empty."""
    files: dict[str, str] = {}
    run = ""
    if ecr:
        files["bin/docker"] = docker_command.script(ecr)
        run = f"export PATH={docker_command.FOLDER}:$PATH\n"
    run += _RUN.format(source=SOURCE_DIR, shell=spec.shell)
    for name in PHASES:
        phase = spec.phases.get(name, PhaseSpec())
        upper = name.upper()
        files[upper] = _phase(upper, phase.commands, files)
        if phase.finally_:
            files[f"{upper}.finally"] = _phase(f"{upper}-finally", phase.finally_, files)
        # POST_BUILD follows a failed BUILD, but not a failed INSTALL or PRE_BUILD.
        guard = '[ "$aborted" = 0 ] && ' if name != "post_build" else '[ "$before" = 0 ] && '
        if name == "build":
            run += "before=$aborted\n"
        run += f"{guard}phase {upper} {phase.on_failure}\n"
    run += _exports(spec) + "echo $failed > /codebuild/out/ended\nexit $failed\n"
    files["run"] = run
    return _tar({f"codebuild/agent/{name}": text for name, text in files.items()})


def _phase(label: str, commands: list[str], files: dict[str, str]) -> str:
    text = _PHASE
    for number, command in enumerate(commands, start=1):
        files[f"{label}.{number}"] = command + "\n"
        text += f"__run {number} {label}.{number}\n"
        text += f". /codebuild/agent/{label}.{number} || exit $?\n"
    return text


def _exports(spec: Buildspec) -> str:
    """Write the exported variables' values, one file each: values may hold anything."""
    if not spec.exported:
        return ""
    lines = ["mkdir -p /codebuild/out/exported"]
    for name in spec.exported:
        if name.isidentifier():
            inner = shlex.quote(f'. /codebuild/state/exports; printf "%s" "${{{name}-}}"')
            lines.append(f"{spec.shell} -c {inner} > /codebuild/out/exported/{name} 2>/dev/null")
    return "\n".join(lines) + "\n"


def _tar(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            data = text.encode()
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()
