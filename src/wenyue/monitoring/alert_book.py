"""The book of alerts on this machine: files in the home, so that the monitor knows what it told even without a database.

`alerts.json` what fires, `silences.json` what is silenced here, `resolved.json` what people resolved,
`state.json` the last round, for the status page.
"""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from wenyue.locale import LOCALES, Texts, in_every_language, short_tag, text_in
from wenyue.monitoring.event_rules import MESSAGES
from wenyue.monitoring.model import Alert, Checked, Severity

SILENCE_MAX_DAYS: Final = 7
_MODE: Final = 0o600
_BYTES_MAX: Final = 4 * 1024 * 1024
_kept: Final = msgspec.json.Decoder(list[dict[str, Any]])


class Book:
    """The files of one monitor, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def alerts(self) -> dict[str, Alert]:
        """What was firing when the book was last written; nothing when it cannot be read."""
        try:
            kept = [_alert(one) for one in _kept.decode(self._read("alerts.json"))]
            return {one.subject: one for one in kept}
        except (OSError, msgspec.DecodeError):
            return {}

    def keep(self, alerts: Mapping[str, Alert]) -> None:
        """Write what fires. Raises OSError."""
        kept = [msgspec.to_builtins(one) | _keyed(one.texts) for one in alerts.values()]
        self._write("alerts.json", msgspec.json.encode(kept))

    def silences(self, now: datetime) -> dict[str, tuple[datetime, str]]:
        """Subject → (until, why), of those that still hold; nothing when the file is mistyped."""
        try:
            read = cast(dict[str, Any], json.loads(self._read("silences.json")))
            known = {
                subject: (datetime.fromisoformat(one["until"]), str(one["why"]))
                for subject, one in read.items()
            }
            return {subject: one for subject, one in known.items() if one[0] > now}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def silence(self, subject: str, until: datetime, why: str, now: datetime) -> None:
        """Silence a subject on this machine; an end in the past lifts it. Raises OSError."""
        known = self.silences(now) | {subject: (until, why)}
        lines = {
            name: {"until": end.isoformat(), "why": reason}
            for name, (end, reason) in known.items()
            if end > now
        }
        self._write("silences.json", json.dumps(lines, ensure_ascii=False).encode())

    def resolved(self) -> dict[str, datetime]:
        """Subject → when a person resolved it the last time; nothing when the file is mistyped."""
        try:
            read = cast(dict[str, Any], json.loads(self._read("resolved.json")))
            return {subject: datetime.fromisoformat(one["at"]) for subject, one in read.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def resolve(self, subject: str, now: datetime, *, who: str, why: str) -> None:
        """Note that a person resolved a subject. Raises OSError."""
        try:
            read = cast(dict[str, Any], json.loads(self._read("resolved.json")))
        except (OSError, ValueError):
            read = {}
        read[subject] = {"at": now.isoformat(), "who": who, "why": why}
        self._write("resolved.json", json.dumps(read, ensure_ascii=False).encode())

    def publish(
        self, checks: Sequence[Checked], alerts: Mapping[str, Alert], now: datetime, node: str
    ) -> None:
        """Write the last round for whoever wants to know, without names or addresses of machines. Raises OSError."""
        state = {
            "at": now.isoformat(),
            "node": node,
            "components": components(checks),
            "checks": [
                {
                    "name": one.name,
                    "is_ok": not one.problem and worst(one) in {None, Severity.NOTE},
                    "severity": severity.value if (severity := worst(one)) else "",
                    "says": one.says,
                    "problem": one.problem,
                    "took_ms": round(one.took_ms, 1),
                    "findings": [
                        {"subject": f.subject, "severity": f.severity.value}
                        | _keyed(in_every_language(f.text))
                        for f in one.findings
                    ],
                }
                for one in checks
            ],
            "alerts": [
                {
                    "subject": one.subject,
                    "severity": one.severity.value,
                    "since": one.since.isoformat(),
                }
                | _keyed(one.texts)
                for one in alerts.values()
                if one.fired_at is not None
            ],
        }
        self._write("state.json", json.dumps(state, ensure_ascii=False).encode())

    def _read(self, name: str) -> bytes:
        path = self.folder / name
        if path.stat().st_size > _BYTES_MAX:
            raise OSError(f"{name} is too long")
        return path.read_bytes()

    def _write(self, name: str, data: bytes) -> None:
        """Complete or not at all."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged = self.folder / f".{name}.{os.getpid()}"
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "wb") as file:
            file.write(data)
        staged.replace(self.folder / name)


def _keyed(texts: Texts) -> dict[str, str]:
    """As the release before and programs read it: `{"zh": …, "en": …}`."""
    return {short_tag(locale): text_in(texts, locale) for locale in LOCALES}


def _alert(kept: dict[str, Any]) -> Alert:
    """An alert as this release or the one before kept it. Raises msgspec.ValidationError."""
    texts = {locale: kept.get(short_tag(locale), "") for locale in LOCALES}
    return msgspec.convert({"texts": texts} | kept, Alert)


def worst(check: Checked) -> Severity | None:
    """The worst finding's severity."""
    return max((one.severity for one in check.findings), key=lambda one: one.rank, default=None)


_MESSAGES: Final = ("events", "jobs", "worker")


def components(checks: Sequence[Checked]) -> dict[str, str]:
    """What travellers may know, by component: ok, slow or down; what nobody could look at is not in it.

    Partners appear where there are some; texts count among the messages.
    """
    severities: dict[str, list[Severity]] = {}
    for check in checks:
        if check.problem or check.name not in {*_MESSAGES, "partners"}:
            continue
        if check.name in _MESSAGES:
            told = [one for one in check.findings if check.name != "events" or one.detail in MESSAGES]
            severities.setdefault("messages", []).extend(one.severity for one in told)
            continue
        texts = [one.severity for one in check.findings if one.detail.startswith("sms")]
        severities.setdefault("messages", []).extend(texts)
        if any(not one.startswith(("sms", "worker:", "monitor:")) for one in check.says.split(", ") if one):
            others = [one.severity for one in check.findings if not one.detail.startswith("sms")]
            severities["partners"] = others
    said = {Severity.NOTE: "ok", Severity.WARNING: "slow", Severity.CRITICAL: "down"}
    return {
        name: said[max(found, key=lambda one: one.rank)] if found else "ok"
        for name, found in severities.items()
    }
