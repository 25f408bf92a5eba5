"""Who may ask for a subscription how often, within an hour. Nobody's line, and nobody's region, can use up what is for all."""

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from wenyue.platform.addresses import line_of, region_of

MAILS_PER_HOUR_MAX: Final = 300  # to everybody together
OF_LINE_MAX: Final = 5  # asked from one IPv4 address or IPv6 /64
OF_REGION_MAX: Final = 30  # from one IPv4 /24 or IPv6 /48
_ASKED_MAX: Final = 20_000  # remembered: the oldest is forgotten first
_HOUR_S: Final = 3600.0
_GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})


class Asking:
    """Counts who asked and how many mails went out. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._asked: deque[tuple[float, tuple[str, str]]] = deque()
        self._count: dict[str, int] = {}
        self._mailed: deque[float] = deque()

    def may_ask(self, address: str) -> bool:
        """Whether somebody at this address may ask once more; it is counted then."""
        now = self._clock()
        while self._asked and now - self._asked[0][0] > _HOUR_S:
            self._forget()
        line, region = f"line {line_of(address)}", f"region {region_of(address)}"
        if (
            self._count.get(line, 0) >= OF_LINE_MAX
            or self._count.get(region, 0) >= OF_REGION_MAX
            or not self.has_mails
        ):
            return False
        if len(self._asked) >= _ASKED_MAX:
            self._forget()
        self._asked.append((now, (line, region)))
        for one in (line, region):
            self._count[one] = self._count.get(one, 0) + 1
        return True

    @property
    def has_mails(self) -> bool:
        """Whether one more mail may be sent within this hour."""
        now = self._clock()
        while self._mailed and now - self._mailed[0] > _HOUR_S:
            self._mailed.popleft()
        return len(self._mailed) < MAILS_PER_HOUR_MAX

    def note_mail(self) -> None:
        """A mail goes out."""
        self._mailed.append(self._clock())

    def take_mail_back(self) -> None:
        """A mail that was noted within this hour does not go out after all."""
        if self._mailed:
            self._mailed.pop()

    def _forget(self) -> None:
        for one in self._asked.popleft()[1]:
            self._count[one] -= 1
            if not self._count[one]:
                del self._count[one]


def mailbox_of(email: str) -> str:
    """The mailbox behind an address, for counting only: whoever adds a tag, or dots at Gmail, writes to the same person."""
    local, _, domain = email.lower().rpartition("@")
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') if domain in _GMAIL else local}@{domain}"
