"""Template text to plain data: JSON when it starts with a brace, else YAML with CloudFormation's short forms."""

from typing import Any

from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.parsing.json_text import parse_json
from trunkline.services.cloudformation.template.parsing.yaml_text import parse_yaml

MAX_BYTES = 1_000_000
"""What AWS enforces for its 1 MB (https://github.com/aws-amplify/amplify-cli/issues/7680)."""
MAX_BODY_BYTES = 51_200
"""For a template given in the request itself; one by URL may be MAX_BYTES."""
_DEEPEST = 120
"""What recursion bears here. Real templates stay under 30."""


def parse(body: str) -> dict[str, Any]:
    """The template as dicts, lists and scalars, short forms written out. Raises TemplateError."""
    if len(body.encode()) > MAX_BYTES:
        raise TemplateError(f"Template may not exceed {MAX_BYTES} bytes in size.")
    doc = parse_snippet(body)
    if not isinstance(doc, dict) or _deeper_than(_DEEPEST, doc):
        raise TemplateError("Template format error: unsupported structure.")
    return doc


def parse_snippet(body: str) -> Any:
    """A piece of a template, of any kind."""
    text = body.lstrip("\ufeff")
    return parse_json(text) if text.lstrip().startswith(("{", "[")) else parse_yaml(text)


def _deeper_than(levels: int, value: Any) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_deeper_than(levels - 1, item) for item in items)
