"""One event a line, with its fields."""

import json
import logging
import sys

import pytest

from config.logging import TextFormatter, configure, json_formatter
from config.settings import Logging


def event(**fields: object) -> logging.LogRecord:
    """An event as the code logs it."""
    return logging.getLogger("pipeline.x").makeRecord(
        "pipeline.x", logging.INFO, "x.py", 1, "indexed", (), None, extra=fields
    )


def test_json_has_the_fields_at_the_root() -> None:
    """A machine reads level, logger, event and each field by name."""
    told = json.loads(json_formatter().format(event(records=3, topic="wire.stories")))
    assert (told["level"], told["logger"], told["event"]) == ("INFO", "pipeline.x", "indexed")
    assert (told["records"], told["topic"]) == (3, "wire.stories")


def test_text_is_one_line() -> None:
    """A person reads the same on one line."""
    line = TextFormatter().format(event(records=3))
    assert line.endswith("INFO pipeline.x indexed records=3")


@pytest.mark.parametrize("formatter", [json_formatter(), TextFormatter()])
def test_an_error_keeps_its_traceback(formatter: logging.Formatter) -> None:
    """What was raised is told with where it was raised."""
    record = event()
    try:
        raise ValueError("odd")
    except ValueError:
        record.exc_info = sys.exc_info()
    assert "ValueError: odd" in formatter.format(record)


def test_a_field_with_a_line_break_stays_one_line() -> None:
    """A delivery's name can't forge a second event."""
    forged = "in/a.xml\n12:00:00 ERROR pipeline.x forged"
    for formatter in (json_formatter(), TextFormatter()):
        assert "\n" not in formatter.format(event(name_of=forged))


def test_libraries_speak_from_warning_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Libraries that log each connection are quiet; our own are as loud as is set."""
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    try:
        configure(Logging(level="INFO", format="json"))
        logging.getLogger("aiokafka").info("connected")
        logging.getLogger("pipeline.x").info("started")
    finally:
        root.setLevel(before[0])
        root.handlers = before[1]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["started"]
