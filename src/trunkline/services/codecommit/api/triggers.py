"""Triggers: messages to SNS topics and Lambda functions when references move."""

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.codecommit import store
from trunkline.services.codecommit.api.part import REPOSITORY, Part
from trunkline.services.codecommit.finding import no_repository
from trunkline.services.codecommit.model import MAX_TRIGGERS, Trigger
from trunkline.services.codecommit.reactions import publish, test_message


class Triggers(Part):
    """Operations on triggers."""

    @operation(resource=REPOSITORY)
    async def put_repository_triggers(self, call: Call, req: Doc) -> Doc:
        """Replace all triggers."""
        triggers = self._triggers(call, req)
        configuration = ids.uuid()
        now = self._kit.clock.now()

        def work(tx: Tx) -> None:
            repository = store.REPOSITORIES.get(tx, call.account, call.region, req["repositoryName"])
            if repository is None:
                raise no_repository(req["repositoryName"])
            repository.triggers, repository.triggers_id, repository.modified = triggers, configuration, now
            store.REPOSITORIES.put(tx, repository)

        await self._kit.db.write(work)
        return {"configurationId": configuration}

    @operation(resource=REPOSITORY)
    async def get_repository_triggers(self, call: Call, req: Doc) -> Doc:
        """All triggers."""
        repository = self._find.repository(call, req["repositoryName"])
        shown = [
            {
                "name": each.name,
                "destinationArn": each.destination_arn,
                "customData": each.custom_data,
                "branches": each.branches,
                "events": each.events,
            }
            for each in repository.triggers
        ]
        return {"configurationId": repository.triggers_id, "triggers": shown}

    @operation(resource=REPOSITORY, mutates=False)
    async def test_repository_triggers(self, call: Call, req: Doc) -> Doc:
        """Send a test message for each trigger given; they need not be the repository's."""
        repository = self._find.repository(call, req["repositoryName"])
        failed: list[Doc] = []
        worked: list[str] = []
        for trigger in self._triggers(call, req):
            message = test_message(repository, trigger, call.caller.principal.arn, self._kit.clock.now())
            try:
                await publish(self._kit, repository, trigger, message)
                worked.append(trigger.name)
            except AwsError as error:
                failed.append({"trigger": trigger.name, "failureMessage": error.message or error.code})
        return {"successfulExecutions": worked, "failedExecutions": failed}

    def _triggers(self, call: Call, req: Doc) -> list[Trigger]:
        self._find.repository(call, req["repositoryName"])
        if len(req["triggers"]) > MAX_TRIGGERS:
            raise AwsError("MaximumRepositoryTriggersExceededException", f"At most {MAX_TRIGGERS} are allowed.")
        triggers = [_trigger(call, each) for each in req["triggers"]]
        if len({each.name for each in triggers}) != len(triggers):
            raise AwsError("InvalidRepositoryTriggerNameException", "Two triggers have the same name.")
        return triggers


def _trigger(call: Call, each: Doc) -> Trigger:
    if not each["name"]:
        raise AwsError("RepositoryTriggerNameRequiredException", "A trigger needs a name.")
    destination = each.get("destinationArn")
    if not destination:
        raise AwsError("RepositoryTriggerDestinationArnRequiredException", "A trigger needs a destination.")
    try:
        found = arns.parse(destination)
    except ValueError as error:
        raise AwsError("InvalidRepositoryTriggerDestinationArnException", f"{destination} is not an ARN.") from error
    if found.service not in ("sns", "lambda"):
        text = f"{destination} is neither an SNS topic nor a Lambda function."
        raise AwsError("InvalidRepositoryTriggerDestinationArnException", text)
    if found.region != call.region:
        raise AwsError("InvalidRepositoryTriggerRegionException", "The destination is not in the repository's Region.")
    if not each["events"]:
        raise AwsError("RepositoryTriggerEventsListRequiredException", "A trigger needs at least one event.")
    return Trigger(
        each["name"], destination, list(each["events"]), list(each.get("branches", ())), each.get("customData", "")
    )
