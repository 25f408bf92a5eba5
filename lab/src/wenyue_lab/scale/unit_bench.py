"""The bench that measures a unit: processor time and bytes before and after, less what the installation uses when nobody asks."""

import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg

from wenyue.locale import Message
from wenyue.platform.database.db import queries
from wenyue.platform.embedded_server import ServerInfo
from wenyue.platform.fault import SetupError
from wenyue_lab.benchmark.dataset import Dataset
from wenyue_lab.benchmark.load import Outcome
from wenyue_lab.benchmark.postgres import cpu_seconds
from wenyue_lab.benchmark.site import HOST, Site
from wenyue_lab.scale.model import Unit
from wenyue_lab.scale.sending import Sender, Way

_SQL: Final = queries("wenyue_lab.scale", "measuring.sql")
_CONNECTIONS: Final = 512
_IDLE_S: Final = 4.0
_OTHERS_MAX: Final = 0.01  # share of other answers, beyond which a figure says so
_AGAIN_MAX: Final = 3
LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
FEWEST: Final = 100  # of anything, however short the run


@dataclass(slots=True)
class Bench:
    """An installation, the process that sends to it, and what the installation uses by itself."""

    server: ServerInfo
    web: Site
    dataset: Dataset
    sender: Sender
    tell: Callable[[str], None]
    pace: float = 1.0  # share of the usual time and numbers
    idle_web: float = 0.0
    idle_database: float = 0.0
    idle_wal: float = 0.0  # bytes a second
    notes: list[str] = field(default_factory=list[str])

    def idle(self) -> None:
        """What the installation uses when nobody asks."""
        self.tell("nobody asks")
        lsn, _ = self._database_bytes()
        began, web, base = time.perf_counter(), self.web.cpu_s(), cpu_seconds(self.server)
        time.sleep(_IDLE_S * self.pace)  # what is measured is what goes on while nobody asks
        took = time.perf_counter() - began
        self.idle_web = (self.web.cpu_s() - web) / took
        self.idle_database = (cpu_seconds(self.server) - base) / took
        self.idle_wal = (self._database_bytes()[0] - lsn) / took

    def unit(self, name: str, requests: Sequence[bytes], wanted: str, way: Way) -> Unit:
        """Send, and divide what was used by what was answered as wanted.

        What may be sent again is, at most _AGAIN_MAX times, when it seemed to use no processor: something else ran in the
        installation while nobody asked, so that is looked at anew.
        """
        made = self._sent(name, requests, wanted, way)
        for _ in range(_AGAIN_MAX if way.again else 0):
            if made.web_us:
                break
            self.idle()
            made = self._sent(name, requests, wanted, way)
        return made

    def _sent(self, name: str, requests: Sequence[bytes], wanted: str, way: Way) -> Unit:
        self.tell(name)
        lsn, kept = self._database_bytes()
        began, web, base = time.perf_counter(), self.web.cpu_s(), cpu_seconds(self.server)
        outcome = self.sender.send(requests, way)
        took = time.perf_counter() - began
        web_s = self.web.cpu_s() - web - self.idle_web * took
        base_s = cpu_seconds(self.server) - base - self.idle_database * took
        lsn_after, kept_after = self._database_bytes()
        count = outcome.all_statuses.get(wanted, 0)
        self._complain(name, outcome, wanted)
        if not count:
            raise SetupError(
                Message(
                    "{name}: not one answer was {wanted}; {all_statuses} {sample}",
                    name=name,
                    wanted=wanted,
                    all_statuses=outcome.all_statuses,
                    sample=_sample(outcome),
                )
            )
        return Unit(
            web_us=max(0.0, web_s) / count * 1e6,
            database_us=max(0.0, base_s) / count * 1e6,
            wal_bytes=max(0.0, lsn_after - lsn - self.idle_wal * took) / count,
            stored_bytes=max(0.0, (kept_after - kept) / count),
            in_bytes=sum(map(len, requests)) / len(requests),
            out_bytes=self.answer_bytes(requests[-1]) if way.again else 0.0,
            per_s=outcome.statuses.get(wanted, 0) / outcome.seconds if outcome.seconds else 0.0,
            count=count,
        )

    def way(
        self,
        seconds: float,
        *,
        warm_s: float = 0.3,
        connections: int = _CONNECTIONS,
        per_s: float = 0.0,
        again: bool = False,
    ) -> Way:
        """How to send, for a share of the usual time when this is a short run."""
        return Way(seconds * self.pace, connections, warm_s * self.pace, per_s, again)

    def few(self, usual: int) -> int:
        """How many in a run of this pace."""
        return max(FEWEST, round(usual * self.pace))

    def answer_bytes(self, request: bytes) -> float:
        """The size of one answer, head included."""
        head, body = self.answer(request)
        return float(len(head) + 4 + len(body))

    def answer(self, request: bytes) -> tuple[bytes, bytes]:
        """Head and body of one answer."""
        with socket.create_connection((HOST, self.web.port), timeout=5) as connection:
            connection.sendall(request)
            data = b""
            while True:
                data += connection.recv(65536)
                head, split, body = data.partition(b"\r\n\r\n")
                length = LENGTH.search(head)
                if split and (length is None or len(body) >= int(length[1])):
                    return head, body

    def checkpoint(self) -> None:
        """From here on the first change of every page is logged whole."""
        with psycopg.connect(self.server.superuser_url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def _database_bytes(self) -> tuple[float, float]:
        with psycopg.connect(self.server.owner_url, autocommit=True) as connection:
            row = connection.execute(_SQL["bytes"]).fetchone()
        return (float(row[0]), float(row[1])) if row else (0.0, 0.0)

    def _complain(self, name: str, outcome: Outcome, wanted: str) -> None:
        others = {status: count for status, count in outcome.all_statuses.items() if status != wanted}
        if sum(others.values()) > _OTHERS_MAX * sum(outcome.all_statuses.values()) or outcome.lost:
            self.notes.append(f"{name}: other answers {others}, lost {outcome.lost} {_sample(outcome)}")


def _sample(outcome: Outcome) -> str:
    return "; ".join(
        f"{status}: {text[-200:]!r}" for status, text in sorted(outcome.samples.items()) if status[0] in "45"
    )[:400]
