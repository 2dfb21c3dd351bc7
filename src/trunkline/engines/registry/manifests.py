"""Reads manifests: image manifests and indexes of OCI and of Docker, and what they refer to."""

from typing import Any

import orjson

from trunkline.engines.registry import digest as digests
from trunkline.engines.registry.errors import RegistryError
from trunkline.engines.registry.interface import Parsed

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
IMAGES = (OCI_MANIFEST, DOCKER_MANIFEST)
INDEXES = (OCI_INDEX, DOCKER_LIST)
MAX_BYTES = 4 << 20


def parse(body: bytes, media_type: str | None, digest: str | None = None) -> Parsed:
    """Check form and digest; MANIFEST_INVALID says what is wrong."""
    if len(body) > MAX_BYTES:
        raise RegistryError("MANIFEST_INVALID", "the manifest is larger than 4 MiB", status=413)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _invalid(f"the manifest is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schemaVersion") != 2:
        raise _invalid("the manifest is not a document of schemaVersion 2")
    kind = _media_type(document, media_type)
    found = digests.of(body, digest.partition(":")[0] if digest else "sha256")
    if digest and digest != found:
        raise RegistryError("DIGEST_INVALID", "provided digest did not match uploaded content", detail=found)
    subject = document.get("subject")
    common: dict[str, Any] = {
        "digest": found,
        "media_type": kind,
        "body": body,
        "subject": _descriptor(subject, "subject")["digest"] if subject is not None else None,
        "artifact_type": document.get("artifactType"),
    }
    if kind in INDEXES:
        listed = [_descriptor(each, "manifests") for each in _list(document, "manifests")]
        return Parsed(**common, manifests=tuple(dict.fromkeys(each["digest"] for each in listed)))
    config = _descriptor(document.get("config"), "config")
    layers = [_descriptor(each, "layers") for each in _list(document, "layers")]
    # A layer with addresses of its own (Windows base layers) is fetched from there, not pushed here.
    own = [each for each in [config, *layers] if not each.get("urls")]
    return Parsed(
        **common,
        blobs=tuple(dict.fromkeys(each["digest"] for each in own)),
        config_media_type=config.get("mediaType"),
        image_size=sum(each["size"] for each in layers),
    )


def _media_type(document: dict[str, Any], sent: str | None) -> str:
    inside = document.get("mediaType")
    outside = (sent or "").partition(";")[0].strip()
    if outside in ("", "application/json", "application/octet-stream"):
        outside = ""
    if inside and outside and inside != outside:
        raise _invalid(f"the manifest says it is {inside}, the request says {outside}")
    kind = outside or inside
    if not kind:
        kind = OCI_INDEX if "manifests" in document else OCI_MANIFEST
    if kind not in IMAGES and kind not in INDEXES:
        raise _invalid(f"manifests of type {str(kind)[:200]} are not supported")
    return str(kind)


def _list(document: dict[str, Any], name: str) -> list[Any]:
    found = document.get(name, [])
    if not isinstance(found, list):
        raise _invalid(f"{name} is not a list")
    return found


def _descriptor(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not digests.is_digest(str(value.get("digest"))):
        raise _invalid(f"{where} lacks a digest")
    size = value.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise _invalid(f"{where} lacks a size")
    return value


def _invalid(why: str) -> RegistryError:
    return RegistryError("MANIFEST_INVALID", why)
