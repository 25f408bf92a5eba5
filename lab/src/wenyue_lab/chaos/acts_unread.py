"""Every class of admission is flooded by what is unread or unproven, while genuine people of the same class come and are counted.

Slow bodies come from `Slow`, which goes round the paths below; here are whole requests that show a login nobody has, and the
genuine people: several of each class, each from a place of their own, who do as they are told: whoever is put off comes again
after Retry-After. The attack lasts until all of them came often enough. A class is well if each of them got in each time, within
a bounded time; where a login was shown, nearly always at once.
"""

import asyncio
import json
import random
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, cycle
from math import ceil
from statistics import mean
from time import monotonic
from typing import Final
from uuid import uuid4

import psycopg

from wenyue.accounts import hash_secret, save_staff, start_login
from wenyue.core.duties import duties_of_role
from wenyue.core.limits import SIGN_IN_WAIT_S, WRITE_DEADLINE_S
from wenyue.core.personal import Vault
from wenyue.locale import Message
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys
from wenyue_lab.benchmark.wire import HOST, token
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.client import GIVE_UP_S, NoReplyError, NotSentError, Reply, Wire
from wenyue_lab.chaos.slow import Slow

PATHS: Final = (
    "/v1/bookings",
    f"/v1/bookings/{uuid4()}/confirmation",
    "/v1/gate/scans",
    "/v1/visitors",
    "/v1/session",
    "/v1/payments/alipay/notify",
    "/gate/scans",
    "/console/signin",
    "/trip/book",
)
_PUT_OFF: Final = frozenset({0, 408, 429, 500, 502, 503, 504})  # 0: no answer
_FORGERS: Final = 12
_PAUSE_S: Final = (0.02, 0.1)
_GENUINE_PAUSE_S: Final = 1.0  # no person asks more often than the limit of an account allows
_PEOPLE: Final = 3  # of each class
_VISITS_MIN: Final = 3  # of each of them
GET_IN_S: Final = 60.0  # what a visit may take
_TRIES_MAX: Final = 8  # of one visit, each after its Retry-After
# Each of 24 who guess may be wrong twice in each process before it doubts them: that many checks may come first.
_CHECKS_MAX: Final = 60
_MEASURE_S: Final = 4.0  # between two looks at how slow
_SIGN_IN_GIVE_UP_S: Final = SIGN_IN_WAIT_S + WRITE_DEADLINE_S + 1.0  # there is an answer by then
_ASK_AGAIN_S: Final = 2.0  # after an answer that names no time, or none
_AT_ONCE: Final = 0.9  # of the requests that show a login
_PIN: Final = "274916"
_PASSWORD: Final = "drill staff password"  # noqa: S105 - of fixtures that live for minutes
_places: Final = count(1)
_CARDS: Final = (440, 441, 442)  # of people who sign in; nobody guesses at these


def _new_place() -> str:
    """An address that nobody had before."""
    number = next(_places)
    return f"127.1.{number // 250 % 250}.{number % 250 + 1}"


def attacker(number: int) -> str:
    """The address of one who guesses; the last of the genuine who sign in has the first one's, and a device that is known."""
    return f"127.0.2.{number + 1}"


@dataclass(slots=True)
class Genuine:
    """Somebody of one class, who asks as one should: one visit after the other, each until it is answered by what it asks for."""

    name: str
    method: str
    path: str
    headers: str
    body: bytes = b""
    source: str = ""
    give_up_s: float = GIVE_UP_S
    is_new_each_time: bool = False  # each visit is somebody else's, from a place of their own
    visits: int = 0  # that ended well
    asked: int = 0
    put_off: int = 0
    longest_s: float = 0.0  # of a visit, the one under way included
    most_tries: int = 0  # of a visit, the one under way included
    codes: dict[int, int] = field(default_factory=dict[int, int])

    async def visit(self, wire: Wire) -> None:
        """Ask, and ask again as told, until there is an answer."""
        began, before = monotonic(), self.asked
        while (again_s := await self.ask(wire)) is not None:
            self.longest_s = max(self.longest_s, monotonic() - began)
            self.most_tries = max(self.most_tries, self.asked - before)
            await asyncio.sleep(again_s)
        self.most_tries = max(self.most_tries, self.asked - before)
        self.longest_s = max(self.longest_s, monotonic() - began)
        self.visits += 1

    async def ask(self, wire: Wire) -> float | None:
        """Ask once and count what came of it. Seconds after which to ask again; None: it was answered."""
        request = _request(self.method, self.path, self.headers, self.body)
        reply = await _try(wire, request, give_up_s=self.give_up_s)
        self.codes[reply.status] = self.codes.get(reply.status, 0) + 1
        self.asked += 1
        if reply.status not in _PUT_OFF:
            return None
        self.put_off += 1
        return reply.retry_after_s or _ASK_AGAIN_S


