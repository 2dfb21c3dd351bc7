"""Sources that lie on somebody else's git server: fetched by git itself, over HTTP, one commit deep."""

import asyncio
import base64
import os
import tempfile
from pathlib import Path

from trunkline.services.codebuild.model import SourceCredential

_TIMEOUT_S = 300
_SCHEMES = ("https://", "http://")
KINDS = ("GITHUB", "GITHUB_ENTERPRISE", "BITBUCKET", "GITLAB", "GITLAB_SELF_MANAGED")


class FetchError(Exception):
    """Git could not fetch it; the message is git's last line."""


def is_location(url: str) -> bool:
    """Whether this is the address of a repository that can be fetched."""
    return url.startswith(_SCHEMES) and "://" not in url.partition("://")[2] and not set(url) & set(" \n\t\0")


async def fetch(url: str, version: str, credential: SourceCredential | None = None) -> tuple[bytes, str]:
    """The files at a branch, tag or commit (by default the server's HEAD) as a zip archive, and the commit's id."""
    secret = _header(credential) if credential is not None and "@" not in url else {}
    with tempfile.TemporaryDirectory(prefix="trunkline-source-") as place:
        await _git(place, "init", "--quiet", "--bare", ".")
        await _git(place, "fetch", "--quiet", "--depth", "1", "--end-of-options", url, version or "HEAD", **secret)
        commit = (await _git(place, "rev-parse", "FETCH_HEAD")).decode().strip()
        archive = Path(place) / "source.zip"
        await _git(place, "archive", "--format=zip", f"--output={archive}", commit)
        return await asyncio.to_thread(archive.read_bytes), commit


def _header(credential: SourceCredential) -> dict[str, str]:
    """Settings of git that stand in its environment, where no list of processes shows them."""
    who = f"{credential.user or 'x-access-token'}:{credential.token}"
    header = f"Authorization: Basic {base64.b64encode(who.encode()).decode()}"
    return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": header}


async def _git(place: str, *arguments: str, **more: str) -> bytes:
    # No prompts, no helpers of the user's, and no transports that would run programs (ext::).
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": place,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "https:http",
        "GIT_CONFIG_NOSYSTEM": "1",
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=place,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            out, said = await process.communicate()
    except TimeoutError as error:
        raise FetchError(f"git gave no answer within {_TIMEOUT_S} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        raise FetchError(lines[-1] if lines else f"git ended with {process.returncode}")
    return out


_PASSED_ON = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE")
