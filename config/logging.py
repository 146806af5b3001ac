"""Logging: one event a line, fields not prose, never bodies or secrets."""

from __future__ import annotations

import logging
import sys
from datetime import datetime

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from config.settings import Logging

_STANDARD = {*RESERVED_ATTRS, "message", "asctime", "taskName", "color_message"}


def json_formatter() -> JsonFormatter:
    """Return the formatter of one JSON object a line: at, level, logger, event, and its fields."""
    names = {"levelname": "level", "name": "logger", "message": "event", "exc_info": "error"}
    return JsonFormatter(
        "%(levelname)s %(name)s %(message)s",
        rename_fields=names,
        reserved_attrs=sorted(_STANDARD),
        timestamp="at",
        json_ensure_ascii=False,
    )


class TextFormatter(logging.Formatter):
    """One line for a person: `12:00:00 INFO pipeline.stream.app indexed count=3`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of text, with its traceback below where it has one."""
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        extra = "".join(
            f" {key}={_one_line(value)}"
            for key, value in record.__dict__.items()
            if key not in _STANDARD
        )
        line = f"{at} {record.levelname} {record.name} {record.getMessage()}{extra}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _one_line(value: object) -> str:
    """Return a value as text; a line break in a delivery's name must not forge an event."""
    text = str(value)
    return text if text.isprintable() else repr(text)


OURS = ("config", "connectors", "newswire", "pipeline")
LIBRARIES = {
    "aiokafka": logging.ERROR,
    "asyncio": logging.WARNING,
    "elastic_transport": logging.ERROR,
    "faust": logging.WARNING,
    "httpx": logging.WARNING,
    "kafka": logging.CRITICAL,
    "mode": logging.WARNING,
}
"""Lowest level that is logged of each library. Some log every failed connection; newswire itself
logs what follows from one, a wait or an error."""


def configure(settings: Logging) -> None:
    """Send every logger's events to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(json_formatter() if settings.format == "json" else TextFormatter())
    level = logging.getLevelName(settings.level)
    # No library says DEBUG: there some print the headers that they send, tokens and all.
    logging.basicConfig(level=max(level, logging.INFO), handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    for name, least in LIBRARIES.items():
        logging.getLogger(name).setLevel(max(least, level))
