"""Regular expressions of filter patterns that take time in proportion to the message, however they are written.

Python's `re` tries one way after another: `%a.*b.*c.*d%` over a megabyte would keep it busy for days. AWS's expressions
have no groups, so an automaton of a few lines finds whether one matches: it goes over the message once, with the set of
all places of the expression that may be reached, and remembers where each character leads from each set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MAX_NODES = 2000
_MAX_REMEMBERED = 2000
_STEPS = 50_000

_ATOM = re.compile(
    r"(?P<edge>[\^$]|\\[bBAZ])|(?P<one>\[\^?\]?(?:\\.|[^\]\\])*\]|\\x[0-9A-Fa-f]{2}|\\.|\.|[^\\|*+?{}()\[\]]|[{}\]])"
    r"(?:(?P<mark>[*+?])|\{(?P<least>\d+)(?P<comma>,(?P<most>\d*))?\})?[?+]?|(?P<or>\|)",
    re.DOTALL,
)


class TooLarge(Exception):
    """The expression's automaton would be too large."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in the expression: a character that must come (or may be left out, or repeated), or an edge."""

    one: re.Pattern[str] | None
    edge: str = ""
    optional: bool = False
    repeats: bool = False


class Regex:
    """A regular expression without groups."""

    def __init__(self, text: str) -> None:
        self._plain = re.compile(text)
        self._branches, wide = _parse(text)
        self._literal = _literal(self._branches)
        # Up to this length `re` cannot take long, and is faster.
        self._short = int(_STEPS ** (1 / (wide + 1))) if wide else 1 << 60
        self._remembered: dict[tuple[frozenset[_Place], str, str], frozenset[_Place] | None] = {}

    def found_in(self, text: str) -> bool:
        if self._literal not in text:
            return False
        if len(text) <= self._short:
            return self._plain.search(text) is not None
        places: frozenset[_Place] | None = frozenset()
        before, last = "", len(text) - 1
        for at, char in enumerate(text):
            assert places is not None
            closing = at == last and char == "\n"
            key = (places, _kind(before), char)
            if not closing and key in self._remembered:
                places = self._remembered[key]
            else:
                places = self._follow(places, before, char, closing=closing)
                if not closing:
                    self._remember(key, places)
            if places is None:
                return True
            before = char
        assert places is not None
        return self._reached(places, before, "", closing=True) is None

    def _remember(self, key: tuple[frozenset[_Place], str, str], places: frozenset[_Place] | None) -> None:
        if len(self._remembered) > _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = places

    def _follow(self, places: frozenset[_Place], before: str, char: str, *, closing: bool) -> frozenset[_Place] | None:
        """Where a character leads, or None when the expression has matched before it."""
        reached = self._reached(places, before, char, closing=closing)
        if reached is None:
            return None
        found = set()
        for branch, place in reached:
            node = self._branches[branch][place]
            if node.one is not None and node.one.match(char):
                found.add((branch, place if node.repeats else place + 1))
        return frozenset(found)

    def _reached(self, places: frozenset[_Place], before: str, char: str, *, closing: bool) -> set[_Place] | None:
        """All places that can be reached without taking a character; None when one is the end of a branch.

        closing: the text ends here, or behind the line feed that is next.
        """
        waiting = [*places, *((branch, 0) for branch in range(len(self._branches)))]
        reached: set[_Place] = set()
        while waiting:
            branch, place = waiting.pop()
            if (branch, place) in reached:
                continue
            if place == len(self._branches[branch]):
                return None
            reached.add((branch, place))
            node = self._branches[branch][place]
            if node.optional or (node.edge and _holds(node.edge, before, char, closing=closing)):
                waiting.append((branch, place + 1))
        return reached


_Place = tuple[int, int]


def _kind(char: str) -> str:
    """What edges have to know of the character before: none, of a word, or another."""
    return "" if not char else "w" if char.isalnum() or char == "_" else "."


def _holds(edge: str, before: str, char: str, *, closing: bool) -> bool:
    if edge in ("^", "\\A"):
        return not before
    if edge == "$":
        return closing
    if edge == "\\Z":
        return not char
    boundary = (_kind(before) == "w") != (_kind(char) == "w")
    return boundary == (edge == "\\b")


def _parse(text: str) -> tuple[list[list[_Node]], int]:
    """The nodes of each alternative, and how many atoms can match texts of different lengths."""
    branches: list[list[_Node]] = [[]]
    wide = at = total = 0
    while at < len(text):
        match = _ATOM.match(text, at)
        if match is None:
            raise TooLarge(text[at:])  # `re` understood it, we do not
        at = match.end()
        if match["or"]:
            branches.append([])
            continue
        if match["edge"]:
            branches[-1].append(_Node(None, match["edge"]))
            continue
        least, most = _count(match)
        total += least + (most - least if most is not None else 1)
        if total > _MAX_NODES:
            raise TooLarge(text)
        wide += most != least
        one = re.compile(match["one"], re.DOTALL if match["one"] != "." else 0)
        branches[-1] += [_Node(one)] * least
        branches[-1] += [_Node(one, optional=True)] * (most - least) if most is not None else []
        if most is None:
            branches[-1].append(_Node(one, optional=True, repeats=True))
    return branches, wide


def _literal(branches: list[list[_Node]]) -> str:
    """The longest text that must be in any match; empty where there are alternatives."""
    longest = run = ""
    for node in branches[0] if len(branches) == 1 else ():
        plain = node.one is not None and not node.optional and re.fullmatch(r"[^.\\[]", node.one.pattern)
        run = run + node.one.pattern if plain and node.one is not None else ""
        longest = max(longest, run, key=len)
    return longest


def _count(match: re.Match[str]) -> tuple[int, int | None]:
    """How often an atom comes: at least, and at most (None: without end)."""
    if match["mark"]:
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[match["mark"]]
    if match["least"] is None:
        return 1, 1
    least = int(match["least"])
    if not match["comma"]:
        return least, least
    return least, int(match["most"]) if match["most"] else None
