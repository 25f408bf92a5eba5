"""What a gate says about looking somebody up: kinds, standings, and why nobody was looked up."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.gate import LookupKind, LookupProblem, Standing
from wenyue.web.wording import Text

LOOKUP_KINDS: Final[Mapping[LookupKind, Text]] = MappingProxyType(
    {
        LookupKind.NAME: Text("姓名", "Name"),
        LookupKind.PHONE: Text("手机号", "Phone"),
        LookupKind.REFERENCE: Text("旧预约号", "Old booking number"),
    }
)
STANDINGS: Final[Mapping[Standing, Text]] = MappingProxyType(
    {
        Standing.BOOKED: Text("已预约", "Booked"),
        Standing.USED: Text("已核销", "Already used"),
        Standing.HELD: Text("未确认", "Not confirmed"),
        Standing.VOID: Text("已取消或改约", "Cancelled or moved"),
        Standing.MISSED: Text("未到", "Did not come"),
    }
)
LOOKUP_PROBLEMS: Final[Mapping[LookupProblem, Text]] = MappingProxyType(
    {
        LookupProblem.NOTHING_ASKED: Text(
            "请填写完整的姓名、手机号（至少6位）或旧预约号。",
            "Give the whole name, the phone number (six digits at least) or the old booking number.",
        ),
        LookupProblem.TOO_OFTEN: Text(
            "查询太频繁：每人每分钟最多10次、每天300次。请稍后再试，或请游客出示证件。",
            "Too many look-ups: 10 a minute and 300 a day for each keeper. Wait a minute, or ask for the document.",
        ),
    }
)
