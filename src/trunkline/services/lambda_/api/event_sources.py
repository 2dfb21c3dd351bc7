"""Event source mappings: queues whose messages a function is given. Streams are refused by name."""

import orjson

from trunkline.aws import arn as arns
from trunkline.aws import tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.event_patterns import PatternError, compile_pattern
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.lambda_ import naming, store
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.model import Mapping
from trunkline.services.lambda_.naming import Name, conflict, invalid, resolve

_SETTINGS = (
    "BatchSize", "MaximumBatchingWindowInSeconds", "FilterCriteria", "FunctionResponseTypes", "ScalingConfig",
    "KMSKeyArn", "MetricsConfig",
)  # fmt: skip
_OF_STREAMS = (
    "StartingPosition", "StartingPositionTimestamp", "ParallelizationFactor", "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "TumblingWindowInSeconds", "Topics", "Queues",
    "SourceAccessConfigurations", "SelfManagedEventSource", "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig", "DocumentDBEventSourceConfig", "ProvisionedPollerConfig",
)  # fmt: skip
_STANDARD_LIMIT = 10_000
_PAGE = 100


def _mapping(call: Call, req: Doc) -> str:
    return call.arn(f"event-source-mapping:{req['UUID']}")


class EventSources(Operations):
    @operation()
    async def create_event_source_mapping(self, call: Call, req: Doc) -> Doc:
        source = self._source(req)
        name = naming.parsed(req["FunctionName"], call.account, call.region)
        found = resolve(self.kit.db, name)
        settings: Doc = {"BatchSize": 10, **{key: req[key] for key in _SETTINGS if key in req}}
        _check(settings, source)
        await self._check_reader(found.version.config["Role"], source)
        mapping = Mapping(
            call.account,
            call.region,
            ids.uuid(),
            name.qualified_arn,
            str(source),
            settings,
            self.kit.clock.now(),
            state="Enabled" if req.get("Enabled", True) else "Disabled",
            tags=tags.normalise(req.get("Tags"), error="InvalidParameterValueException"),
        )

        def write(tx: Tx) -> None:
            for other in store.MAPPINGS.find(tx, prefix=(call.account, call.region)):
                if (other.source_arn, other.function_arn) == (mapping.source_arn, mapping.function_arn):
                    raise conflict(
                        f'An event source mapping with SQS arn (" {other.source_arn} ") and function (" {name.name} ") '
                        f"already exists. Please update or delete the existing mapping with UUID {other.id}"
                    )
            store.MAPPINGS.insert(tx, mapping)

        await self.kit.db.write(write)
        self.context.pollers.look()
        return described(mapping)

    @operation(_mapping)
    async def get_event_source_mapping(self, call: Call, req: Doc) -> Doc:
        return described(self._mapping(call, req["UUID"]))

    @operation(_mapping)
    async def update_event_source_mapping(self, call: Call, req: Doc) -> Doc:
        if any(member in req for member in _OF_STREAMS):
            raise _refused("streams")
        function_arn = ""
        if "FunctionName" in req:
            name = naming.parsed(req["FunctionName"], call.account, call.region)
            resolve(self.kit.db, name)
            function_arn = name.qualified_arn

        def write(tx: Tx) -> Mapping:
            mapping = self._mapping(call, req["UUID"], tx)
            mapping.settings |= {key: req[key] for key in _SETTINGS if key in req}
            _check(mapping.settings, arns.parse(mapping.source_arn))
            mapping.function_arn = function_arn or mapping.function_arn
            if "Enabled" in req:
                mapping.state = "Enabled" if req["Enabled"] else "Disabled"
            mapping.modified = self.kit.clock.now()
            store.MAPPINGS.put(tx, mapping)
            return mapping

        mapping = await self.kit.db.write(write)
        self.context.pollers.look()
        return described(mapping)

    @operation(_mapping)
    async def delete_event_source_mapping(self, call: Call, req: Doc) -> Doc:
        mapping = self._mapping(call, req["UUID"])
        await self.kit.db.write(lambda tx: store.MAPPINGS.delete(tx, call.account, call.region, mapping.id))
        self.context.pollers.look()
        return {**described(mapping), "State": "Deleting"}

    @operation()
    async def list_event_source_mappings(self, call: Call, req: Doc) -> Doc:
        name: Name | None = None
        if req.get("FunctionName"):
            name = naming.parsed(req["FunctionName"], call.account, call.region)
        found = [
            mapping
            for mapping in store.MAPPINGS.find(self.kit.db, prefix=(call.account, call.region))
            if req.get("EventSourceArn") in (None, mapping.source_arn)
            and (name is None or mapping.function_arn == name.qualified_arn)
        ]
        chosen, marker = page(
            found,
            min(req.get("MaxItems", _PAGE), _PAGE),
            req.get("Marker"),
            key=lambda mapping: mapping.id,
            error="InvalidParameterValueException",
        )
        return {"EventSourceMappings": [described(mapping) for mapping in chosen], "NextMarker": marker}

    def _mapping(self, call: Call, mapping_id: str, tx: Tx | None = None) -> Mapping:
        found = store.MAPPINGS.get(tx or self.kit.db, call.account, call.region, mapping_id)
        if found is None:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", Type="User")
        return found

    def _source(self, req: Doc) -> arns.Arn:
        if not req.get("EventSourceArn"):
            raise _refused("self-managed Kafka")
        try:
            source = arns.parse(req["EventSourceArn"])
        except ValueError:
            raise invalid(f"Unrecognized event source: {req['EventSourceArn']}") from None
        if source.service != "sqs":
            raise _refused(source.service)
        if any(member in req for member in _OF_STREAMS):
            raise invalid("A parameter of the request is for streams only, not for SQS event sources.")
        return source

    async def _check_reader(self, role: str, queue: arns.Arn) -> None:
        """As on AWS: a role that may not read the queue is found now, not when the first message waits."""
        caller = await self.kit.call.assume(role, service="lambda.amazonaws.com", region=queue.region)
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
            if not self.kit.call.authorizer.decide(caller, f"sqs:{action}", [str(queue)]).allowed:
                raise invalid(f"The provided execution role does not have permissions to call {action} on SQS")
        try:
            params = {"QueueName": queue.resource, "QueueOwnerAWSAccountId": queue.account}
            await self.kit.call("sqs", "GetQueueUrl", params, as_=caller)
        except AwsError as error:
            if "NonExistentQueue" in error.code or "DoesNotExist" in error.code:
                why = f"SQS Error Code: {error.code}. SQS Error Message: {error.message}"
                raise invalid(f"Error occurred while ReceiveMessage. {why}") from error


