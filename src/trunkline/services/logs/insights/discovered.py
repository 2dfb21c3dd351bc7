"""The fields that AWS finds in events by itself.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html

Any member of a JSON event, by a path with dots; for Lambda also of the first JSON in a line of text. The fields of VPC
flow logs (default format), of Route 53's query logs and of Lambda's START, END and REPORT lines, where a line has that
form. Not the first 200 members only: a query names what it wants, so nothing is gained by a limit here.
"""

from __future__ import annotations

from collections.abc import Callable

from trunkline.services.logs.insights.values import Value, number, text, time

_FLOW = (
    "version accountId interfaceId srcAddr dstAddr srcPort dstPort protocol packets bytes start end action logStatus"
)
_FLOW_FIELDS = {name: place for place, name in enumerate(_FLOW.split(), start=1)} | {"startTime": 11, "endTime": 12}
_DNS = (
    "version queryTimestamp hostZoneId queryName queryType responseCode protocol edgeLocation resolverIp"
    " ednsClientSubnet"
)
_DNS_FIELDS = {name: place for place, name in enumerate(_DNS.split(), start=1)}
_IS_FLOW = "starts_with(split_part(message, ' ', 3), 'eni-')"
_IS_DNS = "(starts_with(message, '1.') AND starts_with(split_part(message, ' ', 3), 'Z'))"
_UUID = "[0-9a-f]{8}-[0-9a-f-]{27}"


def _report(label: str, unit: str, factor: str = "") -> Value:
    found = rf"TRY_CAST(regexp_extract(message, '\t{label}: ([\d.]+) {unit}', 1) AS DOUBLE){factor}"
    return number(f"CASE WHEN starts_with(message, 'REPORT ') THEN {found} END")


_SYSTEM = {
    "@timestamp": time("time_ms"),
    "@ingestionTime": time("ingestion_ms"),
    "@message": text("message"),
    "@logStream": text("stream_name"),
    "@log": text("log_name"),
    "@logGroupId": text("grp"),
    "@aws.account": text("split_part(log_name, ':', 1)"),
    "@ptr": text("concat_ws('/', grp, time_ms, slice_start_s, batch, place)"),
    # Lambda
    "@type": text(r"nullif(regexp_extract(message, '^(START|END|REPORT|INIT_START)\b', 1), '')"),
    "@requestId": text(rf"nullif(regexp_extract(message, '(?:RequestId: |^\S+Z\t)({_UUID})', 1), '')"),
    "@duration": _report("Duration", "ms"),
    "@billedDuration": _report("Billed Duration", "ms"),
    "@initDuration": _report("Init Duration", "ms"),
    "@memorySize": _report("Memory Size", "MB", " * 1000000"),
    "@maxMemoryUsed": _report("Max Memory Used", "MB", " * 1000000"),
    "@xrayTraceId": text(r"nullif(regexp_extract(message, 'XRAY TraceId: (\S+)', 1), '')"),
    "@xraySegmentId": text(r"nullif(regexp_extract(message, 'SegmentId: (\S+)', 1), '')"),
}
SYSTEM = tuple(_SYSTEM)
NAMED = frozenset({"@logStream", "@log", "@aws.account"})
"""These need the names of streams and groups."""


def known(name: str) -> Value | None:
    """A system field, or a field of a log format that AWS knows."""
    if name in _SYSTEM:
        return _SYSTEM[name]
    cases = [
        f"WHEN {test} THEN split_part(message, ' ', {places[name]})"
        for test, places in ((_IS_FLOW, _FLOW_FIELDS), (_IS_DNS, _DNS_FIELDS))
        if name in places
    ]
    return text(f"CASE {' '.join(cases)} END") if cases else None


def json_field(path: tuple[str, ...], add: Callable[[object], str], *, embedded: bool) -> str:
    """A member of the event's JSON. Its name may have dots of its own, which no path tells from steps."""
    # TRY_CAST and not TRY: the latter falls back to a row at a time where JSON is broken, fifty times slower.
    document = f"TRY_CAST({_EMBEDDED if embedded else 'message'} AS JSON)"
    tries = [f"json_extract_string({document}, {add(pointer(path))})"]
    if len(path) > 1:
        tries.append(f"json_extract_string({document}, {add(pointer(('.'.join(path),)))})")
    return tries[0] if len(tries) == 1 else f"coalesce({', '.join(tries)})"


_EMBEDDED = r"CASE WHEN starts_with(message, '{') THEN message ELSE regexp_extract(message, '(?s)\{.*\}') END"


def pointer(path: tuple[str, ...]) -> str:
    """A JSON pointer: an index and a key look alike, so `a.0` finds a list's first and a map's "0"."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path)
