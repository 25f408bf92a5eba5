"""The public record of a waiting room: lines of JSON that name nobody, and from which everything can be computed again.

First line: the room with promise, seed and rule. Then every rise of the threshold, then every token, then the end with the
number of lines and the SHA-256 of all bytes before it. A person finds the own line by the code that the page showed.
"""

import hashlib
from collections.abc import AsyncIterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from wenyue.locale import Message, Texts, paired, unpaired
from wenyue.platform.fault import SetupError
from wenyue.waiting_room import Exchange, Place, Room, Step

FORMAT: Final = "wenyue-fairness-1"
RANK_RULE: Final = (
    "rank = first 6 bytes, big-endian, of HMAC-SHA256(key = seed, message = code in ASCII);"
    " smaller (epoch, rank) first"
)
_LINE_BYTES_MAX: Final = 4_096
_STEPS_MAX: Final = 2_000_000
_Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
_Code = Annotated[str, Meta(pattern=r"^[0-9A-Z]{16}$")]
_encode: Final = msgspec.json.Encoder().encode


class RoomLine(msgspec.Struct, frozen=True, tag_field="kind", tag="room", forbid_unknown_fields=True):
    """What was promised and what was published."""

    format: str
    event: str
    title: Texts
    release_at: datetime
    epoch_s: int
    commitment: _Hex
    seed: _Hex
    rule: str
    exported_at: datetime


class StepLine(msgspec.Struct, frozen=True, tag_field="kind", tag="step", forbid_unknown_fields=True):
    """One rise of the threshold."""

    at: datetime
    epoch: int
    rank: int


class TokenLine(msgspec.Struct, frozen=True, tag_field="kind", tag="token", forbid_unknown_fields=True):
    """One token: to whom, where they stood, the threshold in force (epoch, rank)."""

    code: _Code
    turn: int
    epoch: int
    rank: int
    threshold: tuple[int, int]
    at: datetime


class EndLine(msgspec.Struct, frozen=True, tag_field="kind", tag="end", forbid_unknown_fields=True):
    """How much there is, and the hash of everything above."""

    steps: int
    tokens: int
    sha256: _Hex


_Line = RoomLine | StepLine | TokenLine | EndLine
_decode: Final = msgspec.json.Decoder(_Line).decode


async def write_record(
    path: Path, room: Room, steps: Sequence[Step], exchanges: AsyncIterable[Exchange], now: datetime
) -> int:
    """Write the record of a room whose seed is public; returns the number of tokens. Raises SetupError, OSError."""
    if room.seed is None:
        raise SetupError(
            Message("the room {code} was not released: its seed is not public yet", code=repr(room.code))
        )
    digest, tokens = hashlib.sha256(), 0
    with path.open("wb") as file:

        def put(line: RoomLine | StepLine | TokenLine | EndLine) -> None:
            plain = paired(msgspec.to_builtins(line), "title") if isinstance(line, RoomLine) else line
            raw = _encode(plain) + b"\n"
            digest.update(raw)
            file.write(raw)

        put(
            RoomLine(
                FORMAT,
                room.code,
                room.title,
                room.release_at,
                room.epoch_s,
                room.commitment.hex(),
                room.seed.hex(),
                RANK_RULE,
                now,
            )
        )
        for step in steps:
            put(StepLine(step.at, step.threshold.epoch, step.threshold.rank))
        async for one in exchanges:
            threshold = (one.threshold.epoch, one.threshold.rank)
            put(TokenLine(one.code, one.turn, one.place.epoch, one.place.rank, threshold, one.at))
            tokens += 1
        put(EndLine(len(steps), tokens, digest.hexdigest()))
    return tokens


def _first_line(raw: bytes) -> RoomLine | StepLine | TokenLine | EndLine:
    """The title stands there by language or, as verifiers of every release read it, in a pair."""
    return msgspec.convert(unpaired(msgspec.json.decode(raw), "title"), _Line)


class Record:
    """A record that is read. Raises SetupError that names the line where it is not what it should be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        first = next(self._lines(), None)
        if not isinstance(first, RoomLine) or first.format != FORMAT:
            raise SetupError(Message("{path} isn't a record of a waiting room", path=path))
        self.room = first

    @property
    def seed(self) -> bytes:
        """The published seed."""
        return bytes.fromhex(self.room.seed)

    @property
    def commitment(self) -> bytes:
        """The promise."""
        return bytes.fromhex(self.room.commitment)

    def read_steps(self) -> list[Step]:
        """Every rise of the threshold, in the order of the file."""
        steps = [
            Step(line.at, Place(line.epoch, line.rank))
            for line in self._lines()
            if isinstance(line, StepLine)
        ]
        if len(steps) > _STEPS_MAX:
            raise SetupError(
                Message("{path} has more than {steps_max} steps", path=self._path, steps_max=_STEPS_MAX)
            )
        return steps

    def tokens(self) -> Iterator[Exchange]:
        """Every token, one at a time."""
        for line in self._lines():
            if isinstance(line, TokenLine):
                yield Exchange(
                    line.code, line.turn, Place(line.epoch, line.rank), Place(*line.threshold), line.at
                )

    def damage(self) -> list[str]:
        """What is wrong with the file itself: cut off, or changed since it was written."""
        digest, steps, tokens = hashlib.sha256(), 0, 0
        end: EndLine | None = None
        for raw, line in self._raw_lines():
            if end is not None:
                return ["there are lines behind the end of the record"]
            if isinstance(line, EndLine):
                end = line
                continue
            steps += isinstance(line, StepLine)
            tokens += isinstance(line, TokenLine)
            digest.update(raw)
        if end is None:
            return ["the record is cut off: its last line is missing"]
        if (end.steps, end.tokens, end.sha256) != (steps, tokens, digest.hexdigest()):
            return [
                "the record was changed after it was written: its last line does not agree with the others"
            ]
        return []

    def _lines(self) -> Iterator[RoomLine | StepLine | TokenLine | EndLine]:
        return (line for _, line in self._raw_lines())

    def _raw_lines(self) -> Iterator[tuple[bytes, RoomLine | StepLine | TokenLine | EndLine]]:
        try:
            with self._path.open("rb") as file:
                number = 0
                while raw := file.readline(_LINE_BYTES_MAX):
                    number += 1
                    try:
                        yield raw, _decode(raw) if number > 1 else _first_line(raw)
                    except (msgspec.DecodeError, UnicodeDecodeError) as error:
                        raise SetupError(
                            Message(
                                "{path}, line {number}: {error}",
                                number=number,
                                path=self._path,
                                error=str(error)[:120],
                            )
                        ) from None
        except OSError as error:
            raise SetupError(
                Message.in_context(
                    "ops", "cannot read {path}: {strerror}", path=self._path, strerror=error.strerror
                )
            ) from error
