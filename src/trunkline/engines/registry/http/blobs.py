"""End points of blobs and of uploads."""

import re

from trunkline.engines.registry import digest as digests
from trunkline.engines.registry.errors import RegistryError
from trunkline.engines.registry.http.exchange import Exchange
from trunkline.engines.registry.interface import Blob, Gate, Registry

_CONTENT_RANGE = re.compile(r"(?:bytes[ =])?(\d+)-(\d+)(?:/.*)?")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class BlobPoints:
    """Answers for blobs."""

    def __init__(self, registry: Registry, gate: Gate) -> None:
        self._registry = registry
        self._gate = gate

    async def get(self, exchange: Exchange, name: str, digest: str) -> None:
        """GET and HEAD of a blob, whole or a range."""
        blob = self._registry.blob(exchange.grant.repository, digests.check(digest))
        if blob is None:
            raise _unknown(digest)
        start, end = _range(exchange.headers.get("range"), blob.size)
        headers = [
            ("Content-Type", "application/octet-stream"),
            ("Docker-Content-Digest", blob.digest),
            ("ETag", f'"{blob.digest}"'),
            ("Accept-Ranges", "bytes"),
            ("Content-Length", str(end - start)),
        ]
        whole = (start, end) == (0, blob.size)
        if not whole:
            headers.append(("Content-Range", f"bytes {start}-{end - 1}/{blob.size}"))
        status = 200 if whole else 206
        if exchange.method == "HEAD":
            await exchange.answer(status, headers)
        else:
            await exchange.stream(status, headers, self._registry.read(blob, start, end))

    async def delete(self, exchange: Exchange, name: str, digest: str) -> None:
        """DELETE of a blob."""
        if not await self._registry.unlink(exchange.grant.repository, digests.check(digest)):
            raise _unknown(digest)
        await exchange.answer(202)

    async def begin(self, exchange: Exchange, name: str, upload: str) -> None:
        """POST: mount a blob, take one whole, or begin an upload."""
        repository = exchange.grant.repository
        if (digest := exchange.query.get("mount")) is not None and digests.is_digest(digest):
            blob = await self._mount(exchange, digest)
            if blob is not None:
                await self._created(exchange, name, blob)
                return
        if (digest := exchange.query.get("digest")) is not None:
            digests.check(digest)
        upload = await self._registry.begin(repository)
        if digest is not None:
            await self._finish(exchange, name, upload, digest)
        else:
            await self._accepted(exchange, name, upload, 0)

    async def status(self, exchange: Exchange, name: str, upload: str) -> None:
        """GET: where to go on."""
        offset = self._registry.offset(exchange.grant.repository, upload)
        await self._accepted(exchange, name, upload, offset, status=204)

    async def append(self, exchange: Exchange, name: str, upload: str) -> None:
        """PATCH: a chunk, or a stream of unknown length."""
        start, end = _content_range(exchange.headers.get("content-range"))
        body = exchange.body()
        offset = await self._registry.append(exchange.grant.repository, upload, body, start=start, end=end)
        await self._accepted(exchange, name, upload, offset)

    async def finish(self, exchange: Exchange, name: str, upload: str) -> None:
        """PUT: the last chunk, or all of it, and the digest of the whole."""
        digest = exchange.query.get("digest")
        if digest is None:
            raise RegistryError("DIGEST_INVALID", "the digest parameter is missing")
        await self._finish(exchange, name, upload, digests.check(digest))

    async def cancel(self, exchange: Exchange, name: str, upload: str) -> None:
        """DELETE of an upload."""
        await self._registry.cancel(exchange.grant.repository, upload)
        await exchange.answer(204)

    async def _mount(self, exchange: Exchange, digest: str) -> Blob | None:
        """The blob, if another repository that the client may pull from has it; else a common upload follows."""
        source = exchange.query.get("from")
        if not source:
            return None
        try:
            grant = await self._gate.open(exchange.who, source, "layer")
        except RegistryError:
            return None
        if not await self._registry.mount(exchange.grant.repository, digest, grant.repository):
            return None
        return self._registry.blob(exchange.grant.repository, digest)

    async def _finish(self, exchange: Exchange, name: str, upload: str, digest: str) -> None:
        repository = exchange.grant.repository
        start, end = _content_range(exchange.headers.get("content-range"))
        await self._registry.append(repository, upload, exchange.body(), start=start, end=end)
        try:
            blob = await self._registry.finish(repository, upload, digest)
        except RegistryError as error:
            if error.code == "DIGEST_INVALID":  # going on cannot make it right
                await self._registry.cancel(repository, upload)
            raise
        await self._created(exchange, name, blob)

    async def _created(self, exchange: Exchange, name: str, blob: Blob) -> None:
        location = f"/v2/{name}/blobs/{blob.digest}"
        await exchange.answer(201, [("Location", location), ("Docker-Content-Digest", blob.digest)])

    async def _accepted(self, exchange: Exchange, name: str, upload: str, offset: int, *, status: int = 202) -> None:
        headers = [
            ("Location", f"/v2/{name}/blobs/uploads/{upload}"),
            ("Range", f"0-{max(offset - 1, 0)}"),
            ("Docker-Upload-UUID", upload),
        ]
        await exchange.answer(status, headers if status != 204 else [*headers, ("Content-Length", "0")])


def _range(asked: str | None, size: int) -> tuple[int, int]:
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    if found is None or not (found[1] or found[2]):
        return 0, size  # none, or a form that a server may ignore
    if not found[1]:
        return max(0, size - int(found[2])), size
    start = int(found[1])
    end = min(size, int(found[2]) + 1) if found[2] else size
    if start >= size or start >= end:
        text = "the range is not satisfiable"
        raise RegistryError("SIZE_INVALID", text, status=416, headers=(("Content-Range", f"bytes */{size}"),))
    return start, end


def _content_range(said: str | None) -> tuple[int | None, int | None]:
    if said is None:
        return None, None
    found = _CONTENT_RANGE.fullmatch(said.strip())
    if found is None or int(found[2]) + 1 < int(found[1]):
        raise RegistryError("BLOB_UPLOAD_INVALID", "the Content-Range is malformed", status=416)
    return int(found[1]), int(found[2])


def _unknown(digest: str) -> RegistryError:
    return RegistryError("BLOB_UNKNOWN", "blob unknown to registry", detail={"digest": digest})
