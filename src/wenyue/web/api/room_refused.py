"""A booking that must go through a waiting room first, as a problem that names the room's address."""

from wenyue.waiting_room import Refusal
from wenyue.web.shared.problem import RequestRefused, plain_problem
from wenyue.web.wording.api import say_problem

ROOM_TOKEN_HEADER = b"room-token"


class RoomRefused(RequestRefused):
    """403 `waiting_room`, with the address of the page in `room`; 503 while this process does not know what is guarded."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(403 if refusal.address else 503, "waiting_room" if refusal.address else "busy")
        self.address, self.reason = refusal.address, refusal.reason

    def payload(self, locale: str) -> bytes:
        """The problem body in the caller's language."""
        title = say_problem(self.code, locale)
        return plain_problem(self.status, self.code, title, self.reason.value, room=self.address)
