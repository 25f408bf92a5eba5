"""Who acts."""

from msgspec import Struct


class Traveller(Struct, frozen=True, gc=False):
    """A traveller who is signed in. `login`: `Login.key`, looked at again in the transaction of what changes something."""

    id: int
    login: str

    @property
    def name(self) -> str:
        """As the audit record names them."""
        return f"traveller:{self.id}"
