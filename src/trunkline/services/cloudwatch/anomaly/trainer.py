"""Keep a model for every subject that is asked about: fitted in a child process, stored, and renewed as data arrive.

A model is renewed after a quarter of the time that its data span (so a young one soon, one with a season every three
hours). One that no detector holds and nobody asks for is forgotten after a day.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from trunkline.aws.errors import AwsError
from trunkline.core.clock import Clock
from trunkline.core.db import Database, Table, Tx
from trunkline.core.log import get
from trunkline.services.cloudwatch import child, metric_math
from trunkline.services.cloudwatch.anomaly.model import FEWEST_POINTS, Model
from trunkline.services.cloudwatch.anomaly.subject import SINGLE_METRIC, Subject
from trunkline.services.cloudwatch.expressions import Series
from trunkline.services.cloudwatch.model import AnomalyDetector
from trunkline.services.cloudwatch.reading import Reader
from trunkline.services.cloudwatch.store import DETECTORS

log = get(__name__)

_FITTING = "trunkline.services.cloudwatch.anomaly.fitting"
_TIMEOUT_S = 120.0
_HISTORY_S = 28 * 86_400
_DETECTOR_PERIOD_S = 300
_LOOK_EVERY_S = 10.0
_SOONEST_S, _LATEST_S = 10, 3 * 3600
_FORGOTTEN_S = 86_400
_REMEMBERED = 512
_AT_ONCE = 20

Key = tuple[str, str, str, int]


@dataclass
class Trained:
    """The outcome of one training; without a model there were too few data."""

    account: str
    region: str
    id: str
    period_s: int
    kind: str
    metric: dict[str, Any]
    trained_ms: int
    points: int
    span_s: int = 0
    last_s: int = 0
    seasonal: bool = False
    model: Model | None = None

    @property
    def key(self) -> Key:
        return self.account, self.region, self.id, self.period_s

    @property
    def subject(self) -> Subject:
        return Subject(self.account, self.region, self.kind, self.metric)

    @property
    def due_s(self) -> float:
        return self.trained_ms / 1000 + min(max(self.span_s / 4, _SOONEST_S), _LATEST_S)


class _Fitted(msgspec.Struct):
    model: Model | None
    seasonal: bool


TRAINED = Table("cloudwatch_anomaly_models", Trained, key=("account", "region", "id", "period_s"))


class Trainer:
    def __init__(self, db: Database, reader: Reader, clock: Clock) -> None:
        db.migrate("cloudwatch_anomaly", [TRAINED.ddl])
        self._db = db
        self._reader = reader
        self._clock = clock
        self._remembered: OrderedDict[Key, Trained] = OrderedDict()
        self._due_s: dict[Key, float] = {}
        self._asked_s: dict[Key, float] = {}
        self._waiting: dict[Key, tuple[Subject, int]] = {}
        self._training = asyncio.Lock()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="cloudwatch-anomaly-trainer")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def state(self, detector: AnomalyDetector) -> str:
        """StateValue, as DescribeAnomalyDetectors tells it."""
        trained = self._stored((detector.account, detector.region, detector.id, _period_s(subject_of(detector))))
        if trained is None:
            return "PENDING_TRAINING"
        return "TRAINED" if trained.seasonal else "TRAINED_INSUFFICIENT_DATA"

    async def model(self, subject: Subject, period_s: int) -> Model | None:
        """The model of a subject at a period, trained now if it never was; None where there are too few data."""
        key = (subject.account, subject.region, subject.id, period_s)
        self._asked_s[key] = self._clock.time()
        trained = self._stored(key)
        if trained is None:
            self._waiting[key] = subject, period_s
            async with self._training:
                if self._stored(key) is None:  # whoever came first may have trained for all that waited
                    waiting = dict(list(self._waiting.items())[:_AT_ONCE])
                    self._waiting = {one: what for one, what in self._waiting.items() if one not in waiting}
                    await self._train([*{**waiting, key: (subject, period_s)}.values()])
            trained = self._stored(key)
        return trained.model if trained is not None else None

    def changed(self, tx: Tx, account: str, region: str, detector_id: str) -> None:
        """A detector was put or deleted: its models are trained anew, the first at once."""
        for trained in TRAINED.find(tx, prefix=(account, region, detector_id)):
            TRAINED.delete(tx, *trained.key)
        tx.after_commit(lambda: self._forget((account, region, detector_id)))

    def _forget(self, of: tuple[str, str, str]) -> None:
        for key in [key for key in self._due_s if key[:3] == of]:
            self._due_s.pop(key)
            self._remembered.pop(key, None)
        self._woken.set()

    def _stored(self, key: Key) -> Trained | None:
        found = self._remembered.get(key) or TRAINED.get(self._db, *key)
        if found is not None:
            self._remember(found)
        return found

    def _remember(self, trained: Trained) -> None:
        self._remembered[trained.key] = trained
        self._remembered.move_to_end(trained.key)
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)

    # --- training -----------------------------------------------------------------------------------

    async def _run(self) -> None:
        self._due_s = {trained.key: trained.due_s for trained in TRAINED.find(self._db)}
        self._asked_s = dict.fromkeys(self._due_s, self._clock.time())
        while True:
            self._woken.clear()
            try:
                await self.renew()
            except Exception:
                log.exception("training anomaly models failed; the next round goes on")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._woken.wait()

    async def renew(self) -> None:
        """Train the detectors that have no model, and what is due."""
        now_s = self._clock.time()
        held = {(one.account, one.region, one.id): one for one in DETECTORS.find(self._db)}
        wanted: list[tuple[Subject, int]] = []
        for of, detector in held.items():
            subject = subject_of(detector)
            if (*of, _period_s(subject)) not in self._due_s:
                wanted.append((subject, _period_s(subject)))
        for key in [key for key, due_s in self._due_s.items() if due_s <= now_s]:
            trained = self._stored(key)
            if trained is None:
                continue
            if key[:3] in held or now_s - self._asked_s.get(key, 0) < _FORGOTTEN_S:
                wanted.append((trained.subject, trained.period_s))
            else:
                await self._db.write(lambda tx, key=key: TRAINED.delete(tx, *key))  # type: ignore[misc]
                self._due_s.pop(key, None)
                self._asked_s.pop(key, None)
                self._remembered.pop(key, None)
        for start in range(0, len(wanted), _AT_ONCE):
            async with self._training:
                await self._train(wanted[start : start + _AT_ONCE])

    async def _train(self, wanted: Sequence[tuple[Subject, int]]) -> None:
        """Read the history of each, have all fitted by one child process, keep the outcome."""
        now_ms = int(self._clock.time() * 1000)
        outcomes: list[Trained] = []
        jobs: list[dict[str, Any]] = []
        detectors: list[AnomalyDetector | None] = []
        for subject, period_s in wanted:
            place = (subject.account, subject.region, subject.id)
            detector = DETECTORS.get(self._db, *place)
            points = (await asyncio.to_thread(self._history, subject, period_s, now_ms)).points
            times = [at // 1000 for at in points]
            trained = Trained(*place, period_s, subject.kind, dict(subject.metric), now_ms, len(times))
            if times:
                trained.span_s, trained.last_s = times[-1] - times[0], times[-1]
            old = self._stored(trained.key)
            if old is not None:
                trained.seasonal, trained.model = old.seasonal, old.model
            unchanged = old is not None and (old.points, old.last_s) == (trained.points, trained.last_s)
            if unchanged or len(times) < FEWEST_POINTS:
                await self._keep([trained])
                continue
            outcomes.append(trained)
            detectors.append(detector)
            jobs.append(_job(times, list(points.values()), period_s, detector))
        if not jobs:
            return
        try:
            answer = await child.ask(_FITTING, jobs, _TIMEOUT_S)
        except child.ChildFailed as error:
            log.warning("anomaly models could not be trained", count=len(jobs), why=str(error))
        else:
            for trained, fitted in zip(outcomes, msgspec.json.decode(answer, type=list[_Fitted]), strict=True):
                trained.model, trained.seasonal = fitted.model, fitted.seasonal
        # What was configured anew meanwhile is trained in the next round.
        same = [
            before == DETECTORS.get(self._db, *one.key[:3]) for one, before in zip(outcomes, detectors, strict=True)
        ]
        await self._keep([trained for trained, kept in zip(outcomes, same, strict=True) if kept])

    async def _keep(self, outcomes: Sequence[Trained]) -> None:
        def work(tx: Tx) -> None:
            for trained in outcomes:
                TRAINED.put(tx, trained)

        await self._db.write(work)
        for trained in outcomes:
            self._remember(trained)
            self._due_s[trained.key] = trained.due_s

    def _history(self, subject: Subject, period_s: int, now_ms: int) -> Series:
        start_ms = now_ms - _HISTORY_S * 1000
        queries = _queries(subject, period_s)
        sheet, _ = self._reader.sheet(subject.account, subject.region, queries, start_ms, now_ms)
        watched = next(query for query in queries if query.get("ReturnData", True))
        if "MetricStat" in watched:
            return sheet.metrics[watched["Id"]]
        try:
            found = metric_math.result(sheet, watched)
        except (AwsError, metric_math.BadExpression) as error:
            log.warning("an expression under anomaly detection cannot be evaluated", error=str(error))
            return Series(sheet.window)
        return found if isinstance(found, Series) else Series(sheet.window)


def subject_of(detector: AnomalyDetector) -> Subject:
    return Subject(detector.account, detector.region, detector.kind, detector.metric)


def _job(times: list[int], values: list[float], period_s: int, detector: AnomalyDetector | None) -> dict[str, Any]:
    """What the child process is asked: `fitting.Job`."""
    job: dict[str, Any] = {"times": times, "values": values, "period_s": period_s}
    if detector is not None:
        job["zone"] = detector.timezone
        job["excluded"] = [(start // 1000, end // 1000) for start, end in detector.excluded_ms]
        job["spikes"] = bool(detector.characteristics.get("PeriodicSpikes"))
    return job


def _period_s(subject: Subject) -> int:
    """The period at which a detector trains: that of its expression, if it has one."""
    if subject.kind == SINGLE_METRIC:
        return _DETECTOR_PERIOD_S
    return metric_math.period_s(subject.metric["MetricDataQueries"])


def _queries(subject: Subject, period_s: int) -> list[dict[str, Any]]:
    if subject.kind != SINGLE_METRIC:
        return list(subject.metric["MetricDataQueries"])
    metric = {name: value for name, value in subject.metric.items() if name != "Stat"}
    return [{"Id": "m1", "MetricStat": {"Metric": metric, "Period": period_s, "Stat": subject.metric["Stat"]}}]
