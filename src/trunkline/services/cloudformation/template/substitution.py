"""The text of Fn::Sub: its variables, and `${!Literal}` which stands for `${Literal}`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-sub.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trunkline.services.cloudformation.template import words
from trunkline.services.cloudformation.template.errors import TemplateError

_PIECE = re.compile(r"\$\{([^}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z0-9_.:]+(?:\.[A-Za-z0-9_.:\-]+)?")


@dataclass(frozen=True, slots=True)
class Variable:
    """`${name}`, or `${logical.attribute}` when the name has a dot."""

    name: str

    @property
    def attribute(self) -> tuple[str, str] | None:
        logical, dot, attribute = self.name.partition(".")
        return (logical, attribute) if dot else None


def pieces(text: str) -> Iterator[str | Variable]:
    """The text cut into literal pieces and variables."""
    end = 0
    for found in _PIECE.finditer(text):
        if found.start() > end:
            yield text[end : found.start()]
        end = found.end()
        name = found[1]
        if name.startswith("!"):
            yield "${" + name[1:] + "}"
            continue
        name = name.strip()
        if not _VARIABLE.fullmatch(name):
            raise TemplateError(words.SUB_VARIABLE)
        yield Variable(name)
    if end < len(text):
        yield text[end:]


def variables(text: str) -> list[Variable]:
    return [piece for piece in pieces(text) if isinstance(piece, Variable)]
