"""Which data protection applies to a log group: its own policy's, its account's, and that of policies gone by."""

from __future__ import annotations

from dataclasses import dataclass, field

from trunkline.core.db import Reader, Table, Tx
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.protection.masking import Era, Masks
from trunkline.services.logs.protection.policy import Policy, parse


@dataclass
class Protection:
    """The policy of a scope: a log group's id, or empty for the whole account. No document: it has been deleted."""

    account: str
    region: str
    scope: str
    document: str | None = None
    updated_ms: int = 0
    eras: list[Era] = field(default_factory=list)


PROTECTIONS = Table("logs_protections", Protection, key=("account", "region", "scope"))


def protection(reader: Reader, account: str, region: str, scope: str) -> Protection:
    return PROTECTIONS.get(reader, account, region, scope) or Protection(account, region, scope)


def change(tx: Tx, account: str, region: str, scope: str, document: str | None, now_ms: int) -> Protection:
    """End the present era, and begin another if there is a document."""
    found = protection(tx, account, region, scope)
    if found.eras and found.eras[-1].until_ms is None:
        found.eras[-1].until_ms = now_ms
    if document is not None:
        policy = parse(document)
        found.eras.append(Era(now_ms, None, list(policy.identifiers), policy.custom))
    found.document, found.updated_ms = document, now_ms
    PROTECTIONS.put(tx, found)
    return found


def of_group(reader: Reader, group: LogGroup) -> list[Protection]:
    """Of the group and of its account; both apply."""
    scopes = (group.id, "")
    found = [PROTECTIONS.get(reader, group.account, group.region, scope) for scope in scopes]
    return [one for one in found if one is not None]


def masks(reader: Reader, group: LogGroup) -> Masks:
    return Masks([era for one in of_group(reader, group) for era in one.eras])


def policies(reader: Reader, group: LogGroup) -> tuple[Policy, ...]:
    """Those in force."""
    return tuple(parse(one.document) for one in of_group(reader, group) if one.document is not None)
