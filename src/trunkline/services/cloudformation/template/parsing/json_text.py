"""JSON templates: strict JSON, with the place of an error as CloudFormation tells it, and no key twice."""

import json
from typing import Any

from trunkline.services.cloudformation.template.errors import TemplateError


class _Duplicate(ValueError):
    pass


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Duplicate(key)
            seen.add(key)
    return found


def _refuse_constant(name: str) -> Any:
    raise TemplateError(f"Template format error: JSON not well-formed. ({name} is no JSON number)")


def parse_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_no_key_twice, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise TemplateError(
            f"Template format error: JSON not well-formed. (line {error.lineno}, column {error.colno})"
        ) from error
    except _Duplicate as error:
        raise TemplateError(f"Template format error: JSON not well-formed. (Duplicate key '{error}')") from error
    except RecursionError as error:
        raise TemplateError("Template format error: unsupported structure.") from error
