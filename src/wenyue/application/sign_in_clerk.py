"""A clerk's turn at an enrolled device begins, by their PIN; that of whoever was there before ends."""

from msgspec import Struct

from wenyue.accounts import Caller, gate_devices
from wenyue.accounts.gate_devices import Device
from wenyue.container import Services


class ClerkKnock(Struct, frozen=True):
    """Who says that they are at which device. `secret`: the device's own. `had`: the token of whoever was there before."""

    device: Device
    secret: str
    staff_id: int
    pin: str
    had: str = ""

    def __repr__(self) -> str:
        return f"ClerkKnock({self.device}, {self.staff_id})"


async def sign_in_clerk(services: Services, caller: Caller, knock: ClerkKnock) -> str | None:
    """The only copy of the token; None: the PIN is wrong, or it is not their post. Raises Throttled, DatabaseDown."""
    now, device = services.clock(), knock.device
    name = gate_devices.name_of_pin(device.venue_id, knock.staff_id)
    async with services.guard.attempt("pin", name, caller, now) as tried:
        found = await gate_devices.check_pin(
            tried.tx, services.vault, knock.secret, knock.staff_id, knock.pin
        )
        tried.is_right, tried.who = found is not None, f"staff:{knock.staff_id}"
        if found is None:
            return None
        return await tried.start_login(
            now, staff_id=knock.staff_id, device_id=device.id, instead_of=knock.had
        )
