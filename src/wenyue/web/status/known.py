"""What the status page is made from, and which parts of it are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from wenyue.core.clock import zone
from wenyue.locale.formats import TIMEZONE
from wenyue.web.status.model import Component, Day, Incident, Standing, State
from wenyue.web.status.rules import last_days


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that the page is made from."""

    at: datetime
    standings: Mapping[str, Standing]
    days: Mapping[str, Mapping[date, Day]] = field(default_factory=dict[str, Mapping[date, Day]])
    incidents: Sequence[Incident] = ()
    booking_url: str = ""
    own_url: str = ""
    takes_subscriptions: bool = False


def days_of(name: str, known: Known) -> list[Day]:
    """The last days of a part, Beijing time, the oldest first."""
    return last_days(known.days.get(name, {}), known.at.astimezone(zone(TIMEZONE)).date())


def is_shown(one: Component, known: Known) -> bool:
    """What only a monitor sees is shown where one ever looked: it may run on another machine."""
    standing = known.standings.get(one.name)
    is_known = standing is not None and standing.state is not State.UNKNOWN
    return not one.needs_monitor or is_known or bool(known.days.get(one.name))
