"""A template with its parameters for one stack: read, checked, transformed, its conditions decided, and refused where
it cannot be deployed here, all before anything is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core import ids
from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.model import Version
from trunkline.services.cloudformation.preparing import refusing, sources
from trunkline.services.cloudformation.preparing.facts import facts
from trunkline.services.cloudformation.preparing.lookups import Lookups
from trunkline.services.cloudformation.preparing.macros import Transformer
from trunkline.services.cloudformation.preparing.scope import StackScope

Doc = dict[str, Any]
NO_TEMPLATE = "Either Template URL or Template Body must be specified."


class TransformFailed(AwsError):
    """A transform failed: a change set tells of it in its status, everything else in its answer."""


@dataclass(slots=True)
class Target:
    """The stack that a template is prepared for."""

    stack_id: str
    stack_name: str
    notification_arns: tuple[str, ...] = ()


@dataclass(slots=True)
class Prepared:
    """What can be applied."""

    body: str
    template: "template.Template"
    values: dict[str, Any]
    given: dict[str, str]
    resolved: dict[str, str]
    no_echo: list[str]
    conditions: dict[str, bool]
    waits: dict[str, set[str]]

    def version(self, stack_id: str, number: int, kit: Kit, caller: Caller, **more: Any) -> Version:
        """As it is kept."""
        return Version(
            stack_id=stack_id,
            number=number,
            body=self.body,
            processed=self.template.doc,
            at=kit.clock.now(),
            given=self.given,
            values=self.values,
            resolved=self.resolved,
            no_echo=self.no_echo,
            conditions=self.conditions,
            principal=caller.principal.arn,
            source_ip=caller.source_ip,
            **more,
        )


async def prepare(
    kit: Kit,
    caller: Caller,
    target: Target,
    body: str,
    given: list[Doc],
    *,
    previous: Version | None = None,
    capabilities: list[str] | None = None,
    expand: bool = True,
    supported: bool = True,
) -> Prepared:
    """Raises AwsError as CreateStack and UpdateStack do.

    expand: False where transforms are allowed without CAPABILITY_AUTO_EXPAND (change sets). capabilities: None where
    they are not asked for.
    """
    try:
        doc = template.parse(body)
        raw = template.Template(doc)
        raw.check()
        found = await template.parameters(
            raw, template.given(given), previous.given if previous else None, Lookups(kit.call, caller)
        )
        if capabilities is not None:
            _acknowledged(template.capabilities(raw).needed, capabilities, expand)
        transformer = Transformer(kit, caller, target, found.values)
        processed = template.Template(await template.transform(doc, transformer))
        if processed.doc is not raw.doc:
            processed.check()
            if capabilities is not None:
                _acknowledged(template.capabilities(processed).needed, capabilities, False)
            new = {name for name in processed.parameters if name not in raw.parameters}
            if new:
                found = await template.parameters(
                    processed, template.given(given), previous.given if previous else None, Lookups(kit.call, caller)
                )
        scope = StackScope(
            kit, caller, target.stack_id, target.stack_name, target.notification_arns, processed, found.values, {}
        )
        template.rules(processed, scope, await facts(kit.call, caller, processed, found.values))
        conditions = template.conditions(processed, scope)
        waits = template.graph(processed, conditions)
        template.check_attributes(processed, waits, lambda type: refusing.attributes(kit, type))
        template.check_lookups(processed, waits, scope, conditions)
    except template.TransformError as error:
        raise TransformFailed("ValidationError", error.message, status=400) from error
    except template.TemplateError as error:
        raise sources.bad(error.message) from error
    if supported:
        refusing.check(kit, processed, waits)
    return Prepared(
        body=body,
        template=processed,
        values=dict(found.values),
        given=dict(found.given),
        resolved=dict(found.resolved),
        no_echo=sorted(found.no_echo),
        conditions=conditions,
        waits=waits,
    )


def _acknowledged(needed: tuple[str, ...], given: list[str], expand: bool) -> None:
    """Refuse what the caller did not acknowledge."""
    known = set(given)
    if "CAPABILITY_NAMED_IAM" in known:
        known.add("CAPABILITY_IAM")
    missing = [one for one in needed if one not in known and (expand or one != "CAPABILITY_AUTO_EXPAND")]
    if missing:
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(missing)}]")


def same(prepared: Prepared, version: Version, tags: Mapping[str, str]) -> bool:
    """Whether applying it would change nothing: the quick look, on templates and values alone."""
    return (prepared.template.doc, prepared.values, dict(tags)) == (version.processed, version.values, version.tags)


def new_operation_id() -> str:
    return ids.uuid()