@dataclass(slots=True)
class People:
    """The genuine people of every class while the attack lasts."""

    everybody: list[Genuine]
    checks_s: list[float] = field(
        default_factory=list[float]
    )  # how long the check of a secret takes here, now
    _enough: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def check_s(self) -> float:
        """How long a check took on average: by the server's own function and priority, without a line in front of it."""
        return mean(self.checks_s) if self.checks_s else 0.0

    @property
    def most_s(self) -> float:
        """What a visit may take: GET_IN_S, or a number of checks where other programs leave little of the processors."""
        return max(GET_IN_S, _CHECKS_MAX * self.check_s)

    @property
    def most_tries(self) -> int:
        """How often a visit may have to ask: in proportion to its time."""
        return ceil(_TRIES_MAX * self.most_s / GET_IN_S)

    async def measure_checks(self, vault: Vault) -> None:
        """Check a secret of nobody now and then, until cancelled."""
        while True:
            began = monotonic()
            await hash_secret(_PIN, vault)
            self.checks_s.append(monotonic() - began)
            await asyncio.sleep(_MEASURE_S)

    async def have_come(self) -> None:
        """Wait until each of them has come often enough; not for ever, and `report` says who has not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_VISITS_MIN * GET_IN_S):
                await self._enough.wait()

    async def keep_coming(self, port: int, one: Genuine) -> None:
        """The visits of one of them, until cancelled."""
        while True:
            wire = Wire(port, source=one.source or _new_place())
            try:
                for _ in range(1 if one.is_new_each_time else _VISITS_MIN):
                    await one.visit(wire)
                    if all(each.visits >= _VISITS_MIN for each in self.everybody):
                        self._enough.set()
                    await asyncio.sleep(_GENUINE_PAUSE_S)
            finally:
                wire.close()


async def measure_every_class(stage: Stage, stack: AsyncExitStack, slow: Slow, *, slow_bodies: int) -> People:
    """Begin the flood of every class and the genuine visits beside it; both end with `stack`. `report` tells the outcome."""
    people = People(await _genuine(stage))
    await slow.open(headers=0, bodies=slow_bodies, paths=PATHS)
    tasks = [asyncio.create_task(_forge(stage, number)) for number in range(_FORGERS)]
    tasks.append(asyncio.create_task(people.measure_checks(Vault(load_keys(stage.installation.home)))))
    tasks += [
        asyncio.create_task(people.keep_coming(stage.installation.port, one)) for one in people.everybody
    ]

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(end)
    return people


def report(stage: Stage, people: People) -> None:
    """Write down how each class fared."""
    stage.extra["a check of a secret, s"] = round(people.check_s, 2)
    for name in dict.fromkeys(one.name for one in people.everybody):
        own = [one for one in people.everybody if one.name == name]
        asked, put_off = sum(one.asked for one in own), sum(one.put_off for one in own)
        stage.extra[f"{name}: genuine requests"] = asked
        stage.extra[f"{name}: put off"] = put_off
        stage.extra[f"{name}: visits of whoever had fewest"] = min(one.visits for one in own)
        stage.extra[f"{name}: most tries of a visit"] = max(one.most_tries for one in own)
        stage.extra[f"{name}: longest visit, s"] = round(max(one.longest_s for one in own), 2)
        stage.findings += [
            f"{one.name}, {one.path} from {one.source or 'many places'}: {one.visits} visits, "
            f"the longest of {one.longest_s:.0f} s, the most tries {one.most_tries} ({one.codes})"
            for one in own
            if one.visits < _VISITS_MIN or one.most_tries > people.most_tries or one.longest_s > people.most_s
        ]
        if name not in _WITHOUT_LOGIN and put_off > (1 - _AT_ONCE) * asked:
            codes = [one.codes for one in own]
            stage.findings.append(f"{name}: {put_off} of {asked} genuine requests were put off ({codes})")


_WITHOUT_LOGIN: Final = frozenset(
    {"sign_in", "staff_sign_in", "loss", "stranger"}
)  # these classes are for the flood as well


async def _genuine(stage: Stage) -> list[Genuine]:
    async with await psycopg.AsyncConnection.connect(stage.there().owner_url) as tx:
        now = datetime.now(UTC)
        vault = Vault(load_keys(stage.installation.home))
        shown: list[str] = []
        for number in range(_PEOPLE):
            login = f"drill-{number}"
            staff = await save_staff(
                tx,
                vault,
                login=login,
                password=_PASSWORD,
                duties=duties_of_role("admin"),
                now=now,
                actor="drill",
            )
            shown.append(await start_login(tx, now=now, staff_id=staff))
        for card in _CARDS:
            pin = {"pin_hash": await hash_secret(_PIN, vault), "id": card}
            await tx.execute("UPDATE cards.card SET pin_hash = %(pin_hash)s WHERE id = %(id)s", pin)
    people = [one for number in range(_PEOPLE) for one in _with_a_login(number, shown[number])]
    people += _who_sign_in(await _known_device(stage.installation.port))
    for one in people:
        one.source = one.source or ("" if one.is_new_each_time else _new_place())
    return people


def _with_a_login(number: int, shown: str) -> list[Genuine]:
    traveller = f"Authorization: Bearer {token(number + 1)}\r\n"
    member, page = f"Authorization: Bearer {shown}\r\n", f"Cookie: wy_staff={shown}\r\n"
    return [
        Genuine("hot", "POST", "/v1/bookings", traveller, b"{}"),
        Genuine("confirm", "POST", f"/v1/bookings/{uuid4()}/confirmation", traveller, b"{}"),
        Genuine("gate", "POST", "/v1/gate/scans", member, b"{}"),
        Genuine("hold", "POST", "/v1/visitors", traveller, b"{}"),
        Genuine("browse", "GET", "/v1/bookings", traveller),
        Genuine("report", "GET", "/console/live", page),
        Genuine("stranger", "GET", "/v1/venues", ""),
    ]


def _who_sign_in(device: str) -> list[Genuine]:
    """On devices that are new, each visit from a place of its own; one on a known device, at the address of one who guesses."""
    *new, known = [_sign_in(card) for card in _CARDS]
    people = [Genuine("sign_in", "POST", "/v1/session", "", body, is_new_each_time=True) for body in new]
    people.append(
        Genuine("sign_in", "POST", "/v1/session", f"Device-Token: {device}\r\n", known, attacker(0))
    )
    for one in people:
        one.give_up_s = _SIGN_IN_GIVE_UP_S
    for number in range(_PEOPLE):
        staff = b'{"login":"drill-%d","password":"%b"}' % (number, _PASSWORD.encode())
        people.append(Genuine("staff_sign_in", "POST", "/v1/gate/session", "", staff, is_new_each_time=True))
        people[-1].give_up_s = _SIGN_IN_GIVE_UP_S
        people.append(Genuine("loss", "POST", "/v1/cards/lost", "", lost_report(), is_new_each_time=True))
    return people


def lost_report() -> bytes:
    """Of a document that is nobody's here: the answer is the same as a holder's."""
    person = {"name": "张演示", "number": "11010519491231002X", "kind": "resident_id", "phone": "13800000000"}
    return json.dumps({**person, "id": str(uuid4())}).encode()


def _sign_in(card: int) -> bytes:
    return b'{"card_no":"BENCH%011d","pin":"%b"}' % (card, _PIN.encode())


async def _known_device(port: int) -> str:
    """What a device keeps that signed in before the attack; a busy machine has its time. Raises SetupError."""
    wire = Wire(port)
    try:
        async with asyncio.timeout(_VISITS_MIN * GET_IN_S):
            while True:
                reply = await _try(wire, _request("POST", "/v1/session", "", _sign_in(_CARDS[-1])))
                if shown := str(reply.body.get("device_token") or ""):
                    return shown
                await asyncio.sleep(reply.retry_after_s or _ASK_AGAIN_S)
    except TimeoutError:
        raise SetupError(Message("nobody could sign in before the attack")) from None
    finally:
        wire.close()


async def _try(wire: Wire, request: bytes, *, give_up_s: float = GIVE_UP_S) -> Reply:
    """The answer; status 0: none."""
    try:
        return await wire.ask(request, give_up_s=give_up_s)
    except (NotSentError, NoReplyError):
        return Reply(0, {})


async def _forge(stage: Stage, number: int) -> None:
    """Whole requests to every class, with logins that nobody has."""
    chance = random.Random(f"forge {number}")  # noqa: S311 - pauses and tokens of nobody
    wire = Wire(stage.installation.port, source=f"127.0.3.{number + 1}")
    try:
        for path in cycle(PATHS):
            shown = f"{chance.getrandbits(256):043x}"[:43]
            headers = f"Authorization: Bearer {shown}\r\nCookie: wy_staff={shown}; wy_login={shown}\r\n"
            forged = Genuine("forged", "POST", path, headers, b"{}")
            await forged.ask(wire)
            stage.extra["forged requests"] = stage.extra.get("forged requests", 0) + 1
            await asyncio.sleep(chance.uniform(*_PAUSE_S))
    finally:
        wire.close()


def _request(method: str, path: str, headers: str, body: bytes) -> bytes:
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n{headers}{length}\r\n".encode()
        + body
    )
