"""Follow log groups as an event stream."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.services.logs.api.context import Context, name_in_arn
from trunkline.services.logs.live_tail import Session
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.pattern import InvalidPattern, compile_pattern

_MAX_SESSIONS = 15


def _names(req: Doc) -> list[str]:
    return [name_in_arn(given) if given.startswith("arn:") else given for given in req["logGroupIdentifiers"]]


class LiveTails(Context):
    def _tailed(self, call: Call, identifier: str) -> LogGroup:
        group = self._group(call, {"logGroupIdentifier": identifier})
        self._standard_only(group, "StartLiveTail")
        return group

    @operation(lambda call, req: [call.arn(f"log-group:{name}") for name in _names(req)], mutates=False)
    async def start_live_tail(self, call: Call, req: Doc) -> Doc:
        streams, prefixes = req.get("logStreamNames"), req.get("logStreamNamePrefixes")
        if streams is not None and prefixes is not None:
            raise _invalid("Only one of logStreamNames or logStreamNamePrefixes can be provided.")
        if (streams is not None or prefixes is not None) and len(req["logGroupIdentifiers"]) > 1:
            raise _invalid("logStreamNames and logStreamNamePrefixes can only be used with a single log group.")
        try:
            pattern = compile_pattern(req.get("logEventFilterPattern", ""))
        except InvalidPattern as error:
            raise _invalid(str(error)) from None
        groups = {self._tailed(call, given).id: given for given in req["logGroupIdentifiers"]}
        if self._live_tail.sessions(call.account) >= _MAX_SESSIONS:
            raise AwsError("LimitExceededException", "Resource limit exceeded.")
        session = Session(call.account, groups, frozenset(streams) if streams else None, tuple(prefixes or ()), pattern)
        start = {
            "requestId": call.request_id,
            "sessionId": ids.uuid(),
            "logGroupIdentifiers": req["logGroupIdentifiers"],
            "logStreamNames": streams,
            "logStreamNamePrefixes": prefixes,
            "logEventFilterPattern": req.get("logEventFilterPattern"),
        }
        return {"responseStream": self._live_tail.events(session, start)}


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
