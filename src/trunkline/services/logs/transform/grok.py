"""grok: text taken apart by named patterns, `%{WORD:http_method} %{NOTSPACE:request}`.

The patterns are those that AWS lists as supported, with its limits; others, and types (`%{INT:n:int}`), are refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from trunkline.aws.service import Doc
from trunkline.services.logs.transform.event import MESSAGE, Event, Failed
from trunkline.services.logs.transform.parsers import Apply

_REFERENCE = re.compile(r"%\{(\w+)(?::([^}:]*))?(:[^}]*)?\}")
_MOST = 20
_FEW = 5
_RARE = frozenset(
    {"NOTSPACE", "SPACE", "DATA", "GREEDYDATA", "ARN", "IPV6", "IP", "HOSTNAME", "HOST", "IPORHOST", "HOSTPORT"}
    | {"URIHOST", "WINPATH", "PATH", "URIPARAM", "URIPATHPARAM", "URI", "SYSLOGHOST"}
)

_PATTERNS: dict[str, str] = {
    "USERNAME": r"[a-zA-Z0-9._-]+",
    "USER": r"%{USERNAME}",
    "INT": r"[+-]?[0-9]+",
    "BASE10NUM": r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)",
    "NUMBER": r"%{BASE10NUM}",
    "BASE16NUM": r"[+-]?(?:0x)?[0-9A-Fa-f]+",
    "POSINT": r"\b[1-9][0-9]*\b",
    "NONNEGINT": r"\b[0-9]+\b",
    "WORD": r"\b\w+\b",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": r".*?",
    "GREEDYDATA": r".*",
    "GREEDYDATA_MULTILINE": r"[\s\S]*",
    "UUID": r"[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
    "URN": r"urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9A-Za-z()+,.:=@;$_!*'/?#%-]+",
    "ARN": r"arn:(?:aws|aws-cn|aws-us-gov):[\w-]+:[\w-]+:\d{12}:[\w.:@+=,-]+(?:/[\w.:@+=,-]+){0,5}",
    "CISCOMAC": r"(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}",
    "WINDOWSMAC": r"(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}",
    "COMMONMAC": r"(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}",
    "MAC": r"(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
    "IPV6": r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:%{IPV4}|[0-9A-Fa-f]{0,4})",
    "IPV4": r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)",
    "IP": r"(?:%{IPV6}|%{IPV4})",
    "HOSTNAME": r"\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\.?",
    "HOST": r"%{HOSTNAME}",
    "IPORHOST": r"(?:%{IP}|%{HOSTNAME})",
    "HOSTPORT": r"%{IPORHOST}:(?P<PORT>%{POSINT})",
    "URIHOST": r"%{IPORHOST}(?::(?P<port>%{POSINT}))?",
    "UNIXPATH": r"(?:/[\w%!$@:.,+~?&=#-]*)+",
    "WINPATH": r"(?:[A-Za-z]+:|\\)(?:\\[^\\?*\s]*)+",
    "PATH": r"(?:%{UNIXPATH}|%{WINPATH})",
    "TTY": r"/dev/(?:pts|tty(?:[pq])?)(?:\w+)?/?(?:[0-9]*)",
    "URIPROTO": r"[A-Za-z]+(?:\+[A-Za-z+]+)?",
    "URIPATH": r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+",
    "URIPARAM": r"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]<>-]*",
    "URIPATHPARAM": r"%{URIPATH}(?:%{URIPARAM})?",
    "URI": r"%{URIPROTO}://(?:%{USER}(?::[^@\s]*)?@)?(?:%{IPORHOST}(?::[0-9]+)?)?(?:%{URIPATHPARAM})?",
    "MONTH": (
        r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?"
        r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b"
    ),
    "MONTHNUM": r"(?:0?[1-9]|1[0-2])",
    "MONTHNUM2": r"(?:0[1-9]|1[0-2])",
    "MONTHDAY": r"(?:0[1-9]|[12][0-9]|3[01]|[1-9])",
    "YEAR": r"(?:\d\d){1,2}",
    "DAY": (r"(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)"),
    "HOUR": r"(?:2[0-3]|[01]?[0-9])",
    "MINUTE": r"[0-5][0-9]",
    "SECOND": r"(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?",
    "TIME": r"%{HOUR}:%{MINUTE}:%{SECOND}",
    "DATE_US": r"%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
    "DATE_EU": r"%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
    "ISO8601_TIMEZONE": r"(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
    "ISO8601_SECOND": r"%{SECOND}",
    "TIMESTAMP_ISO8601": (
        r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?(?:%{ISO8601_TIMEZONE})?"
    ),
    "DATE": r"(?:%{DATE_US}|%{DATE_EU})",
    "DATESTAMP": r"%{DATE}[- ]%{TIME}",
    "TZ": r"(?:[PMCE][SD]T|UTC)",
    "DATESTAMP_RFC822": r"%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
    "DATESTAMP_RFC2822": r"%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
    "DATESTAMP_OTHER": r"%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
    "DATESTAMP_EVENTLOG": r"%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
    "LOGLEVEL": (
        r"(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo|INFO|[Ww]arn(?:ing)?|WARN(?:ING)?"
        r"|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|EMERG(?:ENCY)?"
        r"|[Ee]merg(?:ency)?)"
    ),
    "HTTPDATE": r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
    "SYSLOGTIMESTAMP": r"%{MONTH} +%{MONTHDAY} %{TIME}",
    "PROG": r"[A-Za-z0-9._/%-]+",
    "SYSLOGPROG": r"(?P<program>%{PROG})(?:\[(?P<pid>%{POSINT})\])?",
    "SYSLOGHOST": r"%{IPORHOST}",
    "SYSLOGFACILITY": r"<(?P<facility>%{NONNEGINT})\.(?P<priority>%{NONNEGINT})>",
}
# The quotes of a quoted string do not belong to what is found.
_QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_QUOTED_NAMES = frozenset({"QUOTEDSTRING", "QS"})

_REQUEST = r'"(?P<http_method>\w+) (?P<request>\S+)(?: HTTP/(?P<http_version>[\d.]+))?" (?P<status_code>\d{3})'
_CLIENT = r"(?P<remote_host>\S+) \S+ (?P<auth_user>\S+) \[(?P<timestamp>[^\]]+)\] " + _REQUEST
_COMMON: Mapping[str, str] = {
    "APACHE_ACCESS_LOG": _CLIENT + r" (?P<response_size>\d+|-)",
    "NGINX_ACCESS_LOG": _CLIENT + r' (?P<response_size>\d+|-) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)"',
    "SYSLOG5424": (
        r"<(?P<pri>\d{1,3})>(?P<version>\d{1,2}) (?P<timestamp>\S+) (?P<hostname>\S+) (?P<app>\S+) (?P<proc_id>\S+)"
        r" (?P<msg_id>\S+) (?:-|\[(?P<structured_data>[^\]]*)\]) ?(?P<message>.*)"
    ),
}
_ONCE = frozenset({*_COMMON, "GREEDYDATA_MULTILINE"})
_NUMBERS = frozenset({"status_code", "response_size", "pri", "version"})
_AFTER_COMMON = frozenset({"DATA", "GREEDYDATA", "GREEDYDATA_MULTILINE"})


def processor(config: Doc) -> Apply:
    """ValueError: the pattern uses what is not supported."""
    source, match = config.get("source", MESSAGE), config["match"]
    _check(match)
    names: dict[str, str] = {}
    spelled = re.compile(_spelled(match, names))
    common = next((name for name in _COMMON if f"%{{{name}" in match), None)

    def apply(event: Event) -> None:
        found = spelled.search(event.text(source))
        if found is None:
            raise Failed(f"{source} does not match the pattern")
        values = {names.get(key, key): value for key, value in found.groupdict().items() if value is not None}
        for key, value in values.items():
            if common is not None:
                if value not in {"-", ""}:
                    event.set(key, _common_value(key, value))
            else:
                event.set(key, _unquoted(key, value, match))

    return apply


def _check(match: str) -> None:
    references = _REFERENCE.findall(match)
    names = [name for name, _, _ in references]
    if not names or len(names) > _MOST:
        raise ValueError(f"A grok pattern must have between 1 and {_MOST} patterns.")
    for name, _, conversion in references:
        if name not in _PATTERNS and name not in _QUOTED_NAMES and name not in _COMMON:
            raise ValueError(f"The grok pattern {name} is not supported.")
        if conversion:
            raise ValueError("Grok patterns do not support type conversions.")
    for name, count in Counter(names).items():
        if count > (1 if name in _ONCE else _FEW if name in _RARE else _MOST):
            raise ValueError(f"The grok pattern {name} is used too often.")
    if set(names) & set(_COMMON):
        alone = names[0] in _COMMON and len(names) <= 2 and set(names[1:]) <= _AFTER_COMMON
        if not alone:
            raise ValueError("A common log pattern comes first, followed by one of DATA, GREEDYDATA alone.")


def _spelled(match: str, names: dict[str, str]) -> str:
    """The pattern as a regular expression; `names` gets the fields of its groups, whose names Python restricts."""

    def spell(reference: re.Match[str]) -> str:
        name, field = reference[1], reference[2]
        if name in _COMMON:
            return _COMMON[name]
        body = _QUOTED if name in _QUOTED_NAMES else _resolved(_PATTERNS[name])
        if not field:
            return f"(?:{_anonymous(body)})"
        group = f"field_{len(names)}"
        names[group] = field
        return f"(?P<{group}>{body})"

    # A literal [ stands for itself, as AWS's own example has it.
    pieces, at = [], 0
    for reference in _REFERENCE.finditer(match):
        pieces += [_literal(match[at : reference.start()]), spell(reference)]
        at = reference.end()
    # What is lazy at the end of the pattern goes to the end of the line.
    end = "$" if at == len(match) and _REFERENCE.findall(match)[-1][0] == "DATA" else ""
    return "".join([*pieces, _literal(match[at:]), end])


def _literal(text: str) -> str:
    return re.escape(re.sub(r"\\(.)", r"\1", text))


def _resolved(pattern: str) -> str:
    while True:
        deeper = _REFERENCE.sub(lambda reference: f"(?:{_PATTERNS[reference[1]]})", pattern)
        if deeper == pattern:
            return pattern
        pattern = deeper


def _anonymous(pattern: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


def _unquoted(key: str, value: str, match: str) -> str:
    quoted = any(f"%{{{name}:{key}}}" in match for name in _QUOTED_NAMES)
    return value[1:-1] if quoted else value


def _common_value(key: str, value: str) -> str | int:
    if key in _NUMBERS:
        return int(value)
    if key == "timestamp" and "/" in value:
        time = datetime.strptime(value, "%d/%b/%Y:%H:%M:%S %z")
        return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value
