"""The context of traces in headers: carried, continued, and never in a story's way."""

from __future__ import annotations

import socket
import sys
import time
from dataclasses import replace

import pytest

from config.settings import Tracing
from newswire.servers.process import free_port
from pipeline.kafka import tracing
from pipeline.kafka.messages import Message, Record, dead_letter_of
from pipeline.kafka.tracing import NO_TRACER, carried, open_tracer, trace_id, traced
from pipeline.wire.errors import CodecError, ConfigError
from pipeline.wire.topics import Topics, read_headers
from tests.fakes.collector import collector

TRACE = "0af7651916cd43dd8448eb211c80319c"
CONTEXT = f"00-{TRACE}-b7ad6b7169203331-01"
RECORD = Record("wire.stories", 1, 7, b"{}", {"traceparent": CONTEXT})


def test_without_an_endpoint_there_is_no_tracing() -> None:
    """Nothing of OpenTelemetry is imported, no header is added."""
    assert open_tracer(Tracing(), "worker") is NO_TRACER
    with traced(NO_TRACER, "index", [RECORD]):
        assert carried(RECORD) == []
    assert NO_TRACER.begin("received").headers == []


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (CONTEXT, TRACE),
        (f"cc-{TRACE}-b7ad6b7169203331-01", TRACE),
        (f"ff-{TRACE}-b7ad6b7169203331-01", None),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (CONTEXT.upper(), None),
        ("\ufffd\ufffd", None),
        ("", None),
    ],
)
def test_a_foreign_context_is_continued_or_left_alone(header: str, found: str | None) -> None:
    """A header that is no context is none: the record begins no trace and fails no step."""
    record = replace(RECORD, headers={"traceparent": header})
    assert trace_id(record.headers) == found
    with collector() as collected:
        tracer = open_tracer(Tracing(endpoint=collected.endpoint), "worker")
        with traced(tracer, "index", [record]):
            assert trace_id(read_headers(carried(record))) == found
        tracer.close()
    assert [span.trace for span in collected.spans] == ([found] if found else [])


def test_a_step_is_a_span_below_the_one_before() -> None:
    """The dead letter that it leads to carries it on; an error is named, and passes."""
    with collector() as collected:
        tracer = open_tracer(Tracing(endpoint=collected.endpoint), "worker")

        def step() -> None:
            with traced(tracer, "enrich", [RECORD]):
                letters.append(dead_letter_of(Topics("wire"), RECORD, "decode", CodecError("no")))
                raise CodecError("no")

        letters: list[Message] = []
        with pytest.raises(CodecError):
            step()
        tracer.close()
    (letter,) = letters
    (span,) = collected.spans
    assert (span.service, span.name, span.trace) == ("newswire-worker", "enrich", TRACE)
    assert span.parent == CONTEXT.split("-")[2]
    assert span.attributes == {
        "messaging.source.name": "wire.stories",
        "messaging.source.partition": 1,
        "messaging.source.offset": 7,
        "error.type": "CodecError",
    }
    assert dict(letter.headers)["traceparent"] == f"00-{TRACE}-{span.id}-01".encode()


def test_what_is_not_sampled_is_not_exported() -> None:
    """Of a ratio of 0 nothing comes, though the context is carried."""
    with collector() as collected:
        tracer = open_tracer(Tracing(endpoint=collected.endpoint, ratio=0), "connectors")
        span = tracer.begin("received")
        flags = int(read_headers(span.headers)["traceparent"][-2:], 16)
        assert not flags & 1
        span.end()
        tracer.close()
    assert collected.spans == []


def test_a_collector_that_is_away_holds_nothing_up() -> None:
    """Steps go on, and the end of the process waits no longer than for one try."""
    tracer = open_tracer(Tracing(endpoint=f"http://127.0.0.1:{free_port()}/v1/traces"), "worker")
    with traced(tracer, "index", [RECORD]):
        pass
    tracer.close()


def test_a_collector_that_hangs_keeps_a_process_for_one_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many batches of spans are left: a supervisor does not wait for each."""
    monkeypatch.setattr(tracing, "EXPORT_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces"
        tracer = open_tracer(Tracing(endpoint=endpoint), "worker")
        for _ in range(2000):
            tracer.begin("index").end()
        began = time.monotonic()
        tracer.close()
        assert time.monotonic() - began < 2.5


def test_an_endpoint_without_the_package_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says what to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigError, match=r"newswire\[otel\]"):
        open_tracer(Tracing(endpoint="http://127.0.0.1:4318/v1/traces"), "worker")
