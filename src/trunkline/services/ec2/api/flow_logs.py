"""Flow logs. They are kept and described; records of packets are not written."""

import re

from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Table
from trunkline.services.ec2.api.finding import Finding, listing, tags_for
from trunkline.services.ec2.described import links
from trunkline.services.ec2.errors import bad_value, combination, failed, invalid, missing
from trunkline.services.ec2.filters import Properties, member
from trunkline.services.ec2.model import FlowLog
from trunkline.services.ec2.store import FLOW_LOGS, INTERFACES, SUBNETS, VPCS, Edit, new_id
from trunkline.services.ec2.store.view import missing as no_record

_FLOW_LOG: Properties = {
    "flow-log-id": member("FlowLogId"),
    "resource-id": member("ResourceId"),
    "traffic-type": member("TrafficType"),
    "log-destination-type": member("LogDestinationType"),
    "log-group-name": member("LogGroupName"),
    "deliver-log-status": member("DeliverLogsStatus"),
}
_TABLES: dict[str, Table] = {"VPC": VPCS, "Subnet": SUBNETS, "NetworkInterface": INTERFACES}  # type: ignore[type-arg]
DEFAULT_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)
_FIELDS = re.compile(r"(\$\{[a-z0-9-]+\})( \$\{[a-z0-9-]+\})*")
_OPTIONS = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}


class FlowLogs(Finding):
    """Everything about them."""

    @operation()
    async def describe_flow_logs(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        return listing(
            view, req, FLOW_LOGS, links.flow_log, _FLOW_LOG, member="FlowLogs", id_member="FlowLogId", filters="Filter"
        )

    @operation("arn:aws:ec2:{region}:{account}:vpc-flow-log/*", writes_once=True)
    async def create_flow_logs(self, call: Call, req: Doc) -> Doc:
        table = _TABLES.get(req["ResourceType"])
        if table is None:
            raise invalid(f"Trunkline has no flow logs of {req['ResourceType']}: use VPC, Subnet or NetworkInterface.")
        kind, destination, group = _destination(req, call)
        if "TrafficType" not in req:
            raise missing("TrafficType")
        interval = req.get("MaxAggregationInterval", 600)
        if interval not in (60, 600):
            raise bad_value(interval, "MaxAggregationInterval", "It is 60 or 600 seconds.")
        if not _FIELDS.fullmatch(req.get("LogFormat", DEFAULT_FORMAT)):
            raise bad_value(req["LogFormat"], "LogFormat", "Fields are written as ${field}, with spaces between them.")
        options = {**_OPTIONS, **(req.get("DestinationOptions") or {})} if kind == "s3" else {}
        tags = tags_for(req, "vpc-flow-log")
        now = self.kit.clock.now()

        def work(edit: Edit) -> list[str]:
            made = []
            for id in req["ResourceIds"]:
                edit.get(table, id)
                known = edit.all(FLOW_LOGS, resource_id=id, destination=destination, log_group=group)
                if any(one.traffic == req["TrafficType"] for one in known):
                    raise failed(
                        "FlowLogAlreadyExists",
                        "There is an existing Flow Log with the same configuration and log destination.",
                    )
                one = FlowLog(
                    edit.account,
                    edit.region,
                    new_id("fl"),
                    id,
                    req["TrafficType"],
                    kind,
                    destination,
                    group,
                    req.get("DeliverLogsPermissionArn", ""),
                    req.get("LogFormat", DEFAULT_FORMAT),
                    interval,
                    now,
                    req.get("DeliverCrossAccountRole", ""),
                    options,
                )
                edit.keep(FLOW_LOGS, one)
                edit.tag(one.id, tags)
                made.append(one.id)
            return made

        made = await self.make(call, req, work)
        return {"FlowLogIds": made, "ClientToken": req.get("ClientToken"), "Unsuccessful": []}

    @operation(lambda call, req: [call.arn(f"vpc-flow-log/{id}") for id in req["FlowLogIds"]], writes_once=True)
    async def delete_flow_logs(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            for id in req["FlowLogIds"]:
                if edit.find(FLOW_LOGS, id) is None:
                    raise no_record(FLOW_LOGS, id)
            edit.drop(FLOW_LOGS, *(edit.get(FLOW_LOGS, id) for id in req["FlowLogIds"]))

        await self.change(call, req, work)
        return {"Unsuccessful": []}


def _destination(req: Doc, call: Call) -> tuple[str, str, str]:
    """Its type, its ARN, and the name of the log group."""
    kind = req.get("LogDestinationType", "cloud-watch-logs")
    arn, group = req.get("LogDestination", ""), req.get("LogGroupName", "")
    if arn and group:
        raise combination("LogDestination and LogGroupName cannot be used together.")
    if kind == "kinesis-data-firehose":
        raise invalid("Trunkline has no Firehose: use cloud-watch-logs or s3.")
    if kind == "s3":
        if not re.match(r"arn:aws[a-z-]*:s3:::.+", arn):
            raise failed("InvalidParameter", f"LogDestination: {arn or 'none'} is no ARN of an S3 bucket.")
        return kind, arn, ""
    if not arn and not group:
        raise missing("LogGroupName")
    if not req.get("DeliverLogsPermissionArn"):
        raise missing("DeliverLogsPermissionArn")
    found = re.match(r"arn:aws[a-z-]*:logs:[^:]+:[^:]+:log-group:([^:]+)(:\*)?$", arn)
    if arn and not found:
        raise failed("InvalidParameter", f"LogDestination: {arn} is no ARN of a log group.")
    name = found.group(1) if found else group
    return kind, f"arn:aws:logs:{call.region}:{call.account}:log-group:{name}", name
