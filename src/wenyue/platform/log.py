"""One event, one line: JSON for machines, plain text on a terminal; the request it belongs to; nothing personal.

Exceptions quote data (a failing statement quotes its row), so a line tells an exception's kind and where it happened, never its
text. Values put into a message lose whatever could name a person: long numbers, tokens, Chinese text. A kind of message that
comes again and again is told a few times, then counted.
"""

import itertools
import json
import logging
import os
import re
import secrets
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from typing import Any, Final, TextIO

from wenyue.platform.config import TelemetrySettings
from wenyue.platform.quiet_log import quiet_libraries

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
# What a caller may bring along: a UUID or a trace id, nothing in which a number of a person would fit.
_FOREIGN_ID: Final = re.compile(rb"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ID_START: Final = secrets.token_hex(5)
_numbers: Final = itertools.count(1)

_SECRETS: Final = (
    (re.compile(r"://[^/@\s]*@"), "://…@"),  # user and password of a URL
    (re.compile(r"(?<![\w-])[A-Za-z0-9_-]{40,}(?![\w-])"), "[token]"),
    # phones, documents, cards, PINs – but not a date
    (
        re.compile(r"(?<![\w.-])(?!\d{4}-\d\d-\d\d(?!\d))[A-Za-z]{0,2}\d(?:[ -]?\d){5,}[Xx]?(?!\w)"),
        "[number]",
    ),
    (re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+"), "[text]"),
)
_FRAMES_MAX: Final = 8
_MESSAGE_MAX: Final = 500
_QUIET: Final = {
    "opentelemetry": logging.CRITICAL,  # `platform.tracing` says once that the collector is away
    "psycopg": logging.CRITICAL,  # `platform.database.outage` says once that the database is
    "asyncio": logging.ERROR,
    "uvicorn": logging.WARNING,
}
_OWN: Final = "wenyue"


def new_request_id(given: bytes = b"") -> str:
    """The caller's own id when it is one, else a fresh one: unique over processes, and cheap."""
    if given and _FOREIGN_ID.fullmatch(given):
        return given.decode()
    return f"{_ID_START}{next(_numbers):06x}"


def scrub(text: str) -> str:
    """`text` without what could name a person or open a door."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def configure(settings: TelemetrySettings, role: str, stream: TextIO | None = None) -> None:
    """Route every logger of this process to `stream` (default: standard error), once."""
    where = sys.stderr if stream is None else stream
    is_text = settings.log_format == "text" or (settings.log_format == "auto" and where.isatty())
    handler = logging.StreamHandler(where)
    handler.setFormatter(TextLines(role) if is_text else JsonLines(role))
    handler.addFilter(Calm())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger(_OWN).setLevel(level)
    quiet_libraries()
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def event(self, record: logging.LogRecord) -> dict[str, Any]:
        """What is told of a record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        found: dict[str, Any] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
            "role": self._role,
            "pid": os.getpid(),
        }
        if asked := request_id.get():
            found["request_id"] = asked
        if record.exc_info and record.exc_info[0] is not None:
            found["error"] = record.exc_info[0].__name__
            found["where"] = frames_of(record.exc_info[2])
        repeated = getattr(record, "repeated", 0)
        if repeated:
            found["repeated"] = repeated
        return found

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps(self.event(record), ensure_ascii=False, separators=(",", ":"))


class TextLines(JsonLines):
    """The same for people: `22:31:07 WARNING wenyue.database  the database answers again`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line (an exception's places follow, indented)."""
        told = self.event(record)
        at = datetime.fromtimestamp(record.created).astimezone()
        line = f"{at:%H:%M:%S} {record.levelname:<7} {self._role} {record.name}: {told['message']}"
        for name in ("error", "request_id", "repeated"):
            if name in told:
                line += f"  {name}={told[name]}"
        return "\n".join([line, *(f"    {place}" for place in told.get("where", ()))])


class Calm(logging.Filter):
    """Lets a kind of message pass `most` times in `window_s`; the next that passes tells how many did not."""

    def __init__(self, *, most: int = 20, window_s: float = 10.0) -> None:
        super().__init__()
        self._most, self._window_s = most, window_s
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is told."""
        kind, now = (record.name, str(record.msg)[:200]), monotonic()
        began, count = self._seen.get(kind, (now, 0))
        if now - began > self._window_s:
            if count > self._most:
                record.repeated = count - self._most
            began, count = now, 0
        if len(self._seen) > 512:
            self._seen.clear()
        self._seen[kind] = (began, count + 1)
        return count < self._most


def message_of(record: logging.LogRecord) -> str:
    """The message, its values scrubbed; another package's message is scrubbed as a whole."""
    try:
        text = str(record.msg)
        if record.args:
            text %= _scrubbed(record.args)
    except (TypeError, ValueError):
        text = str(record.msg)
    if record.name.partition(".")[0] != _OWN:
        text = scrub(text.lstrip().partition("\n")[0])  # asyncio puts a task's exception, text and all, below
    return " ".join(text.split())[:_MESSAGE_MAX]


def frames_of(trace: TracebackType | None) -> list[str]:
    """Where it happened, the innermost last: `batch.py:88 execute`."""
    frames = traceback.extract_tb(trace)[-_FRAMES_MAX:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def _scrubbed(args: tuple[object, ...] | Mapping[str, object]) -> tuple[object, ...] | dict[str, object]:
    if isinstance(args, Mapping):
        return {name: _safe(value) for name, value in args.items()}
    return tuple(_safe(value) for value in args)


def _safe(value: object) -> object:
    return value if isinstance(value, int | float) else scrub(str(value))
