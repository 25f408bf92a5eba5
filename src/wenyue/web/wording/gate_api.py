"""What the gate's API says to a request that it turns away: sign-in, duties, the gate's name, a scan's number used twice."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.locale import Message

GATE_API_WORDS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "staff_wrong": Message("problem.staff_wrong"),
        "staff_locked": Message("problem.staff_locked"),
        "staff_code_needed": Message("problem.staff_code_needed"),
        "staff_code_wrong": Message("problem.staff_code_wrong"),
        "staff_factor_needed": Message("problem.staff_factor_needed"),
        "staff_only": Message("problem.staff_only"),
        "not_your_duty": Message("problem.not_your_duty"),
        "not_your_venue": Message("problem.not_your_venue"),
        "gate_needed": Message("problem.gate_needed"),
        "scan_id_reused": Message("problem.scan_id_reused"),
    }
)
