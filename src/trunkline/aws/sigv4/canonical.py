"""The canonical request: one text for the many ways in which the same request can be written."""

import re
from urllib.parse import quote, unquote

from trunkline.aws.sigv4.claim import SignedRequest

_PLAIN_PATH = re.compile(r"[A-Za-z0-9\-._~/]*").fullmatch
_PLAIN_QUERY = re.compile(r"(?:[A-Za-z0-9\-._~=&]|%[0-9A-F]{2})*").fullmatch
_DOTS = re.compile(r"//|/\.")


def s3_path_encoded(path: str) -> str:
    """An S3 path as AWS would have encoded it, for clients that send characters as they are but sign them encoded."""
    return quote(unquote(path), safe="-_.~/")


def canonical_path(path: str, *, s3: bool) -> str:
    """S3 signs the path as it was sent; everybody else removes dot segments and encodes what was sent once more."""
    if s3:
        return path or "/"
    if _DOTS.search(path):
        path = _without_dots(path)
    if _PLAIN_PATH(path):
        return path or "/"
    return quote(path, safe="/~")


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if kept:
                kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    tail = "/" if path.endswith(("/", "/.", "/..")) and kept else ""
    return "/" + "/".join(kept) + tail


def canonical_query(query: str, *, presigned: bool) -> str:
    """Parameters sorted, each encoded once; a presigned query without its own signature."""
    if not query:
        return ""
    parts = query.split("&")
    if presigned:
        parts = [part for part in parts if not part.startswith("X-Amz-Signature=")]
    elif len(parts) == 1 and "=" in query and _PLAIN_QUERY(query) and query.count("=") == 1:
        return query
    pairs = []
    for part in parts:
        if not part:
            continue
        name, _, value = part.partition("=")
        pairs.append((_encoded(name), _encoded(value)))
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def _encoded(text: str) -> str:
    if _PLAIN_QUERY(text) and "=" not in text and "&" not in text:
        return text
    return quote(unquote(text.replace("+", "%20")) if "+" in text else unquote(text), safe="-_.~")


def canonical_request(request: SignedRequest, signed_headers: str, payload: str, *, path: str, presigned: bool) -> str:
    """The canonical request for this canonical path, these signed headers, this payload hash (or its stand-in)."""
    headers = request.headers
    lines = []
    for name in signed_headers.split(";"):
        value = headers.get(name, "")
        if "  " in value:
            value = " ".join(value.split())
        lines.append(f"{name}:{value.strip()}\n")
    return (
        f"{request.method}\n{path}\n"
        f"{canonical_query(request.query, presigned=presigned)}\n{''.join(lines)}\n{signed_headers}\n{payload}"
    )
