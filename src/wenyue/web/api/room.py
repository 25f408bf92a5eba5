"""The waiting room for apps: take a pass, and exchange it for a token when it is one's turn. The queue itself is a static file.

An app takes a pass once, polls `/room/{event}.json` every `poll_s` seconds with jitter, and compares its place with the
threshold.
"""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from wenyue.application import take_pass as use_cases
from wenyue.application.go_in import go_in
from wenyue.container import Services
from wenyue.waiting_room import PassGiven, RoomProblem, TokenGiven
from wenyue.web.api.asking import FreshHolderOf, ServicesOf
from wenyue.web.shared.problem import RequestRefused

router: Final = APIRouter(prefix="/v1/rooms", tags=["rooms"])
EventOf = Annotated[str, Path(max_length=64, description="The code of the waiting room.")]
_STATUS: Final = {
    RoomProblem.UNKNOWN: 404,
    RoomProblem.CLOSED: 409,
    RoomProblem.NOT_YOURS: 403,
    RoomProblem.NOT_YET: 409,
    RoomProblem.TURNS_USED: 429,
    RoomProblem.BUSY: 503,
}
_TEXT = Annotated[str, Field(max_length=64)]


class PassBody(BaseModel):
    """A pass that the caller has already, so that an earlier place is kept."""

    model_config = ConfigDict(extra="forbid")
    pass_: Annotated[_TEXT, Field(alias="pass", examples=[""])] = ""


class PassAnswer(BaseModel):
    """The place of the account: the same however often and wherever it asks. Keep `pass`."""

    pass_: Annotated[str, Field(alias="pass")]
    epoch: Annotated[int, Field(description="0: before the release; then one for every few seconds")]
    code: Annotated[str, Field(description="under which the account stands in the public record")]
    rank: Annotated[
        int | None, Field(description="from the release on: HMAC-SHA256(seed, code), first 48 bits")
    ]


class TokenBody(BaseModel):
    """The pass."""

    model_config = ConfigDict(extra="forbid")
    pass_: Annotated[_TEXT, Field(alias="pass")]


class TokenAnswer(BaseModel):
    """Send `token` as the header `Room-Token` with POST /v1/bookings and with a reschedule, until `expires_at`."""

    token: str
    expires_at: datetime


@router.post("/{event}/pass", status_code=201)
async def take_pass(
    event: EventOf,
    services: ServicesOf,
    holder_id: FreshHolderOf,
    body: PassBody | None = None,
) -> PassAnswer:
    """A place in the queue: before the release the order of arrival does not matter.

    Afterwards who comes first stands first. Asking again, in other tabs or on other devices, gives the same place.
    """
    given = await use_cases.take_pass(services, holder_id, event, body.pass_ if body is not None else "")
    if isinstance(given, RoomProblem):
        raise _refused(given)
    return PassAnswer.model_validate(
        {"pass": given.text, "epoch": given.epoch, "code": given.code, "rank": _rank(services, event, given)}
    )


@router.post("/{event}/token", status_code=201)
async def take_token(
    event: EventOf, body: TokenBody, services: ServicesOf, holder_id: FreshHolderOf
) -> TokenAnswer:
    """A token for ten minutes, when the pass stands before the threshold. Again: the same token while it is good."""
    given = await go_in(services, holder_id, event, body.pass_)
    if isinstance(given, TokenGiven):
        return TokenAnswer(token=given.text, expires_at=given.expires_at)
    raise _refused(given)


def _rank(services: Services, event: str, given: PassGiven) -> int | None:
    known = services.room.find(event)
    place = services.room.place_of(known.room, given) if known is not None else None
    return None if place is None else place.rank


def _refused(problem: RoomProblem) -> RequestRefused:
    return RequestRefused(_STATUS[problem], problem.value)
