"""AWS::Lambda::Version and AWS::Lambda::Alias: a snapshot, and a name that points to one."""

from trunkline.aws.errors import AwsError
from trunkline.aws.handlers import differs, given
from trunkline.aws.resources import NotStabilized, Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.lambda_.resources import shifting
from trunkline.services.lambda_.resources.function import GONE

_NO_CONCURRENCY = "ProvisionedConcurrencyConfigNotFoundException"


class Version(ResourceType):
    """Ref is the version's ARN."""

    name = "AWS::Lambda::Version"
    honoured = frozenset({"CodeSha256", "Description", "FunctionName", "ProvisionedConcurrencyConfig", "RuntimePolicy"})
    recorded = frozenset({"FunctionScalingConfig"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        before = await on.pages("lambda", "ListVersionsByFunction", "Versions", FunctionName=wanted["FunctionName"])
        try:
            made = await on.call(
                "lambda",
                "PublishVersion",
                FunctionName=wanted["FunctionName"],
                CodeSha256=wanted.get("CodeSha256"),
                Description=wanted.get("Description"),
            )
        except AwsError as error:
            if error.code == "InvalidParameterValueException" and "CodeSHA256" in error.message:
                raise NotStabilized(error.message) from error
            raise
        arn, number = str(made["FunctionArn"]), str(made["Version"])
        if not on.resumed and number in {one["Version"] for one in before}:
            # Nothing has changed since: two resources would be one version, and the end of one that of both.
            raise AwsError(
                "ResourceConflictException",
                f"A version for this Lambda function exists ( {number} ). Modify the function to create a new version.",
            )
        await on.made(arn)
        await _provision(on, wanted["FunctionName"], number, {}, wanted)
        if wanted.get("RuntimePolicy"):
            await on.call(
                "lambda",
                "PutRuntimeManagementConfig",
                FunctionName=wanted["FunctionName"],
                Qualifier=number,
                **wanted["RuntimePolicy"],
            )
        return arn

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("lambda", "GetFunctionConfiguration", GONE, FunctionName=physical_id)
        if found is None:
            return None
        arn, _, number = physical_id.rpartition(":")
        # The property is as the template has it: a name, a partial ARN or an ARN.
        read: Doc = {
            "FunctionArn": physical_id,
            "Version": number,
            "FunctionName": on.kept.get("FunctionName", found["FunctionName"]),
            "Description": found.get("Description") or None,
            "CodeSha256": found["CodeSha256"],
            "ProvisionedConcurrencyConfig": await _provisioned(on, arn, number),
        }
        if "RuntimePolicy" in on.kept:
            managed = await on.call("lambda", "GetRuntimeManagementConfig", FunctionName=arn, Qualifier=number)
            read["RuntimePolicy"] = given(
                UpdateRuntimeOn=managed["UpdateRuntimeOn"], RuntimeVersionArn=managed.get("RuntimeVersionArn")
            )
        return given(**read)

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Every property needs a replacement."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("lambda", "DeleteFunction", GONE, FunctionName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("lambda", "ListFunctions", "Functions", FunctionVersion="ALL")
        return [one["FunctionArn"] for one in found if one["Version"] != "$LATEST"]


class Alias(ResourceType):
    """Ref is the alias's ARN. With an UpdatePolicy it is CodeDeploy that moves it to another version."""

    name = "AWS::Lambda::Alias"
    timeout_s = shifting.TIMEOUT_S
    honoured = frozenset(
        {"Description", "FunctionName", "FunctionVersion", "Name", "ProvisionedConcurrencyConfig", "RoutingConfig"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        function, name = wanted["FunctionName"], wanted["Name"]
        params: Doc = {
            "FunctionVersion": wanted["FunctionVersion"],
            "Description": wanted.get("Description"),
            "RoutingConfig": _routing(wanted),
        }
        try:
            made = await on.call("lambda", "CreateAlias", FunctionName=function, Name=name, **params)
        except AwsError as error:
            if not on.resumed or error.code != "ResourceConflictException":
                raise
            made = await on.call("lambda", "UpdateAlias", FunctionName=function, Name=name, **params)
        await _provision(on, function, name, {}, wanted)
        return str(made["AliasArn"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        arn, _, name = physical_id.rpartition(":")
        found = await on.look("lambda", "GetAlias", GONE, FunctionName=arn, Name=name)
        if found is None:
            return None
        weights = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        routing = [{"FunctionVersion": version, "FunctionWeight": weight} for version, weight in weights.items()]
        return given(
            AliasArn=physical_id,
            Name=name,
            FunctionName=on.kept.get("FunctionName", arn.rpartition(":")[2]),
            FunctionVersion=found["FunctionVersion"],
            Description=found.get("Description") or None,
            RoutingConfig={"AdditionalVersionWeights": routing} if routing else None,
            ProvisionedConcurrencyConfig=await _provisioned(on, arn, name),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        policy = on.update_policy.get("CodeDeployLambdaAliasUpdate")
        if policy and old["FunctionVersion"] != new["FunctionVersion"]:
            await shifting.shifted(on, policy, old, new)
        await on.call(
            "lambda",
            "UpdateAlias",
            FunctionName=new["FunctionName"],
            Name=new["Name"],
            FunctionVersion=new["FunctionVersion"],
            Description=new.get("Description", ""),
            RoutingConfig=_routing(new) or {"AdditionalVersionWeights": {}},
        )
        await _provision(on, new["FunctionName"], new["Name"], old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        arn, _, name = physical_id.rpartition(":")
        await on.look("lambda", "DeleteAlias", GONE, FunctionName=arn, Name=name)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for one in await on.pages("lambda", "ListFunctions", "Functions"):
            found += await on.pages("lambda", "ListAliases", "Aliases", FunctionName=one["FunctionName"])
        return [one["AliasArn"] for one in found]


def _routing(wanted: Doc) -> Doc | None:
    weights = (wanted.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    if weights is None:
        return None
    return {"AdditionalVersionWeights": {one["FunctionVersion"]: one["FunctionWeight"] for one in weights}}


async def _provision(on: Provision, function: str, qualifier: str, old: Doc, new: Doc) -> None:
    if not differs(old, new, "ProvisionedConcurrencyConfig"):
        return
    where = {"FunctionName": function, "Qualifier": qualifier}
    if config := new.get("ProvisionedConcurrencyConfig"):
        await on.call("lambda", "PutProvisionedConcurrencyConfig", **where, **config)
    else:
        await on.look("lambda", "DeleteProvisionedConcurrencyConfig", GONE, **where)


async def _provisioned(on: Provision, function: str, qualifier: str) -> Doc | None:
    where = {"FunctionName": function, "Qualifier": qualifier}
    found = await on.look("lambda", "GetProvisionedConcurrencyConfig", GONE, _NO_CONCURRENCY, **where)
    if found is None:
        return None
    return {"ProvisionedConcurrentExecutions": found["RequestedProvisionedConcurrentExecutions"]}
