"""Images: pull with credentials, look up, tag, remove."""

import base64
import json
from urllib.parse import quote

from trunkline.engines.containers.docker import encoding
from trunkline.engines.containers.docker.connection import Connection, EngineRefusal
from trunkline.engines.containers.docker.streams import json_lines
from trunkline.engines.containers.errors import ContainersError, NoSuchImage, PullDenied, PullFailed
from trunkline.engines.containers.model import Image, RegistryAuth

_MISSING = ("manifest unknown", "not found", "no such image", "manifest for")
_DENIED = ("no basic auth", "unauthorized", "denied", "authentication required", "forbidden")


class Images:
    """The part of the driver that deals with images."""

    def __init__(self, http: Connection) -> None:
        self._http = http

    async def pull(self, reference: str, *, auth: RegistryAuth | None = None) -> Image:
        name, tag = split_reference(reference)
        headers = {}
        if auth is not None:
            credentials = {
                "username": auth.username,
                "password": auth.password,
                "serveraddress": reference.split("/", maxsplit=1)[0],
            }
            headers["X-Registry-Auth"] = base64.urlsafe_b64encode(json.dumps(credentials).encode()).decode()
        try:
            async with self._http.open(
                "POST", "/images/create", params={"fromImage": name, "tag": tag}, headers=headers, endless=True
            ) as response:
                async for progress in json_lines(response):
                    if "error" in progress:
                        raise _pull_error(reference, str(progress["error"]))
        except EngineRefusal as refusal:
            raise _pull_error(reference, refusal.message) from refusal
        return await self.image(reference)

    async def image(self, reference: str) -> Image:
        try:
            return encoding.image(await self._http.json("GET", f"/images/{_path(reference)}/json"))
        except EngineRefusal as refusal:
            raise _no_image(refusal, reference) from refusal

    async def tag(self, reference: str, new_reference: str) -> None:
        name, tag = split_reference(new_reference)
        try:
            await self._http.json("POST", f"/images/{_path(reference)}/tag", params={"repo": name, "tag": tag})
        except EngineRefusal as refusal:
            raise _no_image(refusal, reference) from refusal

    async def remove_image(self, reference: str, *, force: bool = False) -> None:
        try:
            await self._http.json("DELETE", f"/images/{_path(reference)}", params={"force": str(force).lower()})
        except EngineRefusal as refusal:
            if refusal.status != 404:
                raise


def split_reference(reference: str) -> tuple[str, str]:
    """(name, tag or digest); `latest` where neither is given."""
    if "@" in reference:
        name, _, digest = reference.partition("@")
        return name, digest
    head, slash, last = reference.rpartition("/")
    name, _, tag = last.partition(":")
    return head + slash + name, tag or "latest"


def _path(reference: str) -> str:
    return quote(reference, safe="/:@")


def _no_image(refusal: EngineRefusal, reference: str) -> ContainersError:
    return NoSuchImage(f"no image {reference} on this machine") if refusal.status == 404 else refusal


def _pull_error(reference: str, message: str) -> ContainersError:
    lowered = message.lower()
    if any(words in lowered for words in _DENIED):
        # Registries answer "denied" for what does not exist, too; the engine says which in its own words.
        return PullDenied(message)
    if any(words in lowered for words in _MISSING):
        return NoSuchImage(message)
    return PullFailed(f"{reference}: {message}" if reference not in message else message)
