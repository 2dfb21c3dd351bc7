"""A git engine behind a bare HTTP server, for stock git to talk to."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs

import uvicorn

from trunkline.core.db import Database
from trunkline.engines.git import Git, open_git
from trunkline.engines.git.interface import Recorded


class Served:
    """An engine, what it recorded, and the URL it is served at."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.db = Database(root / "state.db")
        self.git: Git = open_git(root, self.db)
        self.recorded: list[Recorded] = []
        self.objection: str | None = None
        self.git.record_with(lambda tx, recorded: self.recorded.append(recorded))
        self.url = ""

    async def new_repository(self, repository: str = "r1") -> str:
        await self.git.create(repository)
        await self.db.write(lambda tx: self.git.adopt(tx, repository))
        return repository

    async def __call__(self, scope, receive, send) -> None:
        repository, _, rest = scope["path"].lstrip("/").partition("/")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if rest == "info/refs":
            service = parse_qs(scope["query_string"].decode())["service"][0]
            await self.git.advertise(repository, service, headers, send)
        elif rest == "git-upload-pack":
            await self.git.fetch(repository, headers, receive, send)
        else:

            async def allow(updates):
                return self.objection

            await self.git.push(repository, headers, receive, send, context={"by": "test"}, allow=allow)


@contextlib.asynccontextmanager
async def serving(root: Path) -> AsyncIterator[Served]:
    served = Served(root)
    await served.git.start()
    config = uvicorn.Config(served, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    served.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield served
    server.should_exit = True
    await task
    await served.git.stop()
    served.db.close()


async def client(cwd: Path, *arguments: str, ok: bool = True) -> str:
    """Run stock git as a user would."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(cwd),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
        "GIT_TERMINAL_PROMPT": "0",
    }
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert not ok or process.returncode == 0, out.decode()
    return out.decode()
