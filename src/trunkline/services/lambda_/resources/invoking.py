"""What invokes functions: event source mappings and URLs; and how asynchronous events are dealt with."""

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.handlers import given
from trunkline.aws.resources import NotStabilized, Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.lambda_.resources.function import GONE

_OF_INVOKE = ("DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts")


class EventInvokeConfig(ResourceType):
    """Ref is the function's name and the qualifier, joined by |."""

    name = "AWS::Lambda::EventInvokeConfig"
    honoured = frozenset({*_OF_INVOKE, "FunctionName", "Qualifier"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        await self._put(on, wanted)
        return f"{_name(wanted['FunctionName'])}|{wanted['Qualifier']}"

    async def _put(self, on: Provision, wanted: Doc) -> None:
        params = {key: wanted.get(key) for key in _OF_INVOKE}
        if not any(value is not None for value in params.values()):
            params["MaximumRetryAttempts"] = 2
        where = {"FunctionName": wanted["FunctionName"], "Qualifier": wanted["Qualifier"]}
        await on.call("lambda", "PutFunctionEventInvokeConfig", **where, **params)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        function, _, qualifier = physical_id.partition("|")
        where = {"FunctionName": function, "Qualifier": qualifier}
        found = await on.look("lambda", "GetFunctionEventInvokeConfig", GONE, **where)
        if found is None:
            return None
        destinations = {kind: one for kind, one in (found.get("DestinationConfig") or {}).items() if one}
        return given(
            FunctionName=on.kept.get("FunctionName", function),
            Qualifier=qualifier,
            MaximumEventAgeInSeconds=found.get("MaximumEventAgeInSeconds"),
            MaximumRetryAttempts=found.get("MaximumRetryAttempts"),
            DestinationConfig=destinations or None,
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._put(on, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        function, _, qualifier = physical_id.partition("|")
        where = {"FunctionName": function, "Qualifier": qualifier}
        await on.look("lambda", "DeleteFunctionEventInvokeConfig", GONE, **where)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for one in await on.pages("lambda", "ListFunctions", "Functions"):
            configs = await on.pages(
                "lambda",
                "ListFunctionEventInvokeConfigs",
                "FunctionEventInvokeConfigs",
                FunctionName=one["FunctionName"],
            )
            found += [f"{one['FunctionName']}|{config['FunctionArn'].rpartition(':')[2]}" for config in configs]
        return found


_MAPPINGS = "EventSourceMappings"
_PERMISSIONS_S = 10.0
_OF_MAPPING = (
    "BatchSize", "FilterCriteria", "FunctionResponseTypes", "MaximumBatchingWindowInSeconds", "MetricsConfig",
    "ScalingConfig",
)  # fmt: skip
_CLEARED: Doc = {
    "BatchSize": 10,
    "FilterCriteria": {"Filters": []},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MetricsConfig": {"Metrics": []},
    "ScalingConfig": {},
}


class EventSourceMapping(ResourceType):
    """Ref is the mapping's UUID."""

    name = "AWS::Lambda::EventSourceMapping"
    honoured = frozenset({*_OF_MAPPING, "Enabled", "EventSourceArn", "FunctionName", "Tags"})
    recorded = frozenset({"KmsKeyArn", "LoggingConfig"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        params: Doc = {
            "EventSourceArn": wanted["EventSourceArn"],
            "FunctionName": wanted["FunctionName"],
            "Enabled": wanted.get("Enabled"),
            "Tags": on.tags(wanted.get("Tags")),
            **{key: wanted.get(key) for key in _OF_MAPPING},
        }
        refused: list[AwsError] = []

        async def attempt() -> Doc | None:
            try:
                return await on.call("lambda", "CreateEventSourceMapping", **params)
            except AwsError as error:
                if on.resumed and error.code == "ResourceConflictException":
                    where = {"EventSourceArn": wanted["EventSourceArn"], "FunctionName": wanted["FunctionName"]}
                    return dict((await on.pages("lambda", "ListEventSourceMappings", _MAPPINGS, **where))[0])
                # The role's policy may be another resource of the stack, on its way at this moment.
                if "does not have permissions" not in error.message:
                    raise
                refused.append(error)
                return None

        try:
            return str((await on.until(attempt, "the role's permissions", timeout_s=_PERMISSIONS_S))["UUID"])
        except NotStabilized:
            raise refused[-1] from None

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("lambda", "GetEventSourceMapping", GONE, UUID=physical_id)
        if found is None:
            return None
        listed = await on.call("lambda", "ListTags", Resource=found["EventSourceMappingArn"])
        read: Doc = {key: found.get(key) or None for key in _OF_MAPPING if key != "MaximumBatchingWindowInSeconds"}
        return given(
            Id=physical_id,
            EventSourceMappingArn=found["EventSourceMappingArn"],
            EventSourceArn=found["EventSourceArn"],
            FunctionName=_as_given(on, found["FunctionArn"]),
            Enabled=found["State"] not in ("Disabled", "Disabling"),
            MaximumBatchingWindowInSeconds=found.get("MaximumBatchingWindowInSeconds"),
            Tags=tags.pairs(tags.own(listed["Tags"])),
            **read,
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        changed = {key: new.get(key, _CLEARED[key]) for key in _OF_MAPPING if old.get(key) != new.get(key)}
        found = await on.call(
            "lambda",
            "UpdateEventSourceMapping",
            UUID=physical_id,
            FunctionName=new["FunctionName"],
            Enabled=new.get("Enabled", True),
            **changed,
        )
        arn = found["EventSourceMappingArn"]
        current = (await on.call("lambda", "ListTags", Resource=arn))["Tags"]
        put, drop = on.tag_changes(current, new.get("Tags"))
        if put:
            await on.call("lambda", "TagResource", Resource=arn, Tags=put)
        if drop:
            await on.call("lambda", "UntagResource", Resource=arn, TagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("lambda", "DeleteEventSourceMapping", GONE, UUID=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["UUID"] for one in await on.pages("lambda", "ListEventSourceMappings", "EventSourceMappings")]

    def refusals(self, wanted: Doc) -> list[str]:
        source = wanted.get("EventSourceArn")
        if isinstance(source, str) and source.startswith("arn:") and ":sqs:" not in source:
            return [f"Functions read from SQS queues only, not from {source.split(':')[2]}."]
        return []


class Url(ResourceType):
    """Ref is the function's ARN, with the qualifier where there is one."""

    name = "AWS::Lambda::Url"
    honoured = frozenset({"AuthType", "Cors", "InvokeMode", "Qualifier", "TargetFunctionArn"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        where = {"FunctionName": wanted["TargetFunctionArn"], "Qualifier": wanted.get("Qualifier")}
        if on.resumed and (found := await on.look("lambda", "GetFunctionUrlConfig", GONE, **where)) is not None:
            return str(found["FunctionArn"])
        params = {key: wanted.get(key) for key in ("AuthType", "Cors", "InvokeMode")}
        return str((await on.call("lambda", "CreateFunctionUrlConfig", **where, **params))["FunctionArn"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("lambda", "GetFunctionUrlConfig", GONE, FunctionName=physical_id)
        if found is None:
            return None
        pieces = physical_id.split(":")
        return given(
            FunctionArn=physical_id,
            FunctionUrl=found["FunctionUrl"],
            TargetFunctionArn=on.kept.get("TargetFunctionArn", ":".join(pieces[:7])),
            Qualifier=pieces[7] if len(pieces) > 7 else None,
            AuthType=found["AuthType"],
            InvokeMode=found["InvokeMode"],
            Cors=found.get("Cors"),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await on.call(
            "lambda",
            "UpdateFunctionUrlConfig",
            FunctionName=physical_id,
            AuthType=new["AuthType"],
            Cors=new.get("Cors", {}),
            InvokeMode=new.get("InvokeMode", "BUFFERED"),
        )

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("lambda", "DeleteFunctionUrlConfig", GONE, FunctionName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for one in await on.pages("lambda", "ListFunctions", "Functions"):
            found += await on.pages(
                "lambda", "ListFunctionUrlConfigs", "FunctionUrlConfigs", FunctionName=one["FunctionName"]
            )
        return [one["FunctionArn"] for one in found]


def _name(function: str) -> str:
    return function.split(":")[6] if function.startswith("arn:") else function.rpartition(":")[2]


def _as_given(on: Provision, arn: str) -> str:
    """The function as the template names it, when that is the one."""
    wanted = str(on.kept.get("FunctionName", ""))
    local = arn.split(":function:")[1]
    return wanted if wanted in (arn, local) or wanted.endswith(f"function:{local}") else arn
