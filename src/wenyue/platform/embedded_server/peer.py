"""The other machine of a pair (primary and standby): who it is, how it is asked, and whether it has taken over from us.

`HOME/standby/link.json` names the other side. Both sides know each other's certificate and trust no other; a question is one
line over TLS. A home that was superseded is fenced: a note keeps it from being started, also when nobody can be asked any more.

Whoever has the invitation has the standby's certificate; the installation's keys go apart from it. So a claim to have taken over
counts only with a proof by those keys, made for this one question: else the invitation alone would end the primary.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import socket
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, cast

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.embedded_server.place import Place
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import key_ring

FOLDER: Final = "standby"
FENCE: Final = "fenced.json"
QUESTION: Final = b"WYQ2\n"  # and a line of NONCE_LENGTH hex digits
NONCE_LENGTH: Final = 32
ASK_DEADLINE_S: Final = 3.0
_ANSWER_BYTES_MAX: Final = 4096
_TIMELINE: Final = re.compile(r"Latest checkpoint's TimeLineID:\s+(\d+)")
_SYSTEM: Final = re.compile(r"Database system identifier:\s+(\d+)")


@dataclass(frozen=True)
class Link:
    """`link.json`: what we listen on for the other side, whom we let in, and where it listens."""

    role: Literal["primary", "standby"]
    listen: str
    port: int
    let_in: str  # the only address (or network) that may connect
    peer_host: str
    peer_port: int
    password: str = field(repr=False)  # of the database role wenyue_standby


@dataclass(frozen=True)
class Answer:
    """What the other side says about itself. A standby's `is_primary` is false."""

    system_id: str
    timeline: int
    is_primary: bool


@dataclass(frozen=True)
class Claim:
    """An answer to one question. `proof`: by the installation's keys, for the question's nonce; empty without keys."""

    system_id: str
    timeline: int
    is_primary: bool
    proof: str = ""


def claim(home: Path, nonce: str, answer: Answer) -> Claim:
    """What is answered to a question with this nonce."""
    return Claim(answer.system_id, answer.timeline, answer.is_primary, _proof(home, nonce, answer))


def _proof(home: Path, nonce: str, answer: Answer) -> str:
    """Drawn from the index key, which no rotation changes."""
    try:
        index = key_ring(json.loads((home / "keys.json").read_bytes())).index
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ""
    key = hmac.new(index, b"wenyue takeover 1", hashlib.sha256).digest()
    said = f"{nonce}|{answer.system_id}|{answer.timeline}|{answer.is_primary}"
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


def read_link(home: Path) -> Link | None:
    """The home's link, or None when it has none. Raises SetupError when it is damaged."""
    path = home / FOLDER / "link.json"
    try:
        read = cast("dict[str, Any]", json.loads(path.read_bytes()))
        return Link(**{one.name: read[one.name] for one in fields(Link)})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SetupError(
            Message("{path} is damaged ({error}): set up the link again", path=path, error=error)
        ) from error


def tls(home: Path, purpose: ssl.Purpose) -> ssl.SSLContext:
    """A context that shows our certificate and accepts the other side's, and no other."""
    is_server = purpose is ssl.Purpose.CLIENT_AUTH
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the certificate itself is pinned, whatever the machine is called
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    folder = home / FOLDER
    context.load_verify_locations(folder / "peer.pem")
    context.load_cert_chain(folder / "own.pem", folder / "own.key")
    return context


def ask(home: Path, link: Link) -> Answer | None:
    """What the other side is now; None when it cannot be reached or does not answer, or claims what it does not prove."""
    nonce = secrets.token_hex(NONCE_LENGTH // 2)
    try:
        with (
            socket.create_connection((link.peer_host, link.peer_port), timeout=ASK_DEADLINE_S) as plain,
            tls(home, ssl.Purpose.SERVER_AUTH).wrap_socket(plain) as connection,
        ):
            connection.sendall(QUESTION + nonce.encode() + b"\n")
            with connection.makefile("rb") as answered:  # it holds the socket open until it is closed
                line = answered.readline(_ANSWER_BYTES_MAX)
        said = cast("dict[str, Any]", json.loads(line))
        answer = Answer(str(said["system_id"]), int(said["timeline"]), bool(said["is_primary"]))
        proof = str(said.get("proof", ""))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    wanted = _proof(home, nonce, answer)  # a standby asks before it takes over: nobody ends by that answer
    is_proved = not wanted or hmac.compare_digest(proof.encode(), wanted.encode())
    return answer if is_proved or link.role == "standby" else None


def require_in_force(place: Place, progress: Callable[[str], None]) -> None:
    """Raise SetupError when this home must not be started as a primary: it is a standby, fenced, or superseded."""
    if (place.data / "standby.signal").exists():
        raise SetupError(
            Message(
                "{home} is a standby: keep it following with `wenyue standby run`, or let it take "
                "over with `wenyue standby promote`",
                home=place.home,
            ),
        )
    if (place.home / FENCE).exists():
        raise _superseded(place.home)
    link = read_link(place.home)
    if link is None or not (place.data / "PG_VERSION").exists():
        return
    if is_half_promoted(place, link):
        raise half_promoted(place.home)
    answer = ask(place.home, link)
    if answer is None:
        progress(
            gettext(
                "couldn't ask the standby at {peer_host}:{peer_port} whether it has taken "
                "over: if it was promoted, stop this one now",
                peer_host=link.peer_host,
                peer_port=link.peer_port,
            )
        )
    elif is_superseded(own(place), answer):
        fence(place.home, answer)
        raise _superseded(place.home)


def is_half_promoted(place: Place, link: Link) -> bool:
    """Whether a takeover was cut off: the data follow nobody any more, and have not got this home's passwords yet."""
    return link.role == "standby" and not (place.data / "standby.signal").exists()


def half_promoted(home: Path) -> SetupError:
    """What mends it."""
    return SetupError(
        Message("the takeover of {home} didn't finish: run `wenyue standby promote` again", home=home),
    )


def is_superseded(mine: Answer, other: Answer) -> bool:
    """Whether the other side took over: a primary of the same data on a later timeline."""
    return other.is_primary and other.system_id == mine.system_id and other.timeline > mine.timeline


def own(place: Place) -> Answer:
    """What our own data says, running or not."""
    result = subprocess.run(
        [place.program("pg_controldata"), "-D", str(place.data)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )
    timeline, system = _TIMELINE.search(result.stdout), _SYSTEM.search(result.stdout)
    if timeline is None or system is None:
        raise SetupError(
            Message(
                "can't read the data at {data} ({stderr})",
                data=place.data,
                stderr=result.stderr.strip()[-200:],
            )
        )
    is_standby = (place.data / "standby.signal").exists()
    return Answer(system_id=system[1], timeline=int(timeline[1]), is_primary=not is_standby)


def fence(home: Path, answer: Answer) -> None:
    """Note for good that another has taken over."""
    path = home / FENCE
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"superseded_by": asdict(answer)}, file)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def _superseded(home: Path) -> SetupError:
    return SetupError(
        Message(
            "{home} is fenced: its standby has taken over and has everything booked since. "
            "Make this machine its standby with `wenyue standby init` into another home. To "
            "look at the old data without any traffic, move {fence} and {folder} away",
            home=home,
            fence=home / FENCE,
            folder=home / FOLDER,
        ),
    )
