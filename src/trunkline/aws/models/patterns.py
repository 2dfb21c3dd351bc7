"""AWS's regular expressions are Java's; these are the differences that its models make use of.

A pattern has to match the whole value, `\\w` and friends mean ASCII, `\\p{L}` names a Unicode category and characters
beyond the basic plane are written as surrogate pairs. A pattern that still does not compile is not checked.
"""

import re
from functools import lru_cache

_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
_CATEGORIES = {
    # Python has no categories. `\w` in Unicode mode is letters and numbers (and the underscore, which every model that
    # names letters also allows).
    "L": r"\w",
    "N": r"\w",
    "Lu": r"\w",
    "Ll": r"\w",
    "Nd": r"\d",
    "Alpha": "a-zA-Z",
    "Alnum": "a-zA-Z0-9",
    "Digit": "0-9",
    "IsAlphabetic": r"\w",
    "IsLetter": r"\w",
    "IsDigit": r"\d",
    "Z": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    "Zs": " \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000",
    "M": "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0903\u1ab0-\u1aff\u20d0-\u20ff",
    "P": r"!-#%-*,-/:;?@\[-\]_{}\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3003",
    "S": r"$+<=>\^`|~\u00a2-\u00a9\u00ac\u00ae-\u00b1\u00b4\u00d7\u00f7\u20a0-\u20bf\u2100-\u214f\u2190-\u23ff",
    "Print": " -~",
    "Graph": "!-~",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\s",
    "ASCII": r"\x00-\x7f",
}
_CATEGORY = re.compile(r"\\p\{(\w+)\}|\\p([LNZMPS])")
# Patterns that backtrack exponentially (300 characters would stop the server), with linear ones that match the same.
# A test looks for others.
_LINEAR = {
    r"^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$": r"^[a-z0-9*]+(?:[._\-/][a-z0-9*]+)*$",
    r"^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$": r"^\t*[\x20-\x7E][\t\x20-\x7E]*$",
    r"^[ \t]*[^\x00-\x1F:\x7F]+([ \t]+[^\x00-\x1F:\x7F]+)*[ \t]*$": (
        r"^\t*[^\x00-\x1F:\x7F](?:[^\x00-\x1F:\x7F]|\t)*$"
    ),
}
_LEADING_FLAGS = re.compile(r"\(\?([ims]+)\)")
_DASH_AFTER_CLASS = re.compile(r"(\\[wdsWDS])-(?=[^\]])")


@lru_cache(maxsize=4096)
def translate(pattern: str) -> str | None:
    """The pattern in Python's syntax, matching whole values; None if Python cannot express it."""
    names_categories = "\\p" in pattern
    text = (
        _LINEAR.get(pattern, pattern)
        .replace(_SURROGATES, "\U00010000-\U0010ffff")
        .replace(_SURROGATES.lower(), "\U00010000-\U0010ffff")
    )
    text = _DASH_AFTER_CLASS.sub(r"\1\\-", text)
    text = _expand_categories(text)
    flags = "" if names_categories else "a"
    if leading := _LEADING_FLAGS.match(text):
        text, flags = text[leading.end() :], flags + leading[1]
    scoped = f"(?{flags}:{text})"
    whole = rf"\A{scoped}\Z"
    try:
        re.compile(whole)
    except (re.error, OverflowError, RecursionError):
        return None
    return whole


def _expand_categories(text: str) -> str:
    out = []
    position = 0
    for found in _CATEGORY.finditer(text):
        out.append(text[position : found.start()])
        members = _CATEGORIES.get(found[1] or found[2])
        if members is None:
            return text  # does not compile, and so is not checked
        out.append(members if _inside_set(text, found.start()) else f"[{members}]")
        position = found.end()
    out.append(text[position:])
    return "".join(out)


def _inside_set(text: str, position: int) -> bool:
    inside = False
    index = 0
    while index < position:
        if text[index] == "\\":
            index += 1
        elif text[index] == "[":
            inside = True
        elif text[index] == "]":
            inside = False
        index += 1
    return inside
