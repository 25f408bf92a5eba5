"""What refusals say of who asked: counted for the detection of abuse, whatever face answered. Nothing of it is written down."""

from typing import Final

from wenyue.container import Services
from wenyue.platform.addresses import sender_of
from wenyue.web.middleware.edge import Scope

_BY_ID: Final = ("/v1/bookings/", "/v1/visitors/", "/v1/cards/", "/bookings/", "/visitors/")


class Watchful:
    """Call it with the scope and the status of an answer that was refused; it waits for nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def __call__(self, scope: Scope, status: int) -> None:
        """Note a login that nobody has, or an id that is not there or not theirs."""
        if status not in {401, 404}:
            return
        address = sender_of(scope, self._services.settings.web.proxies)
        has_token = any(name == b"authorization" for name, _ in scope["headers"])
        is_by_id = scope["path"].startswith(_BY_ID)
        self._services.note_refused(address, status, has_token=has_token, is_by_id=is_by_id)
