"""Templates themselves: what a stack has, what one asks for, whether one is right."""

import orjson

from trunkline.aws import schemas
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.api.part import STACK, Part
from trunkline.services.cloudformation.model import Status, Version
from trunkline.services.cloudformation.preparing import refusing, sources
from trunkline.services.cloudformation.preparing.prepare import NO_TEMPLATE
from trunkline.services.cloudformation.preparing.sources import bad


class TemplateOperations(Part):
    """GetTemplate, GetTemplateSummary, ValidateTemplate, EstimateTemplateCost."""

    @operation(STACK)
    async def get_template(self, call: Call, req: Doc) -> Doc:
        stages = ["Original", "Processed"]
        if "StackName" in req and "ChangeSetName" not in req:
            stack = self._stack(call, req["StackName"])
            if stack.status is Status.REVIEW_IN_PROGRESS:  # its first change set has not been executed
                return {"TemplateBody": "{}", "StagesAvailable": stages}
        version = self._version_asked(call, req)
        if req.get("TemplateStage", "Original") == "Original":
            return {"TemplateBody": version.body, "StagesAvailable": stages}
        if version.processed == _parsed(version.body):
            return {"TemplateBody": version.body, "StagesAvailable": stages}
        body = orjson.dumps(version.processed, option=orjson.OPT_INDENT_2).decode()
        return {"TemplateBody": body, "StagesAvailable": stages}

    def _version_asked(self, call: Call, req: Doc) -> Version:
        if req.get("ChangeSetName"):
            return self._of_change_set(call, req)
        if not req.get("StackName"):
            raise bad("StackName is required if ChangeSetName is not specified.")
        stack = self._stack(call, req["StackName"])
        found = store.version(self._db, stack)
        if found is None:
            raise bad(f"Stack [{stack.name}] has no template: its first change set has not been executed.")
        return found

    def _of_change_set(self, call: Call, req: Doc) -> Version:
        """Known to the operations of change sets."""
        raise NotImplementedError

    @operation(STACK)
    async def get_template_summary(self, call: Call, req: Doc) -> Doc:
        if req.get("StackSetName"):
            raise bad("Give TemplateBody, TemplateURL or StackName.")
        body = await sources.text(self._kit.call, call.caller, req)
        if req.get("StackName"):
            if body is not None:
                raise bad("Only one of StackName, TemplateBody and TemplateURL can be specified.")
            body = self._version_asked(call, {"StackName": req["StackName"]}).body
        if body is None:
            raise bad(NO_TEMPLATE)
        parsed = _checked(body)
        found = template.summary(parsed)
        unknown = [name for name in found.resource_types if refusing.find(self._kit, name) is None]
        config = req.get("TemplateSummaryConfig") or {}
        return {
            "Parameters": found.parameters,
            "Description": found.description,
            "Capabilities": list(found.capabilities.needed) or None,
            "CapabilitiesReason": found.capabilities.reason,
            "ResourceTypes": found.resource_types,
            "Version": found.version,
            "Metadata": orjson.dumps(found.metadata).decode() if found.metadata else None,
            "DeclaredTransforms": found.declared_transforms or None,
            "ResourceIdentifierSummaries": _identifiers(found.resources_by_type),
            "Warnings": {"UnrecognizedResourceTypes": unknown}
            if unknown and config.get("TreatUnrecognizedResourceTypesAsWarnings")
            else None,
        }

    @operation(STACK)
    async def validate_template(self, call: Call, req: Doc) -> Doc:
        body = await sources.text(self._kit.call, call.caller, req)
        if body is None:
            raise bad(NO_TEMPLATE)
        parsed = _checked(body)
        unknown = {
            one.type: None
            for one in parsed.resources.values()
            if one.condition is None and not parsed.pending and refusing.find(self._kit, one.type) is None
        }
        if unknown:
            raise bad(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
        found = template.summary(parsed)
        return {
            "Parameters": [
                {
                    "ParameterKey": one["ParameterKey"],
                    "DefaultValue": one.get("DefaultValue"),
                    "NoEcho": one.get("NoEcho", False),
                    "Description": one.get("Description"),
                }
                for one in found.parameters
            ],
            "Description": found.description,
            "Capabilities": list(found.capabilities.needed) or None,
            "CapabilitiesReason": found.capabilities.reason,
            "DeclaredTransforms": found.declared_transforms or None,
        }


def _checked(body: str) -> "template.Template":
    try:
        parsed = template.Template(template.parse(body))
        parsed.check()
        if not parsed.pending:
            template.graph(parsed, dict.fromkeys(parsed.conditions, True))
    except template.TemplateError as error:
        raise bad(error.message) from error
    return parsed


def _parsed(body: str) -> Doc:
    return dict(template.parse(body))


def _identifiers(by_type: dict[str, list[str]]) -> list[Doc]:
    found = []
    for name, logical_ids in by_type.items():
        schema = schemas.load(name)
        if schema is not None:
            identifiers = [pointer[-1] for pointer in schema.primary_identifier]
            found.append({"ResourceType": name, "LogicalResourceIds": logical_ids, "ResourceIdentifiers": identifiers})
    return found
