"""End points of manifests, tags and referrers."""

import re
from urllib.parse import urlencode

import orjson

from trunkline.engines.registry import digest as digests
from trunkline.engines.registry.errors import RegistryError
from trunkline.engines.registry.http.exchange import Exchange
from trunkline.engines.registry.interface import Gate, Manifest, Registry
from trunkline.engines.registry.manifests import OCI_INDEX

_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_MAX_TAGS = 1000


class ManifestPoints:
    """Answers for manifests."""

    def __init__(self, registry: Registry, gate: Gate) -> None:
        self._registry = registry
        self._gate = gate

    async def get(self, exchange: Exchange, name: str, reference: str) -> None:
        """GET and HEAD by tag or digest."""
        manifest = self._registry.manifest(exchange.grant.repository, reference)
        if manifest is None:
            raise _unknown(reference)
        headers = [
            ("Content-Type", manifest.media_type),
            ("Docker-Content-Digest", manifest.digest),
            ("ETag", f'"{manifest.digest}"'),
            ("Content-Length", str(len(manifest.body))),
        ]
        if exchange.method == "GET":
            await self._gate.pulled(exchange.who, exchange.grant, manifest)
        await exchange.answer(200, headers, manifest.body)

    async def put(self, exchange: Exchange, name: str, reference: str) -> None:
        """PUT by tag or digest."""
        digest = reference if digests.is_digest(reference) else None
        tag = None if digest else _tag(reference)
        body = await exchange.small_body()
        parsed = self._registry.parse(body, exchange.headers.get("content-type"), digest=digest)
        stored = await self._gate.put(exchange.who, exchange.grant, parsed, tag)
        headers = [
            ("Location", f"/v2/{name}/manifests/{stored.digest}"),
            ("Docker-Content-Digest", stored.digest),
        ]
        if parsed.subject:
            headers.append(("OCI-Subject", parsed.subject))
        await exchange.answer(201, headers)

    async def delete(self, exchange: Exchange, name: str, reference: str) -> None:
        """DELETE of a tag, or of a manifest by its digest."""
        digest = reference if digests.is_digest(reference) else None
        tag = None if digest else _tag(reference)
        if not await self._gate.delete(exchange.who, exchange.grant, digest, tag):
            raise _unknown(reference)
        await exchange.answer(202)

    async def tags(self, exchange: Exchange, name: str, _: str) -> None:
        """Tags, page by page."""
        try:
            asked = int(exchange.query.get("n") or _MAX_TAGS)
        except ValueError as error:
            raise RegistryError("UNSUPPORTED", "n is not a number", status=400) from error
        limit = max(0, min(asked, _MAX_TAGS))
        found = self._registry.tags(exchange.grant.repository, after=exchange.query.get("last", ""), limit=limit + 1)
        headers = [("Content-Type", "application/json")]
        if len(found) > limit > 0:
            query = urlencode({"n": limit, "last": found[limit - 1]})
            headers.append(("Link", f'</v2/{name}/tags/list?{query}>; rel="next"'))
        await exchange.answer(200, headers, orjson.dumps({"name": name, "tags": found[:limit]}))

    async def referrers(self, exchange: Exchange, name: str, subject: str) -> None:
        """What refers to a manifest, as an OCI index."""
        kind = exchange.query.get("artifactType")
        found = self._registry.referrers(exchange.grant.repository, digests.check(subject))
        listed = [descriptor(each) for each in found]
        headers = [("Content-Type", OCI_INDEX)]
        if kind:
            listed = [each for each in listed if each.get("artifactType") == kind]
            headers.append(("OCI-Filters-Applied", "artifactType"))
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}
        await exchange.answer(200, headers, orjson.dumps(index))


def descriptor(manifest: Manifest) -> dict[str, object]:
    """How an index lists a manifest."""
    found: dict[str, object] = {
        "mediaType": manifest.media_type,
        "digest": manifest.digest,
        "size": len(manifest.body),
    }
    if kind := manifest.artifact_type or manifest.config_media_type:
        found["artifactType"] = kind
    if annotations := orjson.loads(manifest.body).get("annotations"):
        found["annotations"] = annotations
    return found


def _tag(reference: str) -> str:
    if not _TAG.fullmatch(reference):
        raise RegistryError("TAG_INVALID", "manifest tag is invalid", detail=reference[:128])
    return reference


def _unknown(reference: str) -> RegistryError:
    return RegistryError("MANIFEST_UNKNOWN", "manifest unknown", detail=reference[:200])
