"""parse in its modes, json, unnest and expand.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Parse.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Unnest.html
"""

from __future__ import annotations

from trunkline.services.logs.insights import discovered, regexes, tree
from trunkline.services.logs.insights.commands.building import Building, settle_matched
from trunkline.services.logs.insights.relation import Relation
from trunkline.services.logs.insights.values import Value, text

_LOGFMT = r"""([^\s=]+)=("(?:[^"\\]|\\.)*"|\S*)"""
_CSV = r"""("(?:[^"]|"")*"|[^,]*)(?:,|$)"""


def parse(building: Building, relation: Relation, command: tree.Parse) -> Relation:
    source = building.translator(relation).value(command.source)
    match command.how:
        case "glob":
            _glob(relation, source, command)
        case "regex" if command.multi:
            settle_matched(building, relation)
            _every_match(relation, source, command)
        case "regex":
            _groups(relation, source, _pattern(command), command.names)
        case "logfmt":
            relation.define(command.names[0], _logfmt(source.text))
        case "csv":
            _csv(relation, source, command.names)
        case _:
            pointer = relation.statement.add(discovered.pointer(tuple(command.pattern.split("."))))
            found = f"json_extract_string(TRY_CAST({source.sql} AS JSON), {pointer})"
            relation.define(command.names[0], Value(found, "any", members=True))
    for name in command.names:
        relation.show(name)
    return relation


def _pattern(command: tree.Parse) -> str:
    named, _ = regexes.group_names(command.pattern)
    return regexes.capturing(command.pattern, bool(named))


def _groups(relation: Relation, source: Value, pattern: str, names: tuple[str, ...]) -> None:
    """What the groups of the first match hold; missing where there is no match."""
    groups = ", ".join(f"'g{place}'" for place in range(len(names)))
    found = relation.let(f"regexp_extract({source.text}, {relation.statement.add(pattern)}, [{groups}])")
    for place, name in enumerate(names):
        relation.define(name, text(f"nullif({found}.g{place}, '')"))


def _glob(relation: Relation, source: Value, command: tree.Parse) -> None:
    """What the stars stand for: each as little as it can, the last all the rest if nothing follows it.

    By searching for the texts between the stars, several times as fast as the regular expression that says the same.
    """
    literals = command.pattern.split("*")
    marks = [relation.statement.add(literal) for literal in literals]
    rest = relation.let(_behind(source.text, marks[0], literals[0]))
    found: list[str] = []
    for place, literal in enumerate(literals[1:], start=1):
        if place == len(command.names) and not literal:
            found.append(rest)
            break
        at = relation.let(f"strpos({rest}, {marks[place]})")
        found.append(relation.let(f"CASE WHEN {at} > 0 THEN substr({rest}, 1, {at} - 1) END"))
        rest = relation.let(_behind(rest, marks[place], literal))
    for name, value in zip(command.names, found, strict=True):
        relation.define(name, text(f"CASE WHEN {rest} IS NOT NULL THEN {value} END"))


def _behind(sql: str, mark: str, literal: str) -> str:
    """What follows the first occurrence of a text; missing where there is none."""
    return f"CASE WHEN contains({sql}, {mark}) THEN substr({sql}, strpos({sql}, {mark}) + {len(literal)}) END"


def _every_match(relation: Relation, source: Value, command: tree.Parse) -> None:
    """A row for each match; one without the fields where nothing matches."""
    pattern, value = relation.statement.add(_pattern(command)), relation.once(source).text
    columns = [relation.statement.name() for _ in command.names]
    lists = [f"regexp_extract_all({value}, {pattern}, {place})" for place in range(1, len(columns) + 1)]
    rows = [
        f"unnest(CASE WHEN len({one}) > 0 THEN {one} ELSE [NULL] END) AS {c}"
        for one, c in zip(lists, columns, strict=True)
    ]
    relation.body = f"SELECT *, {', '.join(rows)} FROM ({relation.body})"
    for column, name in zip(columns, command.names, strict=True):
        relation.columns[name] = Value(column, "any")


def _logfmt(source: str) -> Value:
    pairs = f"list_zip(regexp_extract_all({source}, '{_LOGFMT}', 1), regexp_extract_all({source}, '{_LOGFMT}', 2))"
    plain = r"""replace(regexp_replace(p[2], '^"(.*)"$', '\1', 's'), '\"', '"')"""
    member = f"concat(to_json(p[1]), ':', to_json({plain}))"
    return Value(f"'{{' || array_to_string(list_transform({pairs}, lambda p: {member}), ',') || '}}'", "json")


def _csv(relation: Relation, source: Value, names: tuple[str, ...]) -> None:
    found = relation.let(f"regexp_extract_all({source.text}, '{_CSV}', 1)")
    for place, name in enumerate(names, start=1):
        plain = f"""replace(regexp_replace(trim({found}[{place}]), '^"(.*)"$', '\\1', 's'), '""', '"')"""
        relation.define(name, text(f"nullif({plain}, '')"))


def unnest(building: Building, relation: Relation, command: tree.Unnest) -> Relation:
    """A row for each item of a list; what is no list is one item."""
    settle_matched(building, relation)
    value = relation.once(relation.value(command.field.path))
    document = relation.let(f"TRY_CAST({value.text} AS JSON)")
    every = f"json_extract_string({document}, '$[*]')"
    items = f"CASE WHEN json_type({document}) = 'ARRAY' THEN {every} ELSE [{value.text}] END"
    item = relation.statement.name()
    relation.body = f"SELECT *, unnest({items}) AS {item} FROM ({relation.body})"
    relation.columns[command.into] = Value(item, "any", members=True)
    relation.show(command.into)
    return relation
