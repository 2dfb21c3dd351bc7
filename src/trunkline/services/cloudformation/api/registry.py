"""The registry as far as it is read: which types there are here, and their schemas.

Registering types of one's own (RegisterType, ActivateType) is refused by not being there: a type is a service's code.
"""

import orjson

from trunkline.aws import paging, schemas
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.cloudformation.api.part import Part

_PAGE = 100


class RegistryOperations(Part):
    """ListTypes, DescribeType, ListTypeVersions."""

    @operation()
    async def list_types(self, call: Call, req: Doc) -> Doc:
        filters = req.get("Filters") or {}
        public = req.get("Visibility", "PRIVATE") == "PUBLIC" and req.get("Type", "RESOURCE") == "RESOURCE"
        public = public and filters.get("Category", "AWS_TYPES") == "AWS_TYPES"
        names = [name for name in self._kit.resource_types if public and self._listed(name, req, filters)]
        limit = req.get("MaxResults") or _PAGE
        page, token = paging.page(names, limit, req.get("NextToken"), key=str, error="CFNRegistryException")
        summaries = [
            {
                "Type": "RESOURCE",
                "TypeName": name,
                "TypeArn": _arn(call, name),
                "Description": _description(name),
                "IsActivated": False,
            }
            for name in page
        ]
        return {"TypeSummaries": summaries, "NextToken": token}

    def _listed(self, name: str, req: Doc, filters: Doc) -> bool:
        wanted = req.get("ProvisioningType")
        return name.startswith(filters.get("TypeNamePrefix", "")) and wanted in (None, _provisioning(name))

    @operation()
    async def describe_type(self, call: Call, req: Doc) -> Doc:
        name = req.get("TypeName") or ""
        if req.get("Arn"):
            name = req["Arn"].rpartition("/")[2].replace("-", "::")
        if req.get("Type", "RESOURCE") != "RESOURCE" or name not in self._kit.resource_types:
            raise AwsError("TypeNotFoundException", f"The type '{name}' cannot be found.")
        schema = schemas.registry_schema(name) or {}
        return {
            "Arn": _arn(call, name),
            "Type": "RESOURCE",
            "TypeName": name,
            "IsDefaultVersion": True,
            "Description": _description(name),
            "Schema": orjson.dumps(schema).decode(),
            "ProvisioningType": _provisioning(name),
            "DeprecatedStatus": "LIVE",
            "Visibility": "PUBLIC",
            "SourceUrl": schema.get("sourceUrl"),
            "DocumentationUrl": schema.get("documentationUrl"),
            "IsActivated": False,
        }

    @operation()
    async def list_type_versions(self, call: Call, req: Doc) -> Doc:
        await self.describe_type(call, req)
        return {"TypeVersionSummaries": []}


def _arn(call: Call, name: str) -> str:
    return f"arn:aws:cloudformation:{call.region}::type/resource/{name.replace('::', '-')}"


def _description(name: str) -> str:
    found = schemas.registry_schema(name) or {}
    return str(found.get("description") or f"Resource Type definition for {name}")


def _provisioning(name: str) -> str:
    schema = schemas.load(name)
    if schema is None or schema.legacy:
        return "NON_PROVISIONABLE"
    settable = {key for key in schema.properties if (key,) not in schema.read_only}
    return "IMMUTABLE" if settable and settable <= {pointer[0] for pointer in schema.create_only} else "FULLY_MUTABLE"
