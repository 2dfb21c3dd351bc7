"""What every operation of the service works with."""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit
from trunkline.engines.telemetry import Telemetry
from trunkline.services.cloudwatch.anomaly import Trainer
from trunkline.services.cloudwatch.composites import Composites
from trunkline.services.cloudwatch.contributors import Rules
from trunkline.services.cloudwatch.mutes import Mutes
from trunkline.services.cloudwatch.reading import Reader
from trunkline.services.cloudwatch.store import Store
from trunkline.services.cloudwatch.streams import Delivery


class Context:
    def __init__(
        self,
        kit: Kit,
        store: Store,
        telemetry: Telemetry,
        composites: Composites,
        reader: Reader,
        trainer: Trainer,
        rules: Rules,
        streams: Delivery,
        mutes: Mutes,
    ) -> None:
        self._kit = kit
        self._composites = composites
        self._store = store
        self._telemetry = telemetry
        self._reader = reader
        self._trainer = trainer
        self._rules = rules
        self._streams = streams
        self._mutes = mutes

    def _now_ms(self) -> int:
        return int(self._kit.clock.time() * 1000)


def milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def whole_seconds_ms(time: datetime) -> int:
    """As queries of metrics count: what is below a second is dropped."""
    return int(time.timestamp()) * 1000


def moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def alarm_resources(call: Call, req: Doc) -> list[str]:
    """The alarms that a request names."""
    names = req.get("AlarmNames") or [req.get("AlarmName", "*")]
    return [call.arn(f"alarm:{name}") for name in names]


def invalid(message: str) -> AwsError:
    """What CloudWatch answers to alarms and queries that make no sense; no model declares it."""
    return AwsError("ValidationError", message, status=400)


def check_period(period_s: int) -> None:
    if period_s not in {1, 5, 10, 20, 30} and (period_s <= 0 or period_s % 60):
        raise invalid_value(f"The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60: {period_s} is not.")


def invalid_value(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)
