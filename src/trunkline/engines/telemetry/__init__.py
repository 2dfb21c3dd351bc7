"""Durable metrics and log events: written in groups, read back by series, stream, group and time."""

from trunkline.engines.telemetry.interface import (
    AlreadyAppended,
    Bucket,
    Cursor,
    LogRecord,
    Metric,
    Sample,
    SegmentBatch,
    SegmentDocument,
    SegmentFacts,
    Spread,
    StatisticSet,
    StreamStats,
    Telemetry,
)

__all__ = [
    "AlreadyAppended",
    "Bucket",
    "Cursor",
    "LogRecord",
    "Metric",
    "Sample",
    "SegmentBatch",
    "SegmentDocument",
    "SegmentFacts",
    "Spread",
    "StatisticSet",
    "StreamStats",
    "Telemetry",
]
