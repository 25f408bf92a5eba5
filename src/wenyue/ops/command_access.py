"""Who may run which command: one line for each. What staff may do is a right (`core.duties`), asked of whoever `--as` names.

A command without a line fails its test, and so does one that takes no `--as` although a right of staff opens it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from wenyue.core.duties import Right


class Needs(StrEnum):
    """What a command needs that no right of staff opens."""

    NOTHING = "nothing"  # it changes nothing of the installation: it looks, or works in a place of its own
    SERVER = "server"  # `server.run`: whoever has the server, and nobody else


_LOOKING: Final = (
    *("doctor", "has", "replay", "bench", "bench overload", "bench pairs", "bench start", "sim", "move-in"),
    *("scale measure", "scale plan", "scale primaries", "fairness verify"),
    *("probe ready", "probe books", "probe later", "probe database", "probe clock", "probe disk"),
    *("probe where", "probe processes", "probe log", "backup list", "standby status", "lab status"),
    *(
        "pictures list",
        "events list",
        "events show",
        "events subscribers",
        "abuse list",
        "abuse rules",
        "bans show",
    ),
    *(
        "names show",
        "retention preview",
        "holidays list",
        "changes list",
        "changes show",
        "slots closures",
        "staff list",
    ),
    *("devices list", "room list", "room show", "keys list", "monitor once", "monitor full"),
    "import guess",
    *("status incident list", "drill list", "drill history", "drill report"),
)
# They change the installation itself: its processes, keys, copies, machines, what watches it, who acts when nobody does.
_SERVERS: Final = (
    *("up", "migrate", "web", "worker", "monitor", "status", "backup", "backup follow", "backup check"),
    *("backup selftest", "backup keep", "backup fetch", "restore", "restore venue"),
    *("standby allow", "standby init", "standby run", "standby synchronous", "standby promote"),
    *("standby link", "keys", "keys rotate", "keys reseal", "keys retire"),
    *("events replay", "events retry", "events skip", "events forget", "retention run", "retention set"),
    *("changes one-operator", "monitor silence", "monitor resolve", "monitor retire"),
    *("status incident open", "status incident update", "status incident close"),
    *("lab up", "lab start", "lab down", "lab drill", "drill run", "drill schedule", "drill due"),
)
_RIGHTS: Final[Mapping[str, Right]] = {
    "slots close": Right.SLOTS_CLOSE,
    "slots lift": Right.SLOTS_REOPEN,
    "slots price": Right.PRICES_SET,
    "slots capacity": Right.CAPACITY_SET,
    "slots day": Right.CAPACITY_SET,
    "changes approve": Right.CHANGES_APPROVE,
    "changes decline": Right.CHANGES_APPROVE,
    "changes review": Right.CHANGES_REVIEW,
    "holidays set": Right.HOLIDAYS_SET,
    "room open": Right.ROOMS_MANAGE,
    "room pause": Right.ROOMS_MANAGE,
    "room resume": Right.ROOMS_MANAGE,
    "room tell": Right.ROOMS_MANAGE,
    "room rate": Right.ROOMS_MANAGE,
    "room close": Right.ROOMS_MANAGE,
    "bans lift": Right.BANS_LIFT,
    "names strike": Right.NAMES_STRIKE,
    "abuse block": Right.ABUSE_MANAGE,
    "abuse lift": Right.ABUSE_MANAGE,
    "abuse set": Right.ABUSE_MANAGE,
    "record list": Right.RECORD_READ,
    "import bookings": Right.DATA_IMPORT,
    "import card-types": Right.DATA_IMPORT,
    "import cards": Right.DATA_IMPORT,
    "import products": Right.DATA_IMPORT,
    "import sessions": Right.DATA_IMPORT,
    "import venues": Right.DATA_IMPORT,
    "pictures add": Right.DATA_IMPORT,
    "pictures remove": Right.DATA_IMPORT,
    "pictures order": Right.DATA_IMPORT,
    "export cards": Right.DATA_EXPORT,
    "export products": Right.DATA_EXPORT,
    "export sessions": Right.DATA_EXPORT,
    "export venues": Right.DATA_EXPORT,
    "export bookings": Right.DATA_EXPORT,
    "devices enrol": Right.DEVICES_MANAGE,
    "devices revoke": Right.DEVICES_MANAGE,
    "staff add": Right.STAFF_MANAGE,
    "staff grant": Right.STAFF_MANAGE,
    "staff withdraw": Right.STAFF_MANAGE,
    "staff retire": Right.STAFF_MANAGE,
    "staff reset": Right.STAFF_MANAGE,
    "staff unlock": Right.STAFF_MANAGE,
}
COMMANDS: Final[Mapping[str, Needs | Right]] = MappingProxyType(
    {**dict.fromkeys(_LOOKING, Needs.NOTHING), **dict.fromkeys(_SERVERS, Needs.SERVER), **_RIGHTS}
)
