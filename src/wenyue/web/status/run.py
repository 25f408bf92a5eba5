"""Puts the status process together from the settings."""

import asyncio
import socket

from wenyue.core.clock import utc_now
from wenyue.core.personal import Vault
from wenyue.platform.config import Settings
from wenyue.platform.files import allow_many_files
from wenyue.platform.keys import KeyFile, keep_fresh, load_keys, reloading_keys, vault_file
from wenyue.platform.mail import Post
from wenyue.platform.supervisor import listening_socket
from wenyue.web.status.place import Place, place_of
from wenyue.web.status.server import StatusPage, serve
from wenyue.web.status.subscribers import Subscribers


async def run_status(settings: Settings, sock: socket.socket | None) -> None:
    """Serve until SIGTERM, on `sock` or on our own. Raises SetupError when the port is taken."""
    allow_many_files()
    place = place_of(settings)
    subscribers, keys = subscribers_of(settings, place) or (None, None)
    sock = sock or listening_socket(settings.web.host, settings.status.port, setting="WENYUE_STATUS_PORT")
    sock.setblocking(False)
    running: list[asyncio.Task[None]] = []
    if subscribers is not None and keys is not None:
        running.append(asyncio.create_task(subscribers.send_mails(), name="mails"))
        running.append(asyncio.create_task(keep_fresh([keys]), name="keys"))
    try:
        await serve(StatusPage(place, subscribers=subscribers), sock)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if subscribers is not None:
            subscribers.close()


def subscribers_of(settings: Settings, place: Place) -> tuple[Subscribers, KeyFile] | None:
    """Subscriptions by e-mail and their key file, when they are wanted and mail can leave."""
    monitor, status = settings.monitor, settings.status
    if not (status.takes_subscriptions and monitor.smtp and status.url):
        return None
    post = Post(monitor.smtp, monitor.mail_from)
    vault = Vault(load_keys(settings.home), reloading_keys(settings.home))
    subscribers = Subscribers(place.home / "status", vault, post.send, place.own_url, utc_now)
    return subscribers, vault_file(settings.home, vault)
