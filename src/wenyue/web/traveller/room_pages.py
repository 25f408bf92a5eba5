"""The waiting room's page: the place in the queue, what to do meanwhile, and the way in.

Whoever has been here before on this browser holds a signed pass: the page is then drawn without the database, so that a
million reloads cost no statement.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wenyue.application.go_in import go_in
from wenyue.application.take_pass import take_pass
from wenyue.waiting_room import PassGiven, Refusal, RoomProblem, TokenGiven, state_of
from wenyue.web.shared import locale_of, services_of
from wenyue.web.shared.request_context import redirect
from wenyue.web.traveller.context import TravellerContext, get, post
from wenyue.web.traveller.room_cookies import held_pass, keep_pass, keep_token, room_tokens
from wenyue.web.traveller.room_views import RoomFacts, room_view
from wenyue.web.traveller.trip import trip_of

_TIMEZONE: Final = "Asia/Shanghai"
_UNKEPT: Final = {"Cache-Control": "no-store"}


async def show_room(context: TravellerContext) -> Response:
    """Take a pass, or show the one that is remembered, and say where its bearer stands."""
    event = _event(context)
    held = held_pass(context.request, context.services)
    given = await take_pass(context.services, context.holder_id, event, held)
    if isinstance(given, RoomProblem):
        return _problem(context, event, given)
    response = _page(context, event, context.holder_id, given)
    keep_pass(response, context.request, event, given, context.services)
    return response


async def enter(context: TravellerContext) -> Response:
    """Exchange the pass for a token and go on to the sessions; whose turn has not come sees the room again.

    The page's own module asks for JSON: {"onward"} and the cookie, or 409.
    """
    event, room = _event(context), context.services.room
    given = await take_pass(
        context.services, context.holder_id, event, held_pass(context.request, context.services)
    )
    if isinstance(given, RoomProblem):
        return _problem(context, event, given)
    known = room.find(event)
    token = await go_in(context.services, context.holder_id, event, given.text)
    is_module = context.request.headers.get("accept", "").startswith("application/json")
    if token is RoomProblem.NOT_YET or known is None:
        return JSONResponse({"onward": ""}, 409) if is_module else redirect(f"/room/{event}")
    if not isinstance(token, TokenGiven):
        return _problem(context, event, token)
    onward = known.room.onward
    response = JSONResponse({"onward": onward}, headers=_UNKEPT) if is_module else redirect(onward)
    keep_token(response, context.request, token, context.services)
    keep_pass(response, context.request, event, given, context.services)
    return response


def must_wait(context: TravellerContext, refusal: Refusal) -> Response:
    """A booking that wants a token of the room: where to get it."""
    if not refusal.address:
        response = context.message(
            context.gettext("Just starting, please wait"),
            context.gettext("Nothing was booked or charged. Try again in a few seconds."),
            status=503,
            is_waiting=True,
        )
        response.headers["Retry-After"] = "2"
        return response
    return context.message(
        context.gettext("There's a queue for this date"),
        context.gettext(
            "Many people want to book this date, so we let them in one by one, in an order "
            "anyone can verify. Your choices are saved: submit them when it's your turn. "
            "Nothing was booked or charged."
        ),
        status=403,
        actions=((refusal.address, context.gettext("Go to the queue"), True),),
        is_waiting=True,
    )


def _event(context: TravellerContext) -> str:
    return str(context.request.path_params["event"])[:64]


def _page(context: TravellerContext, event: str, account_id: int, given: PassGiven) -> Response:
    services = context.services
    known = services.room.find(event)
    if known is None:
        return context.not_found()
    facts = RoomFacts(
        room=known.room,
        given=given,
        place=services.room.place_of(known.room, given),
        state=state_of(known.room),
        file=known.body,
        until=services.room.token_for(account_id, known.room.id, room_tokens(context.request)),
        age_s=services.room.age_s,
        now=context.now,
        timezone=_TIMEZONE,
    )
    return context.page("room", tab="venues", view=room_view(facts, context.locale))


def _problem(context: TravellerContext, event: str, problem: RoomProblem) -> Response:
    known = context.services.room.find(event)
    if problem is RoomProblem.UNKNOWN:
        return context.not_found()
    if problem is RoomProblem.CLOSED and known is not None:
        return context.message(
            context.gettext("The queue has ended"),
            context.gettext("There's no more waiting. You can book directly."),
            status=200,
            actions=((known.room.onward, context.gettext("Book"), True),),
            is_waiting=True,
        )
    if problem is RoomProblem.TURNS_USED and known is not None:
        return context.message(
            context.gettext("No turns left"),
            context.gettext("This account has used all its turns in this queue."),
            status=429,
            actions=((known.room.onward, context.gettext("Other dates"), True),),
        )
    response = context.message(
        context.gettext("Busy right now, but your place is safe"),
        context.gettext(
            "Open the page again in a moment. Before booking opens, it doesn't matter when "
            "you join; afterwards, your first visit counts."
        ),
        status=503,
        actions=((f"/room/{event}", context.gettext("Try again"), True),),
        is_waiting=True,
    )
    response.headers["Retry-After"] = "3"
    return response


_FULL: Final = get("/room/{event}", show_room, needs_login=True)


async def _quick(request: Request) -> Response:
    """The page from the pass alone where that is possible, else with login and database."""
    services = services_of(request)
    held = held_pass(request, services)
    seen = services.room.keys.read_pass(held) if held and "lang" not in request.query_params else None
    if seen is not None:
        event = str(request.path_params["event"])
        given = services.room.shown_pass(event, seen.account_id, held)
        if given is not None:
            visit = TravellerContext(
                request,
                services,
                locale_of(request),
                services.clock(),
                None,
                trip_of(request, services.vault),
            )
            return _page(visit, event, seen.account_id, given)
    endpoint: Callable[[Request], Awaitable[Response]] = _FULL.endpoint
    return await endpoint(request)


routes = [Route("/room/{event}", _quick, methods=["GET"]), post("/room/{event}/enter", enter)]
