"""Traces with OpenTelemetry: requests, their wait, the batch that decided them, its phases, jobs. Off unless a URL is set.

Off means: nothing of OpenTelemetry is imported, and the hot path asks one attribute. On, a request that is not sampled costs one
random number. Spans leave through a bounded queue and a thread of their own; a collector that hangs costs spans, never a booking.
No span has anything in it that a person made: templates of routes, statuses, counts.
"""

import contextlib
import logging
import random
import re
import threading
from collections.abc import Awaitable, Callable, Generator, MutableMapping, Sequence
from contextvars import ContextVar
from importlib.metadata import version
from time import monotonic, time_ns
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from wenyue.platform.config import TelemetrySettings
from wenyue.platform.variables import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

Scope = MutableMapping[str, Any]
Asgi = Callable[..., Awaitable[None]]

_log: Final = logging.getLogger("wenyue.tracing")
_PARENT: Final = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_PATH: Final = "/v1/traces"
_QUEUE_MAX: Final = 2048  # spans; those beyond it are dropped
_BATCH_MAX: Final = 256
_EVERY_MS: Final = 1000.0
_TIMEOUT_S: Final = 3.0
_CLOSE_S: Final = 2.0
_LINKS_MAX: Final = 500
_ASKED_PER_S_MAX: Final = 20  # traces that callers ask for: a stranger must not have every request traced
_FAULT: Final = 500
_PHASES: Final = {"gathered": "gather", "decided": "decide", "written": "apply", "committed": "commit"}
_active: "Tracing | None" = None


def start(settings: TelemetrySettings, role: str) -> "Tracing | None":
    """Tracing as the settings say, or None. Raises SettingsError: no HTTP URL, or the extra `tracing` is not installed."""
    global _active  # noqa: PLW0603 - one per process, like the log
    if not settings.traces_url:
        return None
    parts = urlsplit(settings.traces_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError("WENYUE_TRACES_URL is no address such as http://127.0.0.1:4318")
    path = parts.path.rstrip("/")
    url = parts._replace(path=path if path.endswith(_PATH) else path + _PATH).geturl()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - only when it is wanted
            OTLPSpanExporter,
        )
    except ImportError as error:
        raise SettingsError("WENYUE_TRACES_URL needs the extra: uv sync --extra tracing") from error
    _active = Tracing(OTLPSpanExporter(endpoint=url, timeout=_TIMEOUT_S), role, settings.traces_percent / 100)
    return _active


@contextlib.contextmanager
def span(name: str) -> Generator[None]:
    """A span around later work, when tracing is on and chance wants it."""
    if _active is None or not _active.wants():
        yield
        return
    with _active.around(name):
        yield


def outgoing() -> dict[str, str]:
    """The header that takes the present trace along to a service we call."""
    found = _current.get()
    return {} if found is None else {"traceparent": _header(found)}


_current: Final[ContextVar["Span | None"]] = ContextVar("span", default=None)


