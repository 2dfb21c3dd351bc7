"""Listener rules in HAProxy's words: conditions become ACL expressions, redirects become log-format strings.

AWS compares host names, header values and query strings without regard to case, paths with; `*` is any number of
characters and `?` exactly one.
"""

from __future__ import annotations

import re

from trunkline.engines.proxy.interface import Condition, ConfigurationRefused, Redirect


def expression(conditions: tuple[Condition, ...]) -> str:
    """All conditions must hold: HAProxy ands what stands side by side."""
    return " ".join(_one(condition) for condition in conditions)


def quote(text: str) -> str:
    """One word of a configuration line, taken literally."""
    if "\n" in text or "\r" in text or "\0" in text:
        raise ConfigurationRefused("a value contains a line break")
    return "'" + text.replace("'", "'\\''") + "'"


def _one(condition: Condition) -> str:
    match condition.kind:
        case "host-header":
            return _patterns("req.hdr(host),field(1,:)", condition.values, condition.regex_values, fold=True)
        case "path-pattern":
            return _patterns("path", condition.values, condition.regex_values, fold=False)
        case "http-header":
            name = condition.header
            if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or re.search(r"[',()]", name):
                raise ConfigurationRefused(f"{name!r} is not a header name")
            return _patterns(f"req.fhdr({name})", condition.values, condition.regex_values, fold=True)
        case "query-string":
            alternatives = [_pair(key, value) for key, value in condition.pairs]
            return "{ query -m reg -i -- " + " ".join(quote(each) for each in alternatives) + " }"
        case "http-request-method":
            return "{ method -m str -- " + " ".join(quote(value) for value in condition.values) + " }"
        case "source-ip":
            return "{ src -- " + " ".join(quote(value) for value in condition.values) + " }"
        case other:
            raise ConfigurationRefused(f"there is no condition {other!r}")


def _patterns(fetch: str, values: tuple[str, ...], regexes: tuple[str, ...], *, fold: bool) -> str:
    flag = "-i " if fold else ""
    alternatives = [f"^{_wildcard(value, '.')}$" for value in values] + list(regexes)
    return f"{{ {fetch} -m reg {flag}-- " + " ".join(quote(each) for each in alternatives) + " }"


def _wildcard(value: str, any_char: str) -> str:
    parts = {"*": f"{any_char}*", "?": any_char}
    return "".join(parts.get(char) or re.escape(char) for char in value)


def _pair(key: str | None, value: str) -> str:
    any_char = "[^&]"
    name = f"{any_char}*" if key is None else _wildcard(key, any_char)
    return f"(^|&){name}={_wildcard(value, any_char)}(&|$)"


_PLACEHOLDER = re.compile(r"#\{(protocol|host|port|path|query)\}")


def location(redirect: Redirect, port: int) -> str:
    """The Location header as a log-format string. #{port} is the port that was bound: the client came through it."""
    protocol = _fill(redirect.protocol.lower(), port)
    host = _fill(redirect.host, port)
    path = _fill(redirect.path, port)
    query = redirect.query
    literal = "?" + _fill(query, port) if query else ""
    tail = "%[var(txn.query)]" if query == "#{query}" else literal  # the variable: "?a=b", or nothing
    return f"{protocol}://{host}:{_fill(redirect.port, port)}{path}{tail}"


def _fill(text: str, port: int) -> str:
    fetches = {
        "protocol": "http",
        "host": "%[req.hdr(host),field(1,:)]",
        "port": str(port),
        "path": "%[path,regsub(^/,)]",  # AWS: without the leading slash
        "query": "%[query]",
    }
    out, end = [], 0
    for found in _PLACEHOLDER.finditer(text):
        out.append(text[end : found.start()].replace("%", "%%"))
        out.append(fetches[found[1]])
        end = found.end()
    out.append(text[end:].replace("%", "%%"))
    return "".join(out)
