"""Durable metrics and log events: written in groups, read back by series, stream, group and time."""

from trunkline.engines.telemetry.interface import (
    AlreadyAppended,
    Answer,
    Bucket,
    Cursor,
    Limits,
    LogRecord,
    LogScan,
    Metric,
    QueryError,
    QueryTimedOut,
    QueryTooLarge,
    Sample,
    Spread,
    StatisticSet,
    StreamStats,
    Telemetry,
)

__all__ = [
    "AlreadyAppended",
    "Answer",
    "Bucket",
    "Cursor",
    "Limits",
    "LogRecord",
    "LogScan",
    "Metric",
    "QueryError",
    "QueryTimedOut",
    "QueryTooLarge",
    "Sample",
    "Spread",
    "StatisticSet",
    "StreamStats",
    "Telemetry",
]
