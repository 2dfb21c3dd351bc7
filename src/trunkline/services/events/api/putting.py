"""PutEvents: a client's own events, to the default bus through the ledger and to custom buses through their queue."""

from datetime import datetime

import orjson

from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.core.events import Event
from trunkline.services.events import store
from trunkline.services.events.api.naming import bus_name, invalid
from trunkline.services.events.delivery import Courier
from trunkline.services.events.model import DEFAULT_BUS, bus_arn

_MAX_BYTES = 256 * 1024


def _buses(call: Call, req: Doc) -> list[str]:
    names = {bus_name(entry.get("EventBusName")) for entry in req["Entries"]}
    return [bus_arn(call.account, call.region, name) for name in sorted(names)]


class PutApi:
    """Events from outside."""

    kit: Kit
    courier: Courier

    @operation(_buses, mutates=False)
    async def put_events(self, call: Call, req: Doc) -> Doc:
        entries: list[Doc] = req["Entries"]
        if req.get("EndpointId"):
            raise invalid("Trunkline has no global endpoints: leave EndpointId out.")
        if sum(_size(entry) for entry in entries) > _MAX_BYTES:
            raise invalid("Total size of the entries in the request is over the limit.")
        answers = [self._refusal(call, entry) for entry in entries]
        wanted = [(entry, answer) for entry, answer in zip(entries, answers, strict=True) if not answer]

        def put(tx: Tx) -> None:
            for entry, answer in wanted:
                event = self._event(call, entry)
                answer["EventId"] = event.id
                name = bus_name(entry.get("EventBusName"))
                if name == DEFAULT_BUS:
                    self.kit.ledger.append(tx, event)
                else:
                    store.add_custom(tx, bus_arn(call.account, call.region, name), event.to_eventbridge())
                    tx.after_commit(self.courier.nudge)

        if wanted:
            await self.kit.db.write(put)
        return {"FailedEntryCount": len(entries) - len(wanted), "Entries": answers}

    def _event(self, call: Call, entry: Doc) -> Event:
        time: datetime = entry.get("Time") or self.kit.clock.now()
        return Event(
            entry["Source"],
            entry["DetailType"],
            orjson.loads(entry["Detail"]),
            call.account,
            call.region,
            tuple(entry.get("Resources", ())),
            id=ids.uuid(),
            time=time,
        )

    def _refusal(self, call: Call, entry: Doc) -> Doc:
        """Why an entry cannot be put; {} if it can."""
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
                return {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
        if entry["Source"].startswith("aws."):
            return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
        try:
            well_formed = isinstance(orjson.loads(entry["Detail"]), dict)
        except orjson.JSONDecodeError:
            well_formed = False
        if not well_formed:
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        name = bus_name(entry.get("EventBusName"))
        if name != DEFAULT_BUS and store.BUSES.get(self.kit.db, call.account, call.region, name) is None:
            return {"ErrorCode": "ResourceNotFoundException", "ErrorMessage": f"Event bus {name} does not exist."}
        return {}


def _size(entry: Doc) -> int:
    size = 14 if entry.get("Time") else 0
    size += sum(len(str(entry.get(name, "")).encode()) for name in ("Source", "DetailType", "Detail"))
    return size + sum(len(resource.encode()) for resource in entry.get("Resources", ()))
