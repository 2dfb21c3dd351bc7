"""What CloudWatch is told under AWS/SQS, once a minute, and the clearing away of what has expired.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from collections import Counter, defaultdict
from datetime import UTC, datetime

from trunkline.aws.own_metrics import put_data
from trunkline.aws.service import Doc, Kit
from trunkline.core.log import get
from trunkline.services.sqs import store
from trunkline.services.sqs.model import Queue

log = get(__name__)

_EVERY_S = 60.0
_MOST_DATA = 500
_MOST_SIZES = 150
_ACTIVE_S = 6 * 3600.0


class Metrics:
    """Counts what happens; publishes it."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._sizes: dict[str, Counter[int]] = defaultdict(Counter)
        self._active: dict[str, float] = {}

    def sent(self, queue: Queue, size_bytes: int) -> None:
        self._counts[queue.id]["NumberOfMessagesSent"] += 1
        self._sizes[queue.id][size_bytes] += 1

    def received(self, queue: Queue, number: int) -> None:
        self._counts[queue.id]["NumberOfMessagesReceived" if number else "NumberOfEmptyReceives"] += number or 1

    def deleted(self, queue: Queue) -> None:
        self._counts[queue.id]["NumberOfMessagesDeleted"] += 1

    async def run(self) -> None:
        """Publish and clear away for ever."""
        while True:
            await self._kit.clock.sleep(_EVERY_S)
            try:
                queues = store.QUEUES.find(self._kit.db)
                now = self._kit.clock.time()
                if queues:
                    await self._kit.db.write(lambda tx, queues=queues, now=now: store.expire(tx, queues, now))  # type: ignore[misc]
                await self.publish(queues)
            except Exception:
                log.exception("the metrics of queues could not be published; the next minute goes on")

    async def publish(self, queues: list[Queue]) -> None:
        """One minute's figures of every queue that was active in the last six hours."""
        counts, self._counts = self._counts, defaultdict(Counter)
        sizes, self._sizes = self._sizes, defaultdict(Counter)
        now = self._kit.clock.time()
        data: dict[tuple[str, str], list[Doc]] = defaultdict(list)
        for queue in queues:
            state = store.counts(self._kit.db, queue, now)
            if counts[queue.id] or state.oldest is not None:
                self._active[queue.id] = now
            elif now - self._active.get(queue.id, 0.0) > _ACTIVE_S:
                continue
            data[queue.account, queue.region] += _data(queue, state, counts[queue.id], sizes[queue.id], now)
        await put_data(self._kit, "AWS/SQS", "sqs.amazonaws.com", data, at_once=_MOST_DATA)


def _data(queue: Queue, state: store.Counts, counts: Counter[str], sizes: Counter[int], now: float) -> list[Doc]:
    common = {
        "Dimensions": [{"Name": "QueueName", "Value": queue.name}],
        "Timestamp": datetime.fromtimestamp(now, UTC),
    }
    figures = {
        "NumberOfMessagesSent": float(counts["NumberOfMessagesSent"]),
        "NumberOfMessagesReceived": float(counts["NumberOfMessagesReceived"]),
        "NumberOfMessagesDeleted": float(counts["NumberOfMessagesDeleted"]),
        "NumberOfEmptyReceives": float(counts["NumberOfEmptyReceives"]),
        "ApproximateNumberOfMessagesVisible": float(state.visible),
        "ApproximateNumberOfMessagesNotVisible": float(state.in_flight),
        "ApproximateNumberOfMessagesDelayed": float(state.delayed),
    }
    data: list[Doc] = [
        {**common, "MetricName": name, "Value": value, "Unit": "Count"} for name, value in figures.items()
    ]
    age_s = max(now - state.oldest, 0.0) if state.oldest is not None else 0.0
    data.append({**common, "MetricName": "ApproximateAgeOfOldestMessage", "Value": age_s, "Unit": "Seconds"})
    if sizes:
        most = sizes.most_common(_MOST_SIZES)
        data.append(
            {
                **common,
                "MetricName": "SentMessageSize",
                "Values": [float(size) for size, _ in most],
                "Counts": [float(count) for _, count in most],
                "Unit": "Bytes",
            }
        )
    return data
