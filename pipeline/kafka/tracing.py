"""Traces of stories, opt-in: spans for OpenTelemetry, their context in Kafka's headers.

A trace begins where a connector receives a delivery, and each step adds a span with the one before
as its parent. The context is the header `traceparent` of the W3C: what a foreign producer puts
there is either well-formed and continued, or left alone. Spans are exported by a thread of
OpenTelemetry's SDK, which drops what a collector does not take: no story waits for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from threading import Thread
from typing import Any, Protocol

from config.settings import Tracing
from pipeline import __version__
from pipeline.wire.errors import ConfigError
from pipeline.wire.topics import Headers

HEADER = "traceparent"
EXPORT_SECONDS = 5.0
"""How long a collector may take, for a batch of spans and at the end of a process."""

_CONTEXT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


def trace_id(headers: Mapping[str, str]) -> str | None:
    """Return the id of the trace that a record is part of, if it is part of one."""
    found = _CONTEXT.fullmatch(headers.get(HEADER, ""))
    return found[1] if found else None


class Span:
    """One step of a story, under way.

    Args:
        span: OpenTelemetry's; None where nothing is traced.
    """

    def __init__(self, span: Any = None) -> None:
        self._span = span

    @property
    def headers(self) -> Headers:
        """Return the context of this step, for what it sends."""
        if self._span is None:
            return []
        at = self._span.get_span_context()
        flags = f"{at.trace_flags:02x}"
        return [(HEADER, f"00-{at.trace_id:032x}-{at.span_id:016x}-{flags}".encode())]

    def end(self, error: BaseException | None = None) -> None:
        """End the step, with what made it fail."""
        if self._span is None:
            return
        if error is not None:
            self._span.set_attribute("error.type", type(error).__name__)
        self._span.end()


class Tracer:
    """Begins no spans: what there is without `tracing.endpoint`."""

    on = False

    def begin(
        self,
        name: str,
        parent: Mapping[str, str] | None = None,
        at: datetime | None = None,
        **about: str | int,
    ) -> Span:
        """Begin a step.

        Args:
            name: of the step, as `newswire where` calls it.
            parent: the headers with the context of the step before; without one a trace begins.
            at: when it began; now, if None.
            about: its attributes, "_" standing for ".".
        """
        return Span()

    def close(self) -> None:
        """Export what is left, as far as the collector takes it in EXPORT_SECONDS."""


NO_TRACER = Tracer()


class _Exporting(Tracer):
    """Begins spans and exports them over HTTP."""

    on = True

    def __init__(self, settings: Tracing, process: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        about = {"service.name": f"newswire-{process}", "service.version": __version__}
        self._provider = TracerProvider(
            resource=Resource.create(about),
            sampler=ParentBased(TraceIdRatioBased(settings.ratio)),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint=settings.endpoint, timeout=EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("newswire", __version__)
        self._context = TraceContextTextMapPropagator()

    def begin(
        self,
        name: str,
        parent: Mapping[str, str] | None = None,
        at: datetime | None = None,
        **about: str | int,
    ) -> Span:
        context = self._context.extract({HEADER: (parent or {}).get(HEADER, "")})
        attributes = {key.replace("_", "."): value for key, value in about.items()}
        began = int(at.timestamp() * 1e9) if at else None
        return Span(self._tracer.start_span(name, context, attributes=attributes, start_time=began))

    def close(self) -> None:
        # It tries each batch that is left: a collector that hangs would take the time of them all.
        closing = Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        closing.start()
        closing.join(EXPORT_SECONDS)


def open_tracer(settings: Tracing, process: str) -> Tracer:
    """Return what traces the steps of a process.

    Raises:
        ConfigError: OpenTelemetry's SDK is not installed.
    """
    if settings.endpoint is None:
        return NO_TRACER
    try:
        return _Exporting(settings, process)
    except ImportError as error:
        raise ConfigError(
            f'tracing.endpoint needs OpenTelemetry: pip install "newswire[otel]" ({error})'
        ) from error


class Place(Protocol):
    """A record's place on a topic, and its headers."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


_Spans = Mapping[tuple[str, int, int], Span]
_spans: ContextVar[_Spans | None] = ContextVar("spans of the batch at hand", default=None)


@contextmanager
def traced(tracer: Tracer, step: str, records: Sequence[Place]) -> Iterator[None]:
    """Trace a step that takes a batch: a span for each record that is part of a trace."""
    if not tracer.on:
        yield
        return
    began = {
        _place(record): tracer.begin(
            step,
            record.headers,
            messaging_source_name=record.topic,
            messaging_source_partition=record.partition,
            messaging_source_offset=record.offset,
        )
        for record in records
        if trace_id(record.headers)
    }
    token = _spans.set(began)
    error: BaseException | None = None
    try:
        yield
    except BaseException as raised:
        error = raised
        raise
    finally:
        _spans.reset(token)
        for span in began.values():
            span.end(error)


def carried(record: Place) -> Headers:
    """Return the headers that tie what is sent for a record to the step that takes it."""
    span = (_spans.get() or {}).get(_place(record))
    return span.headers if span else []


def _place(record: Place) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset
