"""The shift of a member of staff over JSON: sign in, sign out, and confirm a colleague's act."""

from typing import Annotated, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wenyue.accounts import Throttled
from wenyue.application.second_proofs import NotConfirmed, Second
from wenyue.application.sign_in_staff import sign_in_staff_by_code
from wenyue.application.signing_in import Knock, NotSignedIn
from wenyue.catalogue import venues_by_id
from wenyue.core.duties import former_role
from wenyue.core.limits import STAFF_LOGIN_TTL_S
from wenyue.web.api.asking import LocaleOf, LoginOf, ServicesOf, TokenOf, forget_token, sign_out
from wenyue.web.api.gate_refused import Refused, problem_of, staff_of
from wenyue.web.shared.caller import caller_of, known_device
from wenyue.web.shared.client import client_of
from wenyue.web.wording.gate_api import GATE_API_WORDS


class StaffBody(BaseModel):
    """Who signs in. `code`: of an authenticator app, or a recovery code, for whoever has set up a second factor."""

    model_config = ConfigDict(extra="forbid")
    login: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]
    code: Annotated[str, Field(max_length=40)] = ""


class ConfirmBody(BaseModel):
    """Who confirms a colleague's act. `code`: of an authenticator app, or a recovery code, where they set one up."""

    model_config = ConfigDict(extra="forbid")
    login: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]
    code: Annotated[str, Field(max_length=40)] = ""


class StaffSession(BaseModel):
    """The bearer token of a shift. `venues`: the codes of those they work at; empty: every venue.

    `duties`: what they are there for and where, `gate@venue:3/北门`. `role`: as before, the strongest of
    gate, operator and admin among them.
    """

    token: str
    expires_in_s: int
    role: str
    duties: list[str]
    venues: list[str]
    device_token: str


_REFUSALS: Final = {
    NotSignedIn.WRONG: (401, "staff_wrong"),
    NotSignedIn.CODE_NEEDED: (401, "staff_code_needed"),
    NotSignedIn.CODE_WRONG: (401, "staff_code_wrong"),
    NotSignedIn.OVER: (401, "staff_code_wrong"),
    NotSignedIn.KNOWN: (401, "staff_code_wrong"),
    NotSignedIn.ENROLMENT_NEEDED: (403, "staff_factor_needed"),
}
router: Final = APIRouter(prefix="/v1/gate", tags=["gate"])


@router.post("/session", response_model=StaffSession)
async def sign_in(
    request: Request, body: StaffBody, services: ServicesOf, locale: LocaleOf, had: TokenOf
) -> StaffSession | Response:
    """A bearer token for the gate; a token that is sent along ends. Wrong passwords and codes make the next try wait.

    Whoever has set up a second factor sends its `code`; whoever still has to does it in a browser first.

    Keep `device_token` and send it as the header `Device-Token` when signing in again.
    """
    now, name = services.clock(), _plain(body.login)
    knock = Knock(caller_of(request), client_of(request), services.settings.staff.gate_idle_min)
    try:
        done = await sign_in_staff_by_code(
            services, knock, name, _plain(body.password), _plain(body.code), had=had
        )
    except Throttled as slowed:
        response = problem_of(Refused(429, "staff_locked", GATE_API_WORDS["staff_locked"]), locale)
        response.headers["retry-after"] = str(max(1, int((slowed.at - now).total_seconds())))
        return response
    if isinstance(done, NotSignedIn):
        status, code = _REFUSALS[done]
        return problem_of(Refused(status, code, GATE_API_WORDS[code]), locale)
    staff, token = done.staff, done.token
    async with services.db.reading() as tx:
        known = await venues_by_id(tx, sorted(one.venue_id for one in staff.duties if one.venue_id))
    codes = sorted(one.code for one in known.values())
    forget_token(request)
    return StaffSession(
        token=token,
        expires_in_s=STAFF_LOGIN_TTL_S,
        role=former_role(staff.duties),
        duties=sorted(str(one) for one in staff.duties),
        venues=[] if any(one.venue_id is None for one in staff.duties) else codes,
        device_token=known_device(request, "staff", name),
    )


@router.delete("/session", status_code=204)
async def sign_out_staff(
    request: Request, services: ServicesOf, login: LoginOf, locale: LocaleOf
) -> Response:
    """End the token. From now on it changes nothing, whichever process it reaches."""
    try:
        staff_of(login)
    except Refused as refused:
        return problem_of(refused, locale)
    await sign_out(request, services)
    return Response(status_code=204)


def second_of(given: ConfirmBody | None, request: Request) -> Second | None:
    """Who confirms a colleague's act, if anybody."""
    if given is None:
        return None
    return Second(caller_of(request), _plain(given.login), _plain(given.password), _plain(given.code).strip())


_CONFIRMS_NOT: Final = {
    NotConfirmed.WRONG: (403, "staff_wrong"),
    NotConfirmed.LOCKED: (429, "staff_locked"),
    NotConfirmed.CODE_NEEDED: (403, "staff_code_needed"),
    NotConfirmed.CODE_WRONG: (403, "staff_code_wrong"),
    NotConfirmed.PIN_WRONG: (403, "staff_code_wrong"),
    NotConfirmed.ENROLMENT_NEEDED: (403, "staff_factor_needed"),
}


def second_refused(done: NotConfirmed) -> Refused:
    """That the second person did not prove who they are, or has to wait."""
    status, code = _CONFIRMS_NOT[done]
    is_code = code.startswith("staff_code")
    return Refused(status, code, GATE_API_WORDS[code], "/second/code" if is_code else "/second")


def _plain(raw: str) -> str:
    """Without what the database cannot store; a login or password of such characters is simply wrong."""
    return raw.replace("\x00", "").encode(errors="replace").decode()
