"""Gate devices in the console: allow one with a code of short life, see them, revoke one."""

from typing import Final

from starlette.responses import Response

from wenyue.accounts import gate_devices
from wenyue.application.manage_devices import AllowDevice, Allowed, allow_device, revoke_device
from wenyue.application.operating import NotDone
from wenyue.catalogue import venue, venues_by_id
from wenyue.core.duties import Right, venues_for
from wenyue.locale import Message, text_in
from wenyue.web.console.context import OperatorContext, get, post
from wenyue.web.shared.request_context import redirect

_FIELD_MAX: Final = 64
_SAYS: Final = {
    NotDone.POST_NEEDED: ("post", Message("Enter the name of the gate or counter.")),
    NotDone.VENUE_UNKNOWN: (
        "venue",
        Message("Venue not found, or it isn't yours."),
    ),
    NotDone.TOO_MANY_DEVICES: (
        "venue",
        Message("This venue has too many devices. Revoke some first."),
    ),
}


async def show_devices(context: OperatorContext) -> Response:
    """Every device of the venues that are one's own."""
    return await _page(context)


async def do_devices(context: OperatorContext) -> Response:
    """Make a code; it is shown this once."""
    code, name = context.form.one("venue")[:_FIELD_MAX].strip(), context.form.one("post")[:_FIELD_MAX]
    async with context.services.db.reading() as tx:
        found = await venue(tx, code)
    asked = AllowDevice(found.id if found is not None else 0, name)
    made = await allow_device(context.services, context.operator, asked)
    if isinstance(made, Allowed):
        return await _page(context, made=made)
    field, text = _SAYS[made]
    return await _page(context, entered=(code, name), wrong=(field, text.say(context.locale)))


async def do_revoke(context: OperatorContext) -> Response:
    """It opens nothing any more. Again: the same page."""
    raw = str(context.request.path_params["id"])
    number = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 19 else 0
    if await revoke_device(context.services, context.operator, number) is NotDone.DEVICE_UNKNOWN:
        title = context.gettext("Device not found, or already revoked")
        return context.message(404, title, context.gettext("Nothing was changed."), back="/console/devices")
    return redirect("/console/devices")


async def _page(
    context: OperatorContext,
    *,
    made: Allowed | None = None,
    entered: tuple[str, str] = ("", ""),
    wrong: tuple[str, str] = ("", ""),
) -> Response:
    theirs = venues_for(context.operator.duties, Right.DEVICES_MANAGE)
    async with context.services.db.reading() as tx:
        found = await gate_devices.devices(tx, theirs)
        known = await venues_by_id(tx, sorted({one.device.venue_id for one in found}))
    names = {id_: text_in(one.name, context.locale) for id_, one in known.items()}
    shown = [
        {
            "id": one.device.id,
            "where": f"{names.get(one.device.venue_id, one.device.venue_id)} · {one.device.post}",
            "state": context.gettext("revoked")
            if one.revoked_at
            else context.gettext("in use")
            if one.enrolled_at
            else context.gettext("not enrolled yet")
            if one.code_until > context.now
            else context.gettext("code expired"),
            "is_open": one.revoked_at is None,
        }
        for one in found
    ]
    return context.page(
        "devices",
        status=422 if wrong[1] else 200,
        section="devices",
        devices=shown,
        made=made,
        entered={"venue": entered[0], "post": entered[1]},
        errors=({"field": wrong[0], "text": wrong[1]},) if wrong[1] else (),
    )


routes: Final = [
    get("/console/devices", show_devices),
    post("/console/devices", do_devices),
    post("/console/devices/{id}/revoke", do_revoke),
]
