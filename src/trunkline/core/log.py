"""Structured logging: one line an event, `key=value` pairs behind the message; JSON when asked for."""

import logging
import sys
from typing import Any

import orjson


class Log:
    """A logger whose fields are named: `log.info("built", project="hello", seconds=3)`."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, message: str, **fields: Any) -> None:
        if self._logger.isEnabledFor(logging.DEBUG):
            self._logger.debug(message, extra={"fields": fields})

    def info(self, message: str, **fields: Any) -> None:
        self._logger.info(message, extra={"fields": fields})

    def warning(self, message: str, **fields: Any) -> None:
        self._logger.warning(message, extra={"fields": fields})

    def error(self, message: str, **fields: Any) -> None:
        self._logger.error(message, extra={"fields": fields})

    def exception(self, message: str, **fields: Any) -> None:
        """An error together with the traceback of the exception being handled."""
        self._logger.error(message, extra={"fields": fields}, exc_info=True)


def get(name: str) -> Log:
    """The logger of a module: `log = get(__name__)`."""
    return Log(name)


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        tail = "".join(f" {key}={_brief(value)}" for key, value in fields.items())
        line = f"{self.formatTime(record)} {record.levelname.lower():7} {record.name}: {record.getMessage()}{tail}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        row: dict[str, Any] = {
            "time": record.created,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            row["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(row, default=str).decode()


def _brief(value: Any) -> str:
    text = str(value)
    return repr(text) if not text or any(c in text for c in ' "\n=') else text


def configure(level: str = "info", *, json: bool = False) -> None:
    """Send every logger to standard error; called once by the process that serves."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if json else _Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("asyncio").setLevel(logging.WARNING)
