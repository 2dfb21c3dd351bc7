"""Event buses."""

from dataclasses import replace

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.events import store
from trunkline.services.events.api.naming import bus_name, bus_resource, invalid, no_bus
from trunkline.services.events.model import DEFAULT_BUS, EventBus, bus_arn


class BusApi:
    """Operations on event buses."""

    kit: Kit

    @operation(bus_resource)
    async def create_event_bus(self, call: Call, req: Doc) -> Doc:
        name: str = req["Name"]
        _refuse(req)
        if "/" in name or name == DEFAULT_BUS or req.get("EventSourceName"):
            if name == DEFAULT_BUS:
                raise AwsError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
            raise Refused("Trunkline has no partner event sources.", code="ValidationException", status=400)
        now = self.kit.clock.now()
        bus = EventBus(
            call.account,
            call.region,
            name,
            now,
            now,
            req.get("Description", ""),
            tags.normalise(req.get("Tags"), error="ValidationException"),
        )
        try:
            await self.kit.db.write(lambda tx: store.BUSES.insert(tx, bus))
        except AlreadyExists:
            raise AwsError("ResourceAlreadyExistsException", f"Event bus {name} already exists.") from None
        return {"EventBusArn": bus_arn(call.account, call.region, name), "Description": req.get("Description")}

    @operation(bus_resource)
    async def update_event_bus(self, call: Call, req: Doc) -> Doc:
        name = bus_name(req.get("Name"))
        _refuse(req)

        def update(tx: Tx) -> None:
            found = store.BUSES.get(tx, call.account, call.region, name)
            if found is None:
                raise no_bus(name)
            description = req.get("Description", found.description)
            store.BUSES.put(tx, replace(found, description=description, modified=self.kit.clock.now()))

        await self.kit.db.write(update)
        arn = bus_arn(call.account, call.region, name)
        return {"Arn": arn, "Name": name, "Description": req.get("Description")}

    @operation(bus_resource)
    async def delete_event_bus(self, call: Call, req: Doc) -> Doc:
        name = bus_name(req["Name"])
        if name == DEFAULT_BUS:
            raise invalid("Cannot delete event bus default.")

        def delete(tx: Tx) -> None:
            if store.RULES.find(tx, prefix=(call.account, call.region, name), limit=1):
                raise invalid("Event bus can't be deleted since it has rules.")
            store.BUSES.delete(tx, call.account, call.region, name)
            store.POLICIES.delete(tx, call.account, call.region, name)

        await self.kit.db.write(delete)
        return {}

    @operation(bus_resource)
    async def describe_event_bus(self, call: Call, req: Doc) -> Doc:
        name = bus_name(req.get("Name"))
        arn = bus_arn(call.account, call.region, name)
        policy = store.POLICIES.get(self.kit.db, call.account, call.region, name)
        text = policy.text if policy else None
        if name == DEFAULT_BUS:
            return {"Name": name, "Arn": arn, "Policy": text}
        found = store.BUSES.get(self.kit.db, call.account, call.region, name)
        if found is None:
            raise no_bus(name)
        return {**_shown(found), "Policy": text}

    @operation("*")
    async def list_event_buses(self, call: Call, req: Doc) -> Doc:
        custom = store.BUSES.find(self.kit.db, prefix=(call.account, call.region))
        arn = bus_arn(call.account, call.region, DEFAULT_BUS)
        buses = [{"Name": DEFAULT_BUS, "Arn": arn}, *(_shown(bus) for bus in custom)]
        shown, token = paging.page(
            [bus for bus in buses if bus["Name"].startswith(req.get("NamePrefix", ""))],
            req.get("Limit", 100),
            req.get("NextToken"),
            key=lambda bus: bus["Name"],
            error="ValidationException",
        )
        return {"EventBuses": shown, "NextToken": token}


def _shown(bus: EventBus) -> Doc:
    return {
        "Name": bus.name,
        "Arn": bus_arn(bus.account, bus.region, bus.name),
        "Description": bus.description or None,
        "CreationTime": bus.created,
        "LastModifiedTime": bus.modified,
    }


def _refuse(req: Doc) -> None:
    for name, feature in (
        ("DeadLetterConfig", "dead-letter queues for event buses"),
        ("KmsKeyIdentifier", "encrypted event buses"),
        ("LogConfig", "logs of event buses"),
    ):
        if req.get(name):
            raise Refused(f"Trunkline does not support {feature} ({name}).", code="ValidationException", status=400)
