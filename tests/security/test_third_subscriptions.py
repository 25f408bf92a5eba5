"""Nobody is mailed to death by the status page, nobody uses up what is for all, and a mail server may hang."""

import asyncio
import re
import threading
from collections import Counter, deque
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.support.hot_site import until
from wenyue.core.personal import KeyRing, Vault
from wenyue.web.status.asking import MAILS_PER_HOUR_MAX, OF_LINE_MAX, OF_REGION_MAX, Asking, mailbox_of
from wenyue.web.status.subscribers import CONFIRMATIONS_WAITING_MAX, Send, Subscribers

pytestmark = pytest.mark.anyio
_NET_S = 30.0


class _Now:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 29, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def _subscribers(folder: Path, send: Send, now: _Now) -> Subscribers:
    vault = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))
    return Subscribers(folder, vault, send, "https://status.example.cn", now)


async def _subscribe(to: Subscribers, email: str, peer: str) -> int:
    page = await to.handle("POST", "/subscribe", urlencode({"email": email}).encode(), peer)
    return page.status


async def test_security_third_a_mailbox_gets_one_confirmation_a_day(tmp_path: Path) -> None:
    mails: deque[tuple[str, str]] = deque()
    now = _Now()
    subscribers = _subscribers(tmp_path, lambda to, _subject, text: mails.append((to[0], text)), now)
    spellings = ["victim@example.cn", "Victim@Example.cn", "victim+1@example.cn", "victim+2@example.cn"]
    for n, email in enumerate(spellings * 10):
        assert await _subscribe(subscribers, email, f"192.0.{n}.1") == 200
    assert await _subscribe(subscribers, "other@example.cn", "198.51.100.1") == 200
    await until(lambda: len(mails) >= 2)
    assert [to for to, _ in mails] == ["victim@example.cn", "other@example.cn"]
    found = str(re.findall(r"https://\S+", mails[0][1])[0])
    fields = {name: values[0] for name, values in parse_qs(urlsplit(found).query).items()}
    await subscribers.handle("POST", "/confirm", urlencode(fields).encode(), "")
    leave = parse_qs(urlsplit(subscribers.link("/leave", fields["mark"])).query)
    left = urlencode({name: values[0] for name, values in leave.items()}).encode()
    assert (await subscribers.handle("POST", "/leave", left, "")).status == 200
    assert await _subscribe(subscribers, "victim@example.cn", "203.0.113.1") == 200  # left, and asked again
    now.at += timedelta(hours=25)
    assert await _subscribe(subscribers, "victim@example.cn", "203.0.113.1") == 200
    await until(lambda: len(mails) >= 3)
    assert [to for to, _ in mails] == ["victim@example.cn", "other@example.cn", "victim@example.cn"]
    assert b"victim" not in (tmp_path / "subscribers.db").read_bytes()
    subscribers.close()


async def test_security_third_a_confirmation_that_could_not_be_sent_is_sent_when_asked_again(
    tmp_path: Path,
) -> None:
    tries: list[str] = []

    def send(to: object, _subject: str, _text: str) -> None:
        tries.append(str(to))
        if len(tries) == 1:
            raise OSError("no mail server")

    subscribers = _subscribers(tmp_path, send, _Now())
    assert await _subscribe(subscribers, "one@example.cn", "192.0.2.1") == 200
    await until(lambda: tries)
    await until(lambda: not (tmp_path / "subscribers.db-journal").exists())
    async with asyncio.timeout(_NET_S):
        while len(tries) < 2:
            assert await _subscribe(subscribers, "one@example.cn", f"198.51.{len(tries)}.1") in {200, 429}
            await asyncio.sleep(0.01)
    subscribers.close()


def test_security_third_no_line_and_no_region_uses_up_what_is_for_all() -> None:
    at = [0.0]
    asking = Asking(lambda: at[0])
    line = [asking.may_ask(f"2001:db8:1:1::{n:x}") for n in range(20)]
    assert sum(line) == OF_LINE_MAX
    region = [asking.may_ask(f"2001:db8:1:{n:x}::1") for n in range(2, 100)]
    assert sum(line) + sum(region) == OF_REGION_MAX
    block = [asking.may_ask(f"192.0.2.{n}") for n in range(256)]
    assert sum(block) == OF_REGION_MAX
    assert asking.may_ask("203.0.113.9")
    at[0] = 3601.0
    assert asking.may_ask("2001:db8:1:1::1")
    for _ in range(MAILS_PER_HOUR_MAX):
        assert asking.has_mails
        asking.note_mail()
    assert not asking.may_ask("198.51.100.77")
    at[0] = 7203.0
    assert asking.may_ask("198.51.100.77")


def test_security_third_tags_and_dots_are_the_same_mailbox() -> None:
    assert mailbox_of("A.b+news@Gmail.com") == mailbox_of("ab@gmail.com")
    assert mailbox_of("a.b+x@example.cn") == "a.b@example.cn"
    assert mailbox_of("+x@example.cn") == "+x@example.cn"


async def test_security_third_a_mail_server_that_hangs_keeps_nobody_from_subscribing(tmp_path: Path) -> None:
    hangs, goes_on = threading.Event(), threading.Event()

    def send(_to: object, _subject: str, _text: str) -> None:
        hangs.set()
        goes_on.wait(_NET_S)

    subscribers = _subscribers(tmp_path, send, _Now())
    try:
        asked = CONFIRMATIONS_WAITING_MAX - 1
        for n in range(asked):
            assert await _subscribe(subscribers, f"a{n}@example.cn", f"192.{n}.2.1") == 200
        assert hangs.is_set()
        assert await _subscribe(subscribers, "genuine@example.cn", "203.0.113.5") == 200
        assert await _subscribe(subscribers, "late@example.cn", "203.0.113.6") == 503  # at once, and told why
        assert not goes_on.is_set()
    finally:
        goes_on.set()
        subscribers.close()


async def test_many_who_subscribe_in_one_moment_do_not_pass_the_bound_together(tmp_path: Path) -> None:
    goes_on = threading.Event()

    def send(_to: object, _subject: str, _text: str) -> None:
        goes_on.wait(_NET_S)

    subscribers = _subscribers(tmp_path, send, _Now())
    try:
        asked = [
            _subscribe(subscribers, f"a{n}@example.cn", f"192.{n}.2.1")
            for n in range(CONFIRMATIONS_WAITING_MAX + 20)
        ]
        said = Counter(await asyncio.gather(*asked))
        assert said == {200: CONFIRMATIONS_WAITING_MAX, 503: 20}
    finally:
        goes_on.set()
        subscribers.close()


async def test_whoever_leaves_before_the_answer_does_not_cost_a_mailbox_its_confirmation(
    tmp_path: Path,
) -> None:
    mails: list[str] = []
    subscribers = _subscribers(tmp_path, lambda to, _subject, _text: mails.append(to[0]), _Now())
    asking = asyncio.create_task(_subscribe(subscribers, "one@example.cn", "192.0.2.1"))
    await asyncio.sleep(0)
    asking.cancel()  # as the connection does when it is lost
    with suppress(asyncio.CancelledError):
        await asking
    assert await _subscribe(subscribers, "one@example.cn", "198.51.100.1") == 200
    await until(lambda: mails)
    assert mails == ["one@example.cn"]
    subscribers.close()
