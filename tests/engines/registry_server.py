"""A registry engine behind a bare HTTP server with a gate that lets everybody in."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import uvicorn

from trunkline.core.clock import RealClock
from trunkline.core.db import Database
from trunkline.engines.registry import open_registry
from trunkline.engines.registry.errors import RegistryError
from trunkline.engines.registry.http import RegistryApp
from trunkline.engines.registry.interface import Grant

OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class OpenGate:
    """Repositories are those in `names`; everybody may do everything, except to repositories called secret."""

    def __init__(self, registry, db, clock):
        self.registry, self.db, self.clock = registry, db, clock
        self.names = {"one", "team/two", "secret"}

    async def admit(self, headers, client):
        return client

    async def open(self, who, name, action):
        if name not in self.names:
            raise RegistryError("NAME_UNKNOWN", f"no repository {name}")
        if name == "secret" and action == "layer":
            raise RegistryError("DENIED", "secret")
        return Grant(name.replace("/", "-"))

    async def put(self, who, grant, parsed, tag):
        now = self.clock.now()
        return await self.db.write(lambda tx: self.registry.store(tx, grant.repository, parsed, tag, now))

    async def delete(self, who, grant, digest, tag):
        if tag:
            return await self.db.write(lambda tx: self.registry.untag(tx, grant.repository, tag)) is not None
        return await self.db.write(lambda tx: self.registry.remove(tx, grant.repository, digest))

    async def pulled(self, who, grant, manifest):
        await self.db.write(lambda tx: self.registry.pulled(tx, grant.repository, manifest.digest, self.clock.now()))


class Served:
    """The engine and a client for it."""

    def __init__(self, root: Path) -> None:
        self.db = Database(root / "state.db")
        self.registry = open_registry(root, self.db, RealClock())
        self.app = RegistryApp(self.registry, OpenGate(self.registry, self.db, RealClock()))
        self.http: aiohttp.ClientSession
        self.url = ""

    async def ask(self, method, path, **more):
        async with self.http.request(method, path if path.startswith("http") else self.url + path, **more) as response:
            response.content_bytes = await response.read()
            return response

    async def push_blob(self, data: bytes, name="one") -> str:
        digest = sha256(data)
        answer = await self.ask("POST", f"/v2/{name}/blobs/uploads/?digest={digest}", data=data)
        assert answer.status == 201, answer.content_bytes
        return digest

    async def push_image(self, reference="latest", name="one", layer=b"layer", **more):
        config = await self.push_blob(b"{}", name)
        digest = await self.push_blob(layer, name)
        body = manifest(config, [(digest, len(layer))], **more)
        answer = await self.ask("PUT", f"/v2/{name}/manifests/{reference}", data=body, headers={"Content-Type": OCI})
        assert answer.status == 201, answer.content_bytes
        return answer.headers["Docker-Content-Digest"], body


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def manifest(config, layers, **more) -> bytes:
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2},
            "layers": [
                {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": size}
                for digest, size in layers
            ],
            **more,
        }
    ).encode()


@contextlib.asynccontextmanager
async def serving(root: Path) -> AsyncIterator[Served]:
    served = Served(root)
    await served.registry.start()
    server = uvicorn.Server(uvicorn.Config(served.app, port=0, log_level="error", lifespan="off"))
    server.install_signal_handlers = lambda: None
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    served.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    async with aiohttp.ClientSession() as served.http:
        yield served
    server.should_exit = True
    await task
    await served.registry.stop()
    served.db.close()
