"""A forgotten PIN: a new one for a card, for whoever signed in by a code to the phone on record."""

from typing import Final

from starlette.responses import Response

from wenyue.application.reset_pin import reset_pin
from wenyue.cards import CardState, cards_of, recovery
from wenyue.core.clock import local_date
from wenyue.web.shared.request_context import redirect
from wenyue.web.traveller.card_desk import card_view
from wenyue.web.traveller.context import TravellerContext, get, post

_TIMEZONE: Final = "Asia/Shanghai"
_BIGGEST_ID: Final = 2**63 - 1
_PROVE: Final = "/card/lost?for=pin"


async def ask_pin(context: TravellerContext) -> Response:
    """The active cards, each with the button that gives it a new PIN; without a proof, the way to one."""
    async with context.reading() as tx:
        held = await cards_of(tx, context.services.vault, context.holder_id)
        proof = await recovery.recovery_of(tx, context.holder_id, context.now, login_key=context.login_key)
    if not recovery.may_reset(proof, context.now):
        return redirect(_PROVE)
    today = local_date(context.now, _TIMEZONE)
    active = [card_view(one, "", today, context.locale) for one in held if one.state is CardState.ACTIVE]
    return context.page("pin", tab="me", cards=active)


async def give_pin(context: TravellerContext) -> Response:
    """The new PIN, shown this once; reloading gives another."""
    wanted = context.form.number("card", 1, _BIGGEST_ID)
    async with context.reading() as tx:
        held = await cards_of(tx, context.services.vault, context.holder_id)
    card = next((one for one in held if one.id == wanted), None)
    if card is None:
        return context.not_found()
    pin = await reset_pin(context.services, context.traveller, card.id)
    if pin is None:
        return redirect("/card/pin")
    number = " ".join(card.card_no[at : at + 4] for at in range(0, len(card.card_no), 4))
    response = context.page("new_pin", tab="me", number=number, pin=pin.reveal())
    response.headers["Cache-Control"] = "no-store"
    return response


routes = [get("/card/pin", ask_pin, needs_login=True), post("/card/pin", give_pin)]
