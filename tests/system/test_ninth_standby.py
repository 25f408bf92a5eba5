"""Who holds a standby's invitation, and not the installation's keys, does not end the primary by a claim to have taken over."""

import json
import shutil
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from wenyue.ops.standby.state import certificate, put
from wenyue.platform.embedded_server.peer import (
    NONCE_LENGTH,
    QUESTION,
    Answer,
    Link,
    ask,
    claim,
    is_superseded,
    tls,
)
from wenyue.platform.keys import load_keys

MINE = Answer("7", 1, is_primary=True)
TAKEN = Answer("7", 2, is_primary=True)
Says = Callable[[str], object]


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Path, Path]:
    """The primary's, with its keys, and what an invitation makes: the standby's certificate and nothing else."""
    here, there = tmp_path / "here", tmp_path / "there"
    own, other = certificate("here"), certificate("there")
    link = Link("primary", "127.0.0.1", 0, "127.0.0.0/30", "127.0.0.1", 1, "secret")
    for home, mine, peer in ((here, own, other), (there, other, own)):
        home.mkdir()
        put(home, link, mine, peer[0])
    load_keys(here)
    return here, there


def _asked(homes: tuple[Path, Path], says: Says) -> Answer | None:
    """What the primary takes from whoever answers at the standby's address."""
    here, there = homes
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            plain, _ = listener.accept()
            with tls(there, ssl.Purpose.CLIENT_AUTH).wrap_socket(plain, server_side=True) as connection:
                with connection.makefile("rb") as asked:
                    said = asked.read(len(QUESTION) + NONCE_LENGTH + 1)
                assert said.startswith(QUESTION)
                nonce = said[len(QUESTION) :].strip().decode()
                connection.sendall(json.dumps(says(nonce)).encode() + b"\n")

        answering = threading.Thread(target=answer)
        answering.start()
        link = Link(
            "primary", "127.0.0.1", 0, "127.0.0.0/30", "127.0.0.1", listener.getsockname()[1], "secret"
        )
        found = ask(here, link)
        answering.join(30)
        return found


def test_security_ninth_F10_a_claim_without_the_keys_ends_nobody(homes: tuple[Path, Path]) -> None:
    here, there = homes
    earlier = asdict(claim(here, "0" * NONCE_LENGTH, TAKEN))  # overheard, or asked for at another time
    beside = asdict(claim(here, "0" * NONCE_LENGTH, MINE))
    untrue: list[Says] = [
        lambda _: asdict(TAKEN),
        lambda _: asdict(TAKEN) | {"proof": ""},
        lambda _: asdict(TAKEN) | {"proof": "é" * 64},
        lambda _: asdict(TAKEN) | {"proof": [1]},
        lambda _: earlier,
        lambda nonce: asdict(claim(here, nonce, MINE)) | {"timeline": 2},
        lambda nonce: asdict(claim(there, nonce, TAKEN)),
        lambda _: beside,
    ]
    for says in untrue:
        assert _asked(homes, says) is None


def test_security_ninth_F10_a_takeover_by_the_keys_is_believed(homes: tuple[Path, Path]) -> None:
    here, there = homes
    shutil.copy(here / "keys.json", there)
    found = _asked(homes, lambda nonce: asdict(claim(there, nonce, TAKEN)))
    assert found is not None
    assert found == TAKEN
    assert is_superseded(MINE, found)
