"""What a person holds in a waiting room: a code and its rank, a pass, a token; and the epochs they come in."""

import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.room_fixtures import RELEASE
from wenyue.core.personal import KeyRing, Vault
from wenyue.waiting_room import rank_of
from wenyue.waiting_room.model import Pass, Token
from wenyue.waiting_room.passes import RoomKeys
from wenyue.waiting_room.rules import commitment_of, epoch_at

SEED = bytes(range(32))


def keys(index: bytes = bytes(32)) -> RoomKeys:
    return RoomKeys(Vault(KeyRing({1: bytes(32)}, 1, index)))


def test_a_rank_is_what_the_documentation_says() -> None:
    code = "6AGGWY5PS8XQG78D"
    mac = hmac.new(SEED, code.encode("ascii"), hashlib.sha256).digest()
    assert rank_of(SEED, code) == int.from_bytes(mac[:6], "big")
    assert rank_of(SEED, code) == 167_380_877_307_027
    assert commitment_of(SEED) == hashlib.sha256(SEED).digest()


@pytest.mark.parametrize(
    ("seconds", "epoch"), [(-600, 0), (-0.001, 0), (0, 1), (4.999, 1), (5, 2), (3_600, 721)]
)
def test_epochs(seconds: float, epoch: int) -> None:
    assert epoch_at(RELEASE + timedelta(seconds=seconds), RELEASE, 5) == epoch


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**40), st.integers(1, 20))
def test_more_tabs_and_devices_gain_nothing(room: int, account: int, tabs: int) -> None:
    """Whoever asks again stands where they stood: the code, and so the rank, depends on room and account alone."""
    devices = [keys() for _ in range(tabs)]
    assert {rank_of(SEED, one.code_of(room, account)) for one in devices} == {
        rank_of(SEED, keys().code_of(room, account))
    }


def test_codes_tell_accounts_and_rooms_apart_and_cannot_be_guessed_without_the_key() -> None:
    codes = {keys().code_of(room, account) for room in (1, 2) for account in range(500)}
    assert len(codes) == 1_000
    assert all(len(code) == 16 for code in codes)
    assert keys(b"x" * 32).code_of(1, 7) != keys().code_of(1, 7)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**53), st.integers(0, 2**31))
def test_a_pass_says_what_was_signed_and_is_no_token(room: int, account: int, epoch: int) -> None:
    text = keys().write_pass(Pass(room, account, epoch))
    assert keys().read_pass(text) == Pass(room, account, epoch)
    assert keys().read_token(text) is None
    assert keys().read_token("wyt1" + text[4:]) is None
    assert keys(b"x" * 32).read_pass(text) is None


@given(st.integers(5, 52), st.integers(1, 63))
def test_an_altered_pass_is_none(at: int, step: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    text = keys().write_pass(Pass(3, 42, 7))
    other = alphabet[(alphabet.index(text[at]) + step) % 64]
    assert keys().read_pass(text[:at] + other + text[at + 1 :]) is None


@pytest.mark.parametrize(
    "junk", ["", "wyp1_", "wyp1_" + "A" * 48, "密" * 53, "wyp1_" + "=" * 48, "x" * 10_000]
)
def test_junk_is_no_pass(junk: str) -> None:
    assert keys().read_pass(junk) is None
    assert keys().read_token(junk) is None


def test_a_token_keeps_its_end_to_the_second() -> None:
    token = Token(1, 2, RELEASE + timedelta(seconds=600, microseconds=999))
    assert keys().read_token(keys().write_token(token)) == Token(1, 2, RELEASE + timedelta(seconds=600))
