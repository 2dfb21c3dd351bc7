"""CloudFormation's view of saved and scheduled queries.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Logs.html
"""

from __future__ import annotations

from trunkline.aws import casing, tags
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("ResourceNotFoundException",)


class QueryDefinition(ResourceType):
    name = "AWS::Logs::QueryDefinition"
    honoured = frozenset({"LogGroupNames", "Name", "Parameters", "QueryString"})
    recorded = frozenset({"QueryLanguage"})  # there is one

    async def create(self, on: Provision, wanted: Doc) -> str:
        if on.resumed:
            for one in await _definitions(on):
                if (one["name"], one["queryString"]) == (wanted["Name"], wanted["QueryString"]):
                    return str(one["queryDefinitionId"])
        return await self._put(on, wanted)

    async def _put(self, on: Provision, wanted: Doc, query_id: str | None = None) -> str:
        asked = casing.to_request("logs", "PutQueryDefinition", wanted)
        answer = await on.call("logs", "PutQueryDefinition", **asked, queryDefinitionId=query_id)
        return str(answer["queryDefinitionId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        for one in await _definitions(on):
            if one["queryDefinitionId"] == physical_id:
                read: Doc = {"LogGroupNames": [], **casing.to_properties("logs", "QueryDefinition", one)}
                return {key: value for key, value in read.items() if key in {*self.honoured, "QueryDefinitionId"}}
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._put(on, new, physical_id)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("logs", "DeleteQueryDefinition", *_GONE, queryDefinitionId=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["queryDefinitionId"] for one in await _definitions(on)]


class ScheduledQuery(ResourceType):
    name = "AWS::Logs::ScheduledQuery"
    honoured = frozenset(
        {
            "Description", "DestinationConfiguration", "ExecutionRoleArn", "LogGroupIdentifiers", "Name",
            "QueryLanguage", "QueryString", "ScheduleEndTime", "ScheduleExpression", "ScheduleStartTime",
            "StartTimeOffset", "State", "Tags", "Timezone",
        }
    )  # fmt: skip

    async def create(self, on: Provision, wanted: Doc) -> str:
        try:
            answer = await on.call("logs", "CreateScheduledQuery", **_asked(wanted), tags=on.tags(wanted.get("Tags")))
        except AwsError as error:
            found = await on.look("logs", "GetScheduledQuery", *_GONE, identifier=wanted["Name"])
            if error.code != "ConflictException" or found is None:
                raise
            if not on.owns(await _tags(on, found["scheduledQueryArn"])):
                raise
            return str(found["scheduledQueryArn"])
        return str(answer["scheduledQueryArn"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("logs", "GetScheduledQuery", *_GONE, identifier=physical_id)
        if found is None:
            return None
        read: Doc = casing.to_properties("logs", "GetScheduledQueryResponse", found)
        read = {"LastTriggeredTime": 0, "LastExecutionStatus": "Pending", **read}  # as before the first run
        read["Tags"] = tags.pairs(tags.own(await _tags(on, physical_id)))
        shown = self.honoured | {"ScheduledQueryArn", "CreationTime", "LastUpdatedTime"}
        shown |= {"LastTriggeredTime", "LastExecutionStatus"}
        return {key: value for key, value in read.items() if key in shown}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        asked = _asked(new)
        asked.pop("name")
        await on.call("logs", "UpdateScheduledQuery", **asked, identifier=physical_id)
        put, drop = on.tag_changes(await _tags(on, physical_id), new.get("Tags"))
        if put:
            await on.call("logs", "TagResource", resourceArn=physical_id, tags=put)
        if drop:
            await on.call("logs", "UntagResource", resourceArn=physical_id, tagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("logs", "DeleteScheduledQuery", *_GONE, identifier=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("logs", "ListScheduledQueries", "scheduledQueries")
        return [one["scheduledQueryArn"] for one in found]


def _asked(wanted: Doc) -> Doc:
    given = {key: value for key, value in wanted.items() if key != "Tags"}
    return casing.to_request("logs", "CreateScheduledQuery", given)


async def _definitions(on: Provision) -> list[Doc]:
    found: list[Doc] = (await on.call("logs", "DescribeQueryDefinitions", maxResults=1000))["queryDefinitions"]
    return found


async def _tags(on: Provision, arn: str) -> dict[str, str]:
    found: dict[str, str] = (await on.call("logs", "ListTagsForResource", resourceArn=arn))["tags"]
    return found


QUERY_TYPES: tuple[ResourceType, ...] = (QueryDefinition(), ScheduledQuery())
