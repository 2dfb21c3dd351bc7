"""The aws CLI as a user runs it: version 1 from PyPI and version 2 from Debian, each a process of its own."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY

VERSIONS = ("v1", "v2")
_PLACES = (str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin")


@cache
def program(version: str) -> str | None:
    """Where that version of the CLI is installed."""
    for place in _PLACES:
        found = Path(place) / "aws"
        if found.exists():
            said = subprocess.run([str(found), "--version"], check=False, capture_output=True, text=True)
            if (said.stdout + said.stderr).startswith(f"aws-cli/{version[1:]}."):
                return str(found)
    return None


class Refusal(AssertionError):
    """The CLI ended with an error: its exit code, and what it printed."""

    def __init__(self, words: tuple[str, ...], code: int, text: str) -> None:
        super().__init__(f"aws {' '.join(words)[:300]} ended with {code}: {text}")
        self.code, self.text = code, text


class Cli:
    """`cli("sts", "get-caller-identity")["Account"]`: JSON output parsed, other output as text."""

    def __init__(self, version: str, endpoint: str, home: Path) -> None:
        self.version, self.endpoint, self.home = version, endpoint, home
        self.program = program(version)
        self.env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_PAGER": "",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if version == "v1":  # Debian's version 2.9 does not know the variable
            self.env["AWS_ENDPOINT_URL"] = endpoint

    def command(self, *words: str) -> list[str]:
        """The command line."""
        where = [] if self.version == "v1" else ["--endpoint-url", self.endpoint]
        return [str(self.program), *where, *words]

    def __call__(self, *words: str, stdin: bytes | None = None, timeout_s: float = 60, **env: str) -> Any:
        done = subprocess.run(
            self.command(*words), check=False, env={**self.env, **env}, input=stdin, capture_output=True,
            timeout=timeout_s, cwd=self.home,
        )  # fmt: skip
        if done.returncode:
            raise Refusal(words, done.returncode, (done.stderr + done.stdout).decode().strip())
        out = done.stdout.decode()
        try:
            return json.loads(out)
        except ValueError:
            return out.strip()

    def refused(self, *words: str, **env: str) -> tuple[int, str]:
        """The exit code and the message of a command that has to fail."""
        try:
            answer = self(*words, **env)
        except Refusal as refusal:
            return refusal.code, refusal.text
        raise AssertionError(f"aws {' '.join(words)} was to fail, but answered {answer}")

    def start(self, *words: str, **env: str) -> "subprocess.Popen[str]":
        """A command that goes on until it is ended."""
        return subprocess.Popen(
            self.command(*words), env={**self.env, "PYTHONUNBUFFERED": "1", **env}, cwd=self.home,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def file(self, name: str, content: Any) -> str:
        """A file as an argument: `file://…`; documents become JSON."""
        path = self.home / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return f"file://{path}"
