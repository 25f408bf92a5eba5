"""Subscriptions by e-mail: asked for on the page, confirmed by a link, sealed on disk, left by a link. Bounded and paced.

An address is stored sealed (AES-GCM) beside a keyed hash that recognises it; logs never name one.
"""

import asyncio
import hmac
import logging
import re
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import parse_qs

from wenyue.core.personal import SealBroken, Vault
from wenyue.locale import DEFAULT, LOCALES, Locale, Message, translations
from wenyue.web.status import wording
from wenyue.web.status.asking import Asking, mailbox_of
from wenyue.web.status.for_programs import path_of
from wenyue.web.status.model import Incident
from wenyue.web.status.moments import say_moment
from wenyue.web.status.prepared import Page
from wenyue.web.status.small_pages import Button, plain_page

SUBSCRIBERS_MAX: Final = 20_000
MAILED_AGAIN_AFTER: Final = timedelta(days=1)  # one confirmation of one mailbox
CONFIRMATIONS_WAITING_MAX: Final = 40  # for the mail server; whoever comes then is asked to come back
UNCONFIRMED_KEPT: Final = timedelta(days=2)
QUEUE_MAX: Final = 200
SEND_PAUSE_S: Final = 0.05
_PURPOSE: Final = b"status-subscriber"
_log: Final = logging.getLogger("wenyue.status")
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?\.[A-Za-z]{2,24}"
)
_HEX: Final = re.compile(r"[0-9a-f]{32}")
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS subscriber (
    mark TEXT PRIMARY KEY, sealed BLOB NOT NULL, lang TEXT NOT NULL, asked_at TEXT NOT NULL, confirmed_at TEXT);
