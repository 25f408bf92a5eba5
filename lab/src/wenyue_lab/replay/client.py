"""The public interface as a program on the other side uses it: HTTP with JSON, one connection per thread, kept open."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

from wenyue.locale import Message
from wenyue.platform.fault import SetupError

_TIMEOUT_S: Final = 15.0
_TRIES_MAX: Final = 20
_PAUSE_S: Final = 0.05
_TRANSIENT: Final = 503


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and decoded body; `outcome` is the stable code."""

    status: int
    body: dict[str, Any] = field(repr=False)

    @property
    def outcome(self) -> str:
        """The stable code of what happened."""
        return str(self.body.get("outcome", ""))

    @property
    def is_success(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300


class Client:
    """Safe to use from several threads."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._address = (host, port)
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept-Language": "en",
        }
        self._local = threading.local()
        self._open: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self.requests = 0

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in self._open:
            connection.close()

    def book(self, booking_id: UUID, slot_ids: list[int], quantity: int, *, price_minor: int) -> Reply:
        """POST /v1/bookings: every slot at this price a place, or none. The same id may be sent again."""
        lines = [
            {"slot_id": slot_id, "quantity": quantity, "price_minor": price_minor} for slot_id in slot_ids
        ]
        return self._send("POST", "/v1/bookings", {"id": str(booking_id), "lines": lines})

    def confirm(self, booking_id: UUID) -> Reply:
        """POST /v1/bookings/{id}/confirmation: of places that are held because they cost money."""
        return self._send("POST", f"/v1/bookings/{booking_id}/confirmation", {})

    def cancel(self, booking_id: UUID) -> Reply:
        """POST /v1/bookings/{id}/cancellation."""
        return self._send("POST", f"/v1/bookings/{booking_id}/cancellation", {})

    def availability(self, product_id: int, from_day: date, to_day: date) -> dict[date, int]:
        """GET /v1/availability: places left by date."""
        path = f"/v1/availability?product_id={product_id}&from={from_day}&to={to_day}"
        reply = self._send("GET", path, None)
        if not reply.is_success:
            raise SetupError(
                Message(
                    "{path} answered {status} {outcome}",
                    path=path,
                    status=reply.status,
                    outcome=reply.outcome,
                )
            )
        return {date.fromisoformat(slot["on_date"]): int(slot["left"]) for slot in reply.body["slots"]}

    def _send(self, method: str, path: str, body: object) -> Reply:
        """One request; what is transient or torn is sent again with the same id, which is what the id is for."""
        raw = None if body is None else json.dumps(body).encode()
        told = ""
        for _ in range(_TRIES_MAX):
            try:
                reply = self._once(method, path, raw)
            except (OSError, http.client.HTTPException) as error:
                told = str(error)
                self._drop()
            else:
                if reply.status != _TRANSIENT:
                    return reply
                told = reply.outcome
            time.sleep(_PAUSE_S)
        raise SetupError(
            Message(
                "{method} {path} had no answer after {tries_max} tries: {told}",
                method=method,
                path=path,
                tries_max=_TRIES_MAX,
                told=told,
            )
        )

    def _once(self, method: str, path: str, raw: bytes | None) -> Reply:
        connection = self._connection()
        connection.request(method, path, body=raw, headers=self._headers)
        response = connection.getresponse()
        payload = response.read()
        with self._lock:
            self.requests += 1
        decoded: object = json.loads(payload) if payload else {}
        return Reply(response.status, cast("dict[str, Any]", decoded) if isinstance(decoded, dict) else {})

    def _connection(self) -> http.client.HTTPConnection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(*self._address, timeout=_TIMEOUT_S)
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
        return connection

    def _drop(self) -> None:
        self._connection().close()  # http.client opens it again by itself
