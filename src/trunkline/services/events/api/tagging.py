"""Tags of rules and buses."""

from trunkline.aws import arn as arns
from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Reader, Tx
from trunkline.services.events import store
from trunkline.services.events.model import DEFAULT_BUS, EventBus, Rule


class TagApi:
    """Operations on tags."""

    kit: Kit

    @operation("{ResourceARN}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        given = tags.normalise(req["Tags"], error="ValidationException")

        def tag(tx: Tx) -> None:
            found = _tagged(tx, req["ResourceARN"])
            found.tags = tags.merge(found.tags, given, too_many="ValidationException")
            _put(tx, found)

        await self.kit.db.write(tag)
        return {}

    @operation("{ResourceARN}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        def untag(tx: Tx) -> None:
            found = _tagged(tx, req["ResourceARN"])
            found.tags = {key: value for key, value in found.tags.items() if key not in req["TagKeys"]}
            _put(tx, found)

        await self.kit.db.write(untag)
        return {}

    @operation("{ResourceARN}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"Tags": tags.pairs(_tagged(self.kit.db, req["ResourceARN"]).tags)}


def _tagged(reader: Reader, text: str) -> Rule | EventBus:
    missing = AwsError("ResourceNotFoundException", f"Resource {text} does not exist.")
    try:
        arn = arns.parse(text)
    except ValueError:
        raise missing from None
    kind, _, path = arn.resource.partition("/")
    found: Rule | EventBus | None = None
    if kind == "rule":
        bus, _, name = path.rpartition("/")
        found = store.RULES.get(reader, arn.account, arn.region, bus or DEFAULT_BUS, name)
    elif kind == "event-bus":
        found = store.BUSES.get(reader, arn.account, arn.region, path)
    if found is None:
        raise missing
    return found


def _put(tx: Tx, item: Rule | EventBus) -> None:
    if isinstance(item, Rule):
        store.RULES.put(tx, item)
    else:
        store.BUSES.put(tx, item)
