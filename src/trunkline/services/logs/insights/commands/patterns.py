"""pattern, diff, anomaly: events by the shape of their text.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData_Patterns.html

AWS clusters with a model of its own. Here a pattern is what is left of a text when everything that looks like a value
(a time, an address, an identifier, a number, a quoted text after a colon) is replaced by a token of its kind.
"""

from __future__ import annotations

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.commands.building import Building, settle_matched
from trunkline.services.logs.insights.relation import Relation
from trunkline.services.logs.insights.units import MS, milliseconds
from trunkline.services.logs.insights.values import Value

_TOKENS = (
    ("Date", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"),
    ("UUID", r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"),
    ("IPv4", r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
    ("Hex", r"\b(?:0x[0-9a-fA-F]+|(?:[a-f]+\d|\d+[a-f])[0-9a-f]{5,})\b"),
    ("Number", r"[+-]?\b\d+(?:\.\d+)?"),
)
_SEVERITIES = (
    ("Error", r"(?i)\b(?:error|exception|fatal|critical|panic|fail(?:ed|ure)?)\b"),
    ("Warning", r"(?i)\bwarn(?:ing)?\b"),
    ("Info", r"(?i)\binfo\b"),
    ("Debug", r"(?i)\b(?:debug|trace)\b"),
)
_DAYS = {"previousday": 1, "previousweek": 7, "previousmonth": 30}
_LATE_PART = 0.2
_SHOWN = ("@pattern", "@ratio", "@sampleCount", "@severityLabel")


def pattern(building: Building, relation: Relation, command: tree.Pattern) -> Relation:
    settle_matched(building, relation)
    return _patterns(building, relation, building.translator(relation).value(command.field))


def _patterns(building: Building, relation: Relation, value: Value) -> Relation:
    shape = value.text
    for kind, looks in _TOKENS:
        shape = f"regexp_replace({shape}, '{looks}', '<{kind}>', 'g')"
    statement = relation.statement
    late = statement.end_ms - int((statement.end_ms - statement.start_ms) * _LATE_PART)
    stamp = relation.field(("@timestamp",))
    recent = f"CAST(count(*) FILTER (WHERE {stamp.time} >= {late}) AS DOUBLE)" if stamp else "NULL"
    body = (
        f"SELECT shape, CAST(count(*) AS DOUBLE) AS seen, {recent} AS recent"
        f" FROM (SELECT *, {shape} AS shape FROM ({relation.body})) WHERE shape IS NOT NULL GROUP BY shape"
    )
    severity = " ".join(f"WHEN regexp_matches(shape, '{looks}') THEN '{name}'" for name, looks in _SEVERITIES)
    found = Relation(statement, f"SELECT *, seen / sum(seen) OVER () AS ratio FROM ({body})", events=False, shown=[])
    found.columns = {
        "@pattern": Value("shape", "any"),
        "@ratio": Value("ratio", "number"),
        "@sampleCount": Value("seen", "number"),
        "@severityLabel": Value(f"CASE {severity} END", "any"),
    }
    found.order = [("seen", True), ("shape", False)]
    for name in _SHOWN:
        found.show(name)
    return found


def diff(building: Building, relation: Relation, command: tree.Diff) -> Relation:
    """Each pattern with how often it was seen before; how much more or less that is, and in words."""
    statement = building.statement
    if isinstance(command.against, tree.Period):
        back_ms = milliseconds(command.against)
    else:
        back_ms = _DAYS.get(command.against, 0) * MS["d"] or statement.end_ms - statement.start_ms
    before = building.shifted(back_ms)
    if relation.events:
        relation = pattern(building, relation, tree.Pattern(tree.Field(("@message",))))
        before = pattern(building, before, tree.Pattern(tree.Field(("@message",))))
    relation.body = (
        "SELECT coalesce(n.shape, b.shape) AS shape, coalesce(n.seen, 0) AS seen, n.ratio, n.recent,"
        " coalesce(b.seen, 0) AS seen_before"
        f" FROM ({relation.body}) n FULL OUTER JOIN ({before.body}) b ON n.shape = b.shape"
    )
    percent = (
        "concat(if(seen > seen_before, '+', ''), CAST(round((seen - seen_before) * 100 / seen_before) AS BIGINT), '%')"
    )
    words = f"CASE WHEN seen_before = 0 THEN 'New' WHEN seen = 0 THEN 'Gone' ELSE {percent} END"
    relation.columns["@differenceEventCount"] = Value("(seen - seen_before)", "number")
    relation.columns["@differenceDescription"] = Value(words, "any")
    relation.order = [("abs(seen - seen_before)", True), ("shape", False)]
    relation.show("@differenceEventCount")
    relation.show("@differenceDescription")
    return relation


def anomaly(building: Building, relation: Relation, command: tree.Anomaly) -> Relation:
    """New patterns, and patterns far more frequent, in the last fifth of the time than the rest lets expect."""
    earlier = "(seen - recent)"
    expected = f"({earlier} * {_LATE_PART / (1 - _LATE_PART)!r})"
    kind = (
        f"CASE WHEN {earlier} = 0 THEN 'New Pattern'"
        f" WHEN recent > {expected} + 3 * sqrt({expected} + 1) THEN 'Pattern Frequency' END"
    )
    relation.columns["@anomalyType"] = Value(kind, "any")
    relation.columns["@anomalyScore"] = Value(f"greatest((recent - {expected}) / sqrt({expected} + 1), 0)", "number")
    relation.show("@anomalyType")
    relation.show("@anomalyScore")
    return relation
