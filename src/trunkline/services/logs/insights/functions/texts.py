"""String functions. `substr` counts from 0; trimming takes off characters, not words."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.services.logs.insights import regexes
from trunkline.services.logs.insights.functions.registry import Arguments, function
from trunkline.services.logs.insights.values import Value, number, text

_LONGEST = 1 << 30


def _on_text(name: str) -> Callable[[Arguments], Value]:
    def build(of: Arguments) -> Value:
        return text(f"{name}({', '.join(value.text for value in of.all())})")

    return build


def _trim(name: str) -> Callable[[Arguments], Value]:
    def build(of: Arguments) -> Value:
        chars = of[1].text if len(of) == 2 else "' \t\n\r\f\v'"
        return text(f"{name}({of[0].text}, {chars})")

    return build


def _truth(sql: str) -> Value:
    """These functions give 1 and 0, also of what is missing."""
    return number(f"CAST(({sql}) IS TRUE AS DOUBLE)")


def _is_empty(of: Arguments) -> Value:
    return _truth(f"coalesce({of[0].text}, '') = ''")


def _is_blank(of: Arguments) -> Value:
    return _truth(f"trim(coalesce({of[0].text}, ''), ' \t\n\r\f\v') = ''")


def _contains(of: Arguments) -> Value:
    if len(of) == 2:
        return _truth(f"contains({of[0].text}, {of[1].text})")
    whole, part = of.text_once(0), of.text_once(1)
    folded = f"contains(lower({whole}), lower({part}))"
    return _truth(f"CASE WHEN {of.condition(2)} THEN {folded} ELSE contains({whole}, {part}) END")


def _substr(of: Arguments) -> Value:
    start = f"(least(greatest({of[1].integer}, 0), {_LONGEST}) + 1)"
    length = f", least(greatest({of[2].integer}, 0), {_LONGEST})" if len(of) == 3 else ""
    return text(f"substr({of[0].text}, {start}{length})")


def _regex_replace(of: Arguments) -> Value:
    pattern = of.constant(1)
    regexes.check(pattern, of.call.start)
    found = of.statement.add(regexes.unescaped(pattern))
    return text(f"regexp_replace({of[0].text}, {found}, {of[2].text}, 'g')")


def _base64_decode(of: Arguments) -> Value:
    # Only what is base64 is decoded: the function fails on anything else.
    value = of.text_once(0)
    is_base64 = rf"regexp_full_match({value}, '(?:[A-Za-z0-9+/]{{4}})*(?:[A-Za-z0-9+/]{{2}}==|[A-Za-z0-9+/]{{3}}=)?')"
    return text(f"CASE WHEN {is_base64} THEN TRY(decode(from_base64({value}))) END")


def _hex_to_ascii(of: Arguments) -> Value:
    value = of.text_once(0)
    is_ascii = f"regexp_full_match({value}, '(?:[0-7][0-9A-Fa-f])*')"
    return text(f"CASE WHEN {is_ascii} THEN decode(unhex({value})) END")


def _hex_to_number(of: Arguments) -> Value:
    digits = f"regexp_extract(lower({of[0].text}), '^(?:0x)?([0-9a-f]{{1,15}})$', 1)"
    return number(f"CAST(TRY_CAST('0x' || {digits} AS BIGINT) AS DOUBLE)")


def _number_to_hex(of: Arguments) -> Value:
    value = of.translator.relation.once(Value(of[0].integer, "number")).sql
    return text(f"CASE WHEN {value} < 0 THEN '-' ELSE '' END || '0x' || lower(to_hex(abs({value})))")


FUNCTIONS = {
    "isempty": function(_is_empty, 1),
    "isblank": function(_is_blank, 1),
    "concat": function(_on_text("concat"), 1, None),
    "trim": function(_trim("trim"), 1, 2),
    "ltrim": function(_trim("ltrim"), 1, 2),
    "rtrim": function(_trim("rtrim"), 1, 2),
    "strlen": function(lambda of: number(f"CAST(length({of[0].text}) AS DOUBLE)"), 1),
    "toupper": function(_on_text("upper"), 1),
    "tolower": function(_on_text("lower"), 1),
    "substr": function(_substr, 2, 3),
    "replace": function(_on_text("replace"), 3),
    "regexreplace": function(_regex_replace, 3),
    "strcontains": function(_contains, 2, 3),
    "startswith": function(lambda of: _truth(f"starts_with({of[0].text}, {of[1].text})"), 2),
    "endswith": function(lambda of: _truth(f"ends_with({of[0].text}, {of[1].text})"), 2),
    "urlencode": function(_on_text("url_encode"), 1),
    "urldecode": function(lambda of: text(f"TRY(url_decode({of[0].text}))"), 1),
    "base64encode": function(lambda of: text(f"to_base64(encode({of[0].text}))"), 1),
    "base64decode": function(_base64_decode, 1),
    "split": function(
        lambda of: Value(f"CAST(to_json(string_split({of[0].text}, {of[1].text})) AS VARCHAR)", "json"), 2
    ),
    "md5": function(_on_text("md5"), 1),
    "sha256": function(_on_text("sha256"), 1),
    "hextoascii": function(_hex_to_ascii, 1),
    "hextodec": function(_hex_to_number, 1),
    "dectohex": function(_number_to_hex, 1),
}
