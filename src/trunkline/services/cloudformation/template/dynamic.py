"""Dynamic references: `{{resolve:ssm:name:version}}`, `{{resolve:ssm-secure:...}}`, `{{resolve:secretsmanager:...}}`.

They are resolved in text that evaluation has finished, so a Sub or Join may build them. Their values are never looked
at for references again.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from trunkline.services.cloudformation.template.errors import UNKNOWN, TemplateError, Unknown
from trunkline.services.cloudformation.template.scope import Scope

REFERENCE = re.compile(r"\{\{resolve:([A-Za-z-]+):([^{}]*)\}\}")
KINDS = frozenset({"ssm", "ssm-secure", "secretsmanager"})
_SSM_NAME = re.compile(r"[a-zA-Z0-9_.\-/]+")
_ARN_PARTS = 7


@dataclass(frozen=True, slots=True)
class SsmReference:
    name: str
    version: int | None


@dataclass(frozen=True, slots=True)
class SecretReference:
    """`secret_id` is a name or an ARN; without a JSON key the whole secret string is meant."""

    secret_id: str
    json_key: str | None
    version_stage: str | None
    version_id: str | None


def ssm_reference(key: str) -> SsmReference:
    """The key of an ssm or ssm-secure reference: `name` or `name:version`; a shared parameter's ARN is a name too."""
    name, colon, version = key.rpartition(":")
    if not colon or (key.startswith("arn:") and not version.isdigit()):
        name, version = key, ""
    if version and not version.isdigit():
        raise TemplateError(f"Incorrect format is used in the following SSM reference: [{{{{resolve:ssm:{key}}}}}]")
    if not name.startswith("arn:") and not _SSM_NAME.fullmatch(name):
        raise TemplateError(f"Incorrect format is used in the following SSM reference: [{{{{resolve:ssm:{key}}}}}]")
    return SsmReference(name, int(version) if version else None)


def secret_reference(key: str) -> SecretReference:
    """The key of a secretsmanager reference: `id[:SecretString[:json-key[:version-stage[:version-id]]]]`."""
    parts = key.split(":")
    if key.startswith("arn:"):
        secret_id, rest = ":".join(parts[:_ARN_PARTS]), parts[_ARN_PARTS:]
    else:
        secret_id, rest = parts[0], parts[1:]
    rest += [""] * (4 - len(rest))
    kind, json_key, stage, version_id = (part or None for part in rest[:4])
    if not secret_id or len(rest) > 4 or kind not in {None, "SecretString"}:
        raise TemplateError(
            f"Incorrect format is used in the following Secrets Manager reference: "
            f"[{{{{resolve:secretsmanager:{key}}}}}]"
        )
    return SecretReference(secret_id, json_key, stage, version_id)


def secret_value(reference: SecretReference, secret_string: str) -> str:
    """What a reference gives of a secret's string."""
    if reference.json_key is None:
        return secret_string
    try:
        found = json.loads(secret_string)
        value = found[reference.json_key]
    except (ValueError, KeyError, TypeError) as error:
        raise TemplateError("Could not find a value associated with JSONKey in SecretString") from error
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def references(value: Any) -> set[tuple[str, str]]:
    """The kinds and keys of all references written out in a value."""
    if isinstance(value, str):
        return set(REFERENCE.findall(value)) if "{{resolve:" in value else set()
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {found for item in items for found in references(item)}


async def resolved(value: Any, scope: Scope) -> Any:
    """An evaluated value with its dynamic references replaced by what they stand for."""
    if isinstance(value, str):
        return await _text(value, scope) if "{{resolve:" in value else value
    if isinstance(value, dict):
        return {key: await resolved(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [await resolved(item, scope) for item in value]
    return value


async def _text(text: str, scope: Scope) -> str:
    made, end = [], 0
    for found in REFERENCE.finditer(text):
        kind, key = found[1], found[2]
        if kind not in KINDS:
            raise TemplateError(f"Template error: dynamic references to {kind} are not supported: {found[0]}")
        made.append(text[end : found.start()])
        end = found.end()
        try:
            made.append(await scope.dynamic(kind, key))
        except Unknown:
            made.append(UNKNOWN)
    return "".join(made) + text[end:]
