"""Asks the web how it is, as a traveller's browser would: over HTTP, with a deadline, without any library of the web."""

import asyncio
import ssl
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

from wenyue.web.status.model import Seen

DEADLINE_S: Final = 4.0
_LINE_MAX: Final = 1024


async def ask(base: str, path: str, deadline_s: float = DEADLINE_S) -> Seen:
    """GET `path` of `base` (http or https). Never raises; no answer in time has the status None."""
    parts = urlsplit(base)
    host, is_tls = parts.hostname or "127.0.0.1", parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    named = f"[{host}]" if ":" in host else host
    request = (
        f"GET {parts.path}{path} HTTP/1.1\r\nHost: {named}:{port}\r\nUser-Agent: wenyue-status\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n"
    )
    began = perf_counter()
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(deadline_s):
            context = ssl.create_default_context() if is_tls else None
            reader, writer = await asyncio.open_connection(host, port, ssl=context, limit=_LINE_MAX)
            writer.write(request.encode())
            words = (await reader.readline()).split()
            status = int(words[1]) if len(words) > 1 and words[1].isdigit() else None
    except (OSError, TimeoutError, ValueError):
        status = None
    finally:
        if writer is not None:
            writer.transport.abort()
    return Seen(status, (perf_counter() - began) * 1000)
