"""A device at a gate is enrolled by a code of short life."""

from wenyue.accounts import Caller, gate_devices
from wenyue.accounts.gate_devices import Device
from wenyue.container import Services


async def enrol_device(services: Services, caller: Caller, code: str) -> tuple[Device, str] | None:
    """Use the code up: (the device, the only copy of its secret); None: it is wrong, or too old.

    Raises Throttled, DatabaseDown.
    """
    now = services.clock()
    async with services.guard.attempt("code", "gate device", caller, now) as tried:
        found = await gate_devices.enrol(tried.tx, code, now)
        tried.is_right = found is not None
    return found