CREATE TABLE IF NOT EXISTS mailed (mailbox TEXT PRIMARY KEY, at TEXT NOT NULL);
"""
_T = TypeVar("_T")

# Hands one message over: (recipients, subject, text). Raises OSError. Called in a thread.
Send = Callable[[Sequence[str], str, str], None]


class Subscribers:
    """The list, its forms and its mails."""

    def __init__(
        self, folder: Path, vault: Vault, send: Send, own_url: str, clock: Callable[[], datetime]
    ) -> None:
        self._path, self._vault, self._send = folder / "subscribers.db", vault, send
        self._own_url, self._clock = own_url, clock
        self._asking = Asking()
        self._waiting = 0  # confirmations that the mail server has not taken yet
        self._adding: set[asyncio.Task[None]] = set()
        # Apart from each other: a mail server that hangs keeps nobody from subscribing, and incidents from nobody.
        self._files = ThreadPoolExecutor(1, "subscribers")
        self._confirmations = ThreadPoolExecutor(1, "confirmations")
        self._incidents = ThreadPoolExecutor(1, "incidents")
        self._queue: asyncio.Queue[Incident] = asyncio.Queue(QUEUE_MAX)

    async def handle(self, method: str, path: str, body: bytes, peer: str) -> Page:
        """Answer a form: /subscribe, /confirm or /leave; a link of a mail shows the button that sends it.

        The answer never says whether an address is known.
        """
        form = {
            name: values[0][:400]
            for name, values in parse_qs(body.decode("latin-1"), max_num_fields=10).items()
        }
        match path:
            case "/subscribe":
                return await self._ask(form.get("email", "").strip(), form.get("lang", ""), peer)
            case "/confirm" | "/leave" if method == "GET":
                return self._button(path, form.get("mark", ""), form.get("sign", ""))
            case "/confirm" | "/leave":
                return await self._act(path, form.get("mark", ""), form.get("sign", ""))
            case _:
                return plain_page(404, Message("Page not found"))

    def queue_mails(self, incident: Incident) -> None:
        """Queue a mail to everybody about an incident's only note; a full queue drops it, the feed has it."""
        if not self._queue.full():
            self._queue.put_nowait(incident)

    async def send_mails(self) -> None:
        """Send what is queued, for ever."""
        while True:
            incident = await self._queue.get()
            for address, mark, lang in await self._filed(self._confirmed):
                subject, text = self._text(incident, mark, _spoken(lang))
                try:
                    await _in(self._incidents, partial(self._send, [address], subject, text))
                except OSError as error:  # that mailbox or the server; the page and the feed say it too
                    _log.warning("a mail about an incident did not leave: %s", type(error).__name__)
                    continue
                await asyncio.sleep(SEND_PAUSE_S)

    def close(self) -> None:
        """Send nothing more: what waits for a mail server that hangs does not keep the process from ending."""
        for threads in (self._files, self._confirmations, self._incidents):
            threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, email: str, lang: str, peer: str) -> Page:
        if not _EMAIL.fullmatch(email):
            return plain_page(
                422,
                Message("This is not an e-mail address. Correct it and try again."),
            )
        if not self._asking.may_ask(peer):
            return plain_page(
                429,
                Message("Too many requests. Try again in an hour."),
            )
        if self._waiting >= CONFIRMATIONS_WAITING_MAX:
            return plain_page(
                503,
                Message(
                    "Mail cannot be sent at the moment, so you are not subscribed. Try again in ten minutes."
                ),
            )
        locale = _spoken(lang)
        mark = self._vault.fingerprint(email.lower().encode()).hex()
        mailbox = self._vault.fingerprint(f"status:mailbox:{mailbox_of(email)}".encode()).hex()
        sealed = self._vault.seal(email.encode(), purpose=_PURPOSE)
        self._asking.note_mail()  # taken before anything is waited for: many may ask in one moment
        self._waiting += 1
        adding = asyncio.create_task(
            self._add_and_send(
                lambda: self._add(mark, mailbox, sealed, locale),
                lambda: self._send_quietly(email, locale, mark, mailbox),
            )
        )
        self._adding.add(adding)
        adding.add_done_callback(self._adding.discard)
        await asyncio.shield(adding)
        return plain_page(
            200,
            Message("Check your mail and follow its link to finish. A mailbox gets one such mail a day."),
        )

    async def _add_and_send(self, add: Callable[[], bool], send: Callable[[], None]) -> None:
        """File an address and queue its confirmation: both, also when whoever asked leaves meanwhile."""
        is_new = False
        try:
            is_new = await self._filed(add)
        finally:
            if not is_new:
                self._asking.take_mail_back()
                self._waiting -= 1
        if is_new:
            asyncio.wrap_future(self._confirmations.submit(send)).add_done_callback(self._sent)

    def _sent(self, _: object) -> None:
        self._waiting -= 1

    async def _filed(self, what: Callable[[], _T]) -> _T:
        return await _in(self._files, what)

    def _button(self, path: str, mark: str, sign: str) -> Page:
        if not _HEX.fullmatch(mark) or not _HEX.fullmatch(sign):
            return _invalid()
        words = Message("Unsubscribe") if path == "/leave" else Message("Finish subscribing")
        return plain_page(200, Message("Press the button to confirm."), Button(path, mark, sign, words))

    async def _act(self, path: str, mark: str, sign: str) -> Page:
        wanted = self._sign(path, mark)
        if not hmac.compare_digest(sign.encode(), wanted.encode()):
            return _invalid()
        if path == "/leave":
            await self._filed(lambda: self._forget(mark))
            return plain_page(200, Message("You are unsubscribed; your address is deleted."))
        is_there = await self._filed(lambda: self._confirm(mark))
        if not is_there:
            return _invalid()
        return plain_page(200, Message("You are subscribed."))

    def link(self, path: str, mark: str) -> str:
        """The address in a mail; its page shows one button, because programs open links too."""
        return f"{self._own_url}{path}?mark={mark}&sign={self._sign(path, mark)}"

    def _sign(self, path: str, mark: str) -> str:
        return self._vault.fingerprint(f"status:{path}:{mark[:64]}".encode()).hex()

    def _send_quietly(self, email: str, locale: Locale, mark: str, mailbox: str) -> None:
        _ = translations(locale)
        text = _.gettext(
            "To be told about incidents, open:\n{link}\n\nIf you did not ask for this, do nothing.\n",
            link=self.link("/confirm", mark),
        )
        try:
            self._send([email], _.gettext("Please confirm: Wenyue status by mail"), text)
        except OSError:
            self._unmail(mailbox)  # asked again, it is sent again

    def _text(self, incident: Incident, mark: str, locale: Locale) -> tuple[str, str]:
        _, note = translations(locale), incident.notes[0]
        state = wording.NOTE_STATES[note.state]
        title = wording.say_title(incident, locale)
        text = (
            f"{state.say(locale)} · {say_moment(note.at, locale)}\n{wording.say_note(note, locale)}\n\n"
            f"{self._own_url}{path_of(locale)}\n\n"
        )
        leave = _.gettext("Unsubscribe: {link}", link=self.link("/leave", mark))
        return _.gettext("[Wenyue] {title}: {state}", title=title, state=state), f"{text}{leave}\n"

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = sqlite3.connect(self._path, timeout=3.0)
        self._path.chmod(0o600)
        file.executescript(_SCHEMA)
        return file

    def _add(self, mark: str, mailbox: str, sealed: bytes, locale: Locale) -> bool:
        """Whether a confirmation is to be sent: the address is not confirmed, and its mailbox got none within a day."""
        now = self._clock()
        file = self._open()
        try:
            with file:
                old = (now - UNCONFIRMED_KEPT).isoformat()
                file.execute("DELETE FROM subscriber WHERE confirmed_at IS NULL AND asked_at < ?", (old,))
                [(count,)] = file.execute("SELECT count(*) FROM subscriber").fetchall()
                known = file.execute("SELECT confirmed_at FROM subscriber WHERE mark = ?", (mark,)).fetchone()
                if known is None and count < SUBSCRIBERS_MAX:
                    row = (mark, sealed, locale, now.isoformat())
                    file.execute(
                        "INSERT INTO subscriber (mark, sealed, lang, asked_at) VALUES (?, ?, ?, ?)", row
                    )
                elif known is None or known[0] is not None:
                    return False
                file.execute("DELETE FROM mailed WHERE at < ?", ((now - MAILED_AGAIN_AFTER).isoformat(),))
                noted = file.execute(
                    "INSERT INTO mailed (mailbox, at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    (mailbox, now.isoformat()),
                )
                return noted.rowcount > 0
        finally:
            file.close()

    def _unmail(self, mailbox: str) -> None:
        with suppress(sqlite3.Error), closing(self._open()) as file, file:
            file.execute("DELETE FROM mailed WHERE mailbox = ?", (mailbox,))

    def _confirm(self, mark: str) -> bool:
        file = self._open()
        try:
            with file:
                at = self._clock().isoformat()
                done = file.execute(
                    "UPDATE subscriber SET confirmed_at = coalesce(confirmed_at, ?) WHERE mark = ?",
                    (at, mark),
                )
                return done.rowcount > 0
        finally:
            file.close()

    def _forget(self, mark: str) -> None:
        file = self._open()
        try:
            with file:
                file.execute("DELETE FROM subscriber WHERE mark = ?", (mark,))
        finally:
            file.close()

    def _confirmed(self) -> list[tuple[str, str, str]]:
        """(address, mark, language) of everybody who confirmed."""
        file = self._open()
        try:
            rows = file.execute(
                "SELECT sealed, mark, lang FROM subscriber WHERE confirmed_at IS NOT NULL LIMIT ?",
                (SUBSCRIBERS_MAX,),
            ).fetchall()
        finally:
            file.close()
        found: list[tuple[str, str, str]] = []
        for sealed, mark, lang in rows:
            try:
                found.append((self._vault.open_sealed(sealed, purpose=_PURPOSE).decode(), mark, lang))
            except SealBroken:
                continue
        return found


async def _in(threads: ThreadPoolExecutor, what: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(threads, what)


def _spoken(lang: str) -> Locale:
    """The language that a form or a row names; the default for one that we do not speak."""
    return lang if lang in LOCALES else DEFAULT


def _invalid() -> Page:
    return plain_page(403, Message("This link is invalid or has expired."))