def _check(settings: Doc, source: arns.Arn) -> None:
    batch, window = settings["BatchSize"], settings.get("MaximumBatchingWindowInSeconds", 0)
    is_fifo = source.resource.endswith(".fifo")
    if batch > (10 if is_fifo else _STANDARD_LIMIT):
        raise invalid(f"Maximum BatchSize for {'FIFO ' if is_fifo else ''}SQS is {10 if is_fifo else _STANDARD_LIMIT}.")
    if is_fifo and window:
        raise invalid("Batching window is not supported for FIFO queues.")
    if batch > 10 and window < 1:
        raise invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
    for one in (settings.get("FilterCriteria") or {}).get("Filters") or []:
        try:
            compile_pattern(one.get("Pattern", ""))
        except PatternError as error:
            raise invalid(f"Invalid filter pattern definition. ({error})") from error


def _refused(what: str) -> Refused:
    return Refused(
        f"Trunkline's functions read from SQS queues only, not from {what}.",
        code="InvalidParameterValueException",
        status=400,
    )


def described(mapping: Mapping) -> Doc:
    settings = dict(mapping.settings)
    criteria = (settings.pop("FilterCriteria", None) or {}).get("Filters")
    return {
        "MaximumBatchingWindowInSeconds": 0,
        **settings,
        "FilterCriteria": orjson.loads(orjson.dumps({"Filters": criteria})) if criteria else None,
        "UUID": mapping.id,
        "EventSourceArn": mapping.source_arn,
        "EventSourceMappingArn": mapping.arn,
        "FunctionArn": mapping.function_arn,
        "LastModified": mapping.modified,
        "State": mapping.state,
        "StateTransitionReason": "USER_INITIATED",
        "LastProcessingResult": mapping.last_result or None,
    }
