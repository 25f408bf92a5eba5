"""What somebody who comes wants to know of a venue."""

import msgspec

from wenyue.locale import Texts


class VenueFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody who comes wants to know of a venue; each is optional, a text by language.

    In `directions`, `access` and `sights` a semicolon (or a new line) ends one and begins the next.
    """

    address: Texts = {}
    entrance: Texts = {}  # which gate to go to
    directions: Texts = {}  # the ways there
    access: Texts = {}  # wheelchairs, prams, what there is for them
    sights: Texts = {}  # what there is to see
    hours_note: Texts = {}  # what the week's times do not say
    phone: str = ""

    @property
    def texts(self) -> dict[str, Texts]:
        """Each that is a text, by its name; an empty one, too."""
        return {
            "address": self.address,
            "entrance": self.entrance,
            "directions": self.directions,
            "access": self.access,
            "sights": self.sights,
            "hours_note": self.hours_note,
        }
