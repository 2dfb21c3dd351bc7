"""Trails: create, update, describe, start and stop, delete."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.policy import ALLOW, Ask, compiled, verdict
from trunkline.aws.service import Call, Caller, Doc, Kit, operation
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.cloudtrail import store
from trunkline.services.cloudtrail.delivery import PRINCIPAL
from trunkline.services.cloudtrail.model import Trail, check_name

_MEMBERS = {
    "S3BucketName": "bucket",
    "S3KeyPrefix": "prefix",
    "IncludeGlobalServiceEvents": "includes_global",
    "IsMultiRegionTrail": "is_multi_region",
    "EnableLogFileValidation": "validates",
    "CloudWatchLogsLogGroupArn": "log_group",
    "CloudWatchLogsRoleArn": "role_arn",
    "KmsKeyId": "key_id",
}


def _resource(call: Call, req: Doc) -> str:
    name = req.get("Name") or req.get("TrailName") or "*"
    return name if name.startswith("arn:") else call.arn(f"trail/{name}")


class TrailOperations:
    """Operations on trails."""

    kit: Kit

    @operation(_resource)
    async def create_trail(self, call: Call, req: Doc) -> Doc:
        check_name(req["Name"])
        _refuse(req)
        given = tags.normalise(
            req.get("TagsList"), error="InvalidTagParameterException", too_many="TagsLimitExceededException"
        )
        trail = self._with(call, Trail(call.account, call.region, req["Name"], "", tags=given), req)
        await self._check(call, trail)
        trail.place = self.kit.ledger.last()
        try:
            await self.kit.db.write(lambda tx: store.TRAILS.insert(tx, trail))
        except AlreadyExists:
            raise AwsError(
                "TrailAlreadyExistsException", f"Trail {trail.name} already exists for customer: {call.account}"
            ) from None
        return _answer(trail)

    @operation(_resource)
    async def update_trail(self, call: Call, req: Doc) -> Doc:
        _refuse(req)
        changed = self._with(call, store.trail(self.kit.db, call, req["Name"]), req)
        await self._check(call, changed)

        def change(tx: Tx) -> Trail:
            trail = self._with(call, store.trail(tx, call, req["Name"]), req)
            store.TRAILS.put(tx, trail)
            return trail

        return _answer(await self.kit.db.write(change))

    def _with(self, call: Call, trail: Trail, req: Doc) -> Trail:
        found = {name: req[member] for member, name in _MEMBERS.items() if member in req}
        topic = req.get("SnsTopicName")
        if topic is not None:
            found["topic"] = topic if not topic or topic.startswith("arn:") else call.arn(topic, service="sns")
        return replace(trail, **found)

    async def _check(self, call: Call, trail: Trail) -> None:
        """The bucket must be there and let CloudTrail write; the log group and the role go together."""
        as_ = Caller.service(PRINCIPAL, call.account, call.region)
        try:
            await self.kit.call("s3", "HeadBucket", {"Bucket": trail.bucket}, as_=as_)
        except AwsError as error:
            raise AwsError("S3BucketDoesNotExistException", f"S3 bucket {trail.bucket} does not exist!") from error
        try:
            policy = (await self.kit.call("s3", "GetBucketPolicy", {"Bucket": trail.bucket}, as_=as_))["Policy"]
        except AwsError:
            policy = ""
        folder = f"{trail.prefix}/AWSLogs" if trail.prefix else "AWSLogs"
        arn = f"arn:aws:s3:::{trail.bucket}/{folder}/{trail.account}/CloudTrail/{trail.region}/x.json.gz"
        context = {
            "s3:x-amz-acl": ("bucket-owner-full-control",),
            "aws:sourcearn": (trail.arn,),
            "aws:sourceaccount": (trail.account,),
            "aws:securetransport": ("true",),
        }
        ask = Ask("s3:PutObject", arn, lambda key: context.get(key.lower()), {"Service": [PRINCIPAL]})
        if not policy or verdict([compiled(policy)], ask) != ALLOW:
            raise AwsError(
                "InsufficientS3BucketPolicyException",
                f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket}",
            )
        if bool(trail.log_group) != bool(trail.role_arn):
            raise AwsError(
                "InvalidCloudWatchLogsLogGroupArnException",
                "CloudTrail needs both a CloudWatch Logs log group and a role to write to it.",
            )

    @operation(_resource)
    async def delete_trail(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> None:
            trail = store.trail(tx, call, req["Name"])
            store.TRAILS.delete(tx, trail.account, trail.region, trail.name)

        await self.kit.db.write(delete)
        return {}

    @operation(_resource)
    async def get_trail(self, call: Call, req: Doc) -> Doc:
        return {"Trail": _shown(store.trail(self.kit.db, call, req["Name"]))}

    @operation()
    async def describe_trails(self, call: Call, req: Doc) -> Doc:
        names = req.get("trailNameList") or []
        found = [store.find(self.kit.db, call, name) for name in names] if names else self._seen(call, req)
        return {"trailList": [_shown(trail) for trail in found if trail is not None]}

    def _seen(self, call: Call, req: Doc) -> list[Trail]:
        shadows = req.get("includeShadowTrails", True)
        every = store.TRAILS.find(self.kit.db, prefix=(call.account,))
        return [one for one in every if one.region == call.region or (one.is_multi_region and shadows)]

    @operation()
    async def list_trails(self, call: Call, req: Doc) -> Doc:
        found = store.TRAILS.find(self.kit.db, prefix=(call.account,))
        shown, token = paging.page(found, 100, req.get("NextToken"), key=lambda one: one.arn)
        trails = [{"TrailARN": one.arn, "Name": one.name, "HomeRegion": one.region} for one in shown]
        return {"Trails": trails, "NextToken": token}

    @operation(_resource)
    async def get_trail_status(self, call: Call, req: Doc) -> Doc:
        trail = store.trail(self.kit.db, call, req["Name"])
        return {
            "IsLogging": trail.is_logging,
            "LatestDeliveryError": trail.error or None,
            "LatestDeliveryTime": _time(trail.delivered),
            "StartLoggingTime": _time(trail.started),
            "StopLoggingTime": _time(trail.stopped),
            "LatestCloudWatchLogsDeliveryError": trail.logs_error or None,
            "LatestCloudWatchLogsDeliveryTime": _time(trail.logs_delivered),
        }

    @operation(_resource)
    async def start_logging(self, call: Call, req: Doc) -> Doc:
        def start(trail: Trail) -> None:
            if not trail.is_logging:
                trail.is_logging, trail.started = True, self.kit.clock.time()
                trail.place = max(trail.place, self.kit.ledger.last())

        await self._change(call, req["Name"], start)
        return {}

    @operation(_resource)
    async def stop_logging(self, call: Call, req: Doc) -> Doc:
        def stop(trail: Trail) -> None:
            if trail.is_logging:
                trail.is_logging, trail.stopped = False, self.kit.clock.time()

        await self._change(call, req["Name"], stop)
        return {}

    async def _change(self, call: Call, name: str, change: Callable[[Trail], None]) -> Trail:
        def work(tx: Tx) -> Trail:
            trail = store.trail(tx, call, name)
            change(trail)
            store.TRAILS.put(tx, trail)
            return trail

        return await self.kit.db.write(work)

    @operation(_resource)
    async def put_event_selectors(self, call: Call, req: Doc) -> Doc:
        if req.get("AdvancedEventSelectors"):
            raise Refused(
                "Trunkline's trails have basic event selectors: give EventSelectors.",
                code="InvalidEventSelectorsException",
                status=400,
            )

        def change(trail: Trail) -> None:
            trail.selectors = req.get("EventSelectors", [])

        trail = await self._change(call, req["TrailName"], change)
        return {"TrailARN": trail.arn, "EventSelectors": trail.selectors}

    @operation(_resource)
    async def get_event_selectors(self, call: Call, req: Doc) -> Doc:
        trail = store.trail(self.kit.db, call, req["TrailName"])
        usual = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]
        return {"TrailARN": trail.arn, "EventSelectors": trail.selectors or usual}

    @operation("{ResourceId}")
    async def add_tags(self, call: Call, req: Doc) -> Doc:
        given = tags.normalise(req["TagsList"], error="InvalidTagParameterException")

        def change(trail: Trail) -> None:
            trail.tags = tags.merge(trail.tags, given, too_many="TagsLimitExceededException")

        await self._change(call, req["ResourceId"], change)
        return {}

    @operation("{ResourceId}")
    async def remove_tags(self, call: Call, req: Doc) -> Doc:
        gone = {tag["Key"] for tag in req["TagsList"]}

        def change(trail: Trail) -> None:
            trail.tags = {key: value for key, value in trail.tags.items() if key not in gone}

        await self._change(call, req["ResourceId"], change)
        return {}

    @operation()
    async def list_tags(self, call: Call, req: Doc) -> Doc:
        found = [store.trail(self.kit.db, call, arn) for arn in req["ResourceIdList"]]
        return {"ResourceTagList": [{"ResourceId": one.arn, "TagsList": tags.pairs(one.tags)} for one in found]}


def _refuse(req: Doc) -> None:
    if req.get("IsOrganizationTrail"):
        raise Refused(
            "Trunkline has no organizations: leave IsOrganizationTrail out.",
            code="OrganizationsNotInUseException",
            status=400,
        )


def _time(epoch: float) -> datetime | None:
    return datetime.fromtimestamp(epoch, UTC) if epoch else None


def _answer(trail: Trail) -> Doc:
    hidden = ("HomeRegion", "HasCustomEventSelectors", "HasInsightSelectors")
    return {key: value for key, value in _shown(trail).items() if key not in hidden}


def _shown(trail: Trail) -> Doc:
    found = {member: getattr(trail, name) for member, name in _MEMBERS.items()}
    found["LogFileValidationEnabled"] = found.pop("EnableLogFileValidation")
    texts = {key: value for key, value in found.items() if value != ""}
    return {
        **texts,
        "Name": trail.name,
        "TrailARN": trail.arn,
        "SnsTopicName": trail.topic.rpartition(":")[2] or None,
        "SnsTopicARN": trail.topic or None,
        "HomeRegion": trail.region,
        "HasCustomEventSelectors": bool(trail.selectors),
        "HasInsightSelectors": False,
        "IsOrganizationTrail": False,
    }
