"""What a gate says about looking somebody up: kinds, standings, and why nobody was looked up."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.gate import LookupKind, LookupProblem, Standing
from wenyue.locale import Message

LOOKUP_KINDS: Final[Mapping[LookupKind, Message]] = MappingProxyType(
    {
        LookupKind.NAME: Message("lookup_kind.name"),
        LookupKind.PHONE: Message("lookup_kind.phone"),
        LookupKind.REFERENCE: Message("lookup_kind.reference"),
    }
)
STANDINGS: Final[Mapping[Standing, Message]] = MappingProxyType(
    {
        Standing.BOOKED: Message("standing.booked"),
        Standing.USED: Message("standing.used"),
        Standing.HELD: Message("standing.held"),
        Standing.VOID: Message("standing.void"),
        Standing.MISSED: Message("standing.missed"),
    }
)
LOOKUP_PROBLEMS: Final[Mapping[LookupProblem, Message]] = MappingProxyType(
    {
        LookupProblem.NOTHING_ASKED: Message("lookup_problem.nothing_asked"),
        LookupProblem.TOO_OFTEN: Message("lookup_problem.too_often"),
    }
)