class Tracing:
    """Makes spans and hands them to `exporter`."""

    def __init__(self, exporter: "SpanExporter", role: str, share: float) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - only when it is wanted
        from opentelemetry.sdk.trace import SpanLimits, TracerProvider  # noqa: PLC0415 - likewise
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - likewise
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415 - likewise

        resource = Resource(
            {"service.name": "wenyue", "service.version": version("wenyue"), "wenyue.role": role}
        )
        self._exporter = _telling(exporter)
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,  # chance is ours, before anything is made
            resource=resource,
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_links=_LINKS_MAX),
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter,
                max_queue_size=_QUEUE_MAX,
                schedule_delay_millis=_EVERY_MS,
                max_export_batch_size=_BATCH_MAX,
            )
        )
        self._tracer = self._provider.get_tracer("wenyue")
        self._share = share
        self._second, self._asked = 0.0, 0

    def wants(self) -> bool:
        """Chance."""
        return random.random() < self._share  # noqa: S311 - sampling, no secret

    def close(self) -> None:
        """Send what is there, for at most _CLOSE_S; what has not left by then is given up."""
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(_CLOSE_S)
        self._exporter.shutdown()

    # ------------------------------------------------------------------------------------------ requests

    def wrap(self, app: Asgi) -> Asgi:
        """The ASGI application with a span around each sampled request."""

        async def traced(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own
            parent = self._parent_of(scope) if scope["type"] == "http" else None
            if parent is None:
                await app(scope, receive, send)
            else:
                await self._request(app, scope, receive, send, parent)

        return traced

    def _parent_of(self, scope: Scope) -> Any | None:  # noqa: ANN401 - a context of OpenTelemetry
        """The caller's context (empty when there is none) of a request to be traced, None for the others."""
        from opentelemetry.context import Context  # noqa: PLC0415 - only when it is wanted
        from opentelemetry.trace import (  # noqa: PLC0415 - likewise
            NonRecordingSpan,
            SpanContext,
            TraceFlags,
            set_span_in_context,
        )

        given = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
        found = _PARENT.fullmatch(given) if given else None
        if found is None:
            return Context() if self.wants() else None
        trace_id, span_id, flags = (int(part, 16) for part in found.groups())
        if not flags & 1 or not trace_id or not span_id or not self._may_ask():
            return None
        context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        return set_span_in_context(NonRecordingSpan(context), Context())

    def _may_ask(self) -> bool:
        now = monotonic()
        if now - self._second >= 1:
            self._second, self._asked = now, 0
        self._asked += 1
        return self._asked <= _ASKED_PER_S_MAX

    async def _request(self, app: Asgi, scope: Scope, receive: Any, send: Any, parent: Any) -> None:  # noqa: ANN401 - ASGI
        from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415 - only when it is wanted

        made = self._tracer.start_span(scope["method"], context=parent, kind=SpanKind.SERVER)
        token = _current.set(made)
        status, asked = _FAULT, ""

        async def send_on(message: MutableMapping[str, Any]) -> None:
            nonlocal status, asked
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.get("headers", ())
                asked = next((value.decode() for name, value in headers if name == b"x-request-id"), "")
                told = (b"traceresponse", _header(made).encode())
                message["headers"] = [*headers, told]
            await send(message)

        try:
            await app(scope, receive, send_on)
        finally:
            _current.reset(token)
            route = _route_of(scope)
            made.update_name(f"{scope['method']} {route}")
            made.set_attributes(
                {
                    "http.request.method": scope["method"],
                    "http.route": route,
                    "http.response.status_code": status,
                }
            )
            if asked:
                made.set_attribute("wenyue.request_id", asked)
            if status >= _FAULT:
                made.set_status(StatusCode.ERROR)
            made.end()

    # ------------------------------------------------------------------------------------------ the engine's watch

    def submitted(self) -> object:
        """The span of the request that is queued, and when."""
        found = _current.get()
        return None if found is None else (found, time_ns())

    def began(self, marks: Sequence[object]) -> "_Batch":
        """A batch: child of its first traced request, linked to all of them."""
        return _Batch(self._tracer, [mark for mark in marks if isinstance(mark, tuple)], len(marks))

    @contextlib.contextmanager
    def around(self, name: str) -> Generator[None]:
        """A span around work that nobody waits for."""
        made = self._tracer.start_span(name)
        token = _current.set(made)
        try:
            yield
        except BaseException as error:
            made.set_attribute("error.type", type(error).__name__)  # its text may quote data
            raise
        finally:
            _current.reset(token)
            made.end()


class _Batch:
    """One batch on its way; its spans are made at its end, from the instants that were noted."""

    def __init__(self, tracer: Any, marks: Sequence[Any], size: int) -> None:  # noqa: ANN401 - untyped where it is not loaded
        self._tracer, self._marks, self._size = tracer, marks, size
        self._began = self._at = time_ns() if marks else 0
        self._phases: list[tuple[str, int, int]] = []

    def step(self, name: str) -> None:
        """A phase has ended."""
        if self._marks:
            now = time_ns()
            self._phases.append((_PHASES.get(name, name), self._at, now))
            self._at = now

    def ended(self, how: str) -> None:
        """Make the spans."""
        if not self._marks:
            return
        from opentelemetry.trace import Link, set_span_in_context  # noqa: PLC0415 - only when it is wanted

        now = time_ns()
        for made, queued_at in self._marks:
            context = set_span_in_context(made)
            self._tracer.start_span("queue", context=context, start_time=queued_at).end(self._began)
        first = self._marks[0][0]
        links = [Link(made.get_span_context()) for made, _ in self._marks[:_LINKS_MAX]]
        batch = self._tracer.start_span(
            "batch",
            context=set_span_in_context(first),
            start_time=self._began,
            links=links,
            attributes={"wenyue.batch.size": self._size, "wenyue.batch.end": how},
        )
        for name, from_, to in self._phases:
            self._tracer.start_span(name, context=set_span_in_context(batch), start_time=from_).end(to)
        batch.end(now)


def _header(made: "Span") -> str:
    context = made.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def _route_of(scope: Scope) -> str:
    """A template; a path only of routes that have no parameters and stand in front."""
    path = getattr(scope.get("route"), "path", "")
    if path:
        return path if ":path}" not in path else "(other)"
    return scope["path"] if scope["path"] in _HOT else "(other)"


_HOT: Final = frozenset({"/v1/bookings", "/v1/availability"})


def _telling(exporter: "SpanExporter") -> "SpanExporter":
    """`exporter`, and a line in the log whenever the collector goes or comes."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult  # noqa: PLC0415 - only when it is wanted

    class Telling(SpanExporter):
        is_away = is_over = False

        def export(self, spans: Sequence[Any]) -> SpanExportResult:
            if self.is_over:
                return SpanExportResult.FAILURE
            result = exporter.export(spans)
            is_away = result is not SpanExportResult.SUCCESS
            if is_away and not self.is_away:
                _log.warning("the collector of traces does not answer: spans are dropped until it does")
            elif self.is_away and not is_away:
                _log.warning("the collector of traces answers again")
            self.is_away = is_away
            return result

        def shutdown(self) -> None:
            if not self.is_over:
                self.is_over = True
                exporter.shutdown()

    return Telling()
