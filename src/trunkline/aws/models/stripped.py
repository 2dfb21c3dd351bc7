"""Botocore's service models without their documentation, kept where the next start finds them quickly.

A gzipped model of botocore is mostly prose: reading ec2's takes a third of a second, its stripped form a few
milliseconds. The cache is made on first use, per service and version of botocore; each file is written aside and moved
into place, so several processes may make it at once. Where nothing can be written, models are read the slow way.
"""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

import botocore
import msgspec

_FORMAT = 1  # raise it when what `_strip` keeps changes
_PROSE = frozenset({"documentation", "documentationUrl", "deprecatedMessage", "deprecatedSince", "examples"})


def folder() -> Path:
    """Where the stripped models of the installed botocore lie."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "trunkline" / f"models-{botocore.__version__}-{_FORMAT}"


def read(name: str) -> dict[str, Any]:
    """The stripped model of a service: `service` (service-2.json) and `paginators`."""
    path = folder() / f"{name}.msgpack"
    try:
        model: dict[str, Any] = msgspec.msgpack.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        model = _strip_model(name)
        with contextlib.suppress(OSError):
            _write(path, msgspec.msgpack.encode(model))
    return model


def _strip_model(name: str) -> dict[str, Any]:
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import Loader

    loader = Loader()
    service = loader.load_service_model(name, "service-2")
    try:
        paginators = loader.load_service_model(name, "paginators-1").get("pagination", {})
    except UnknownServiceError:
        paginators = {}
    return {"service": _strip(service, inside_members=False), "paginators": paginators}


def _strip(value: Any, *, inside_members: bool) -> Any:
    # A structure may well have a member called "documentation", so names of members, shapes and operations are kept.
    if isinstance(value, dict):
        return {
            key: _strip(inner, inside_members=key in ("members", "shapes", "operations") and not inside_members)
            for key, inner in value.items()
            if inside_members or key not in _PROSE
        }
    if isinstance(value, list):
        return [_strip(inner, inside_members=False) for inner in value]
    return value


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(aside).replace(path)
    except OSError:
        Path(aside).unlink(missing_ok=True)
        raise
