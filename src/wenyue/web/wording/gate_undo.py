"""What is said of taking a scan back: the outcome of the try, and the reasons to choose from."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.gate import UndoOutcome
from wenyue.web.wording import Text

UNDO_TEXTS: Final[Mapping[UndoOutcome, Text]] = MappingProxyType(
    {
        UndoOutcome.UNDONE: Text("已撤销，名额恢复为未核销。", "Undone: the place can be used again."),
        UndoOutcome.UNKNOWN_SCAN: Text("没有找到这次扫码。", "There is no such scan."),
        UndoOutcome.NOT_ADMITTED: Text("这次扫码没有放行，无需撤销。", "Nobody was let in by this scan."),
        UndoOutcome.TOO_LATE: Text(
            "超过2小时，不能在闸口撤销，请联系值班负责人。", "More than two hours ago: ask the supervisor."
        ),
        UndoOutcome.REASON_NEEDED: Text("请写明撤销原因。", "Give the reason."),
        UndoOutcome.SECOND_NEEDED: Text(
            "这个名额已撤销过，或您今天撤销的次数已满：请值班负责人当面用本人账号确认。",
            "This place was taken back before, or you have reached today's number: the supervisor confirms it here with"
            " their own login.",
        ),
        UndoOutcome.SECOND_UNFIT: Text(
            "确认人须是另一位：本场馆的运营人员或管理员，不能是您本人。",
            "Somebody else has to confirm: an operator or administrator of this venue, never you yourself.",
        ),
    }
)

UNDO_REASONS: Final = (
    Text("扫错了人", "Wrong person scanned"),
    Text("重复扫码", "Scanned twice"),
    Text("游客没有入园", "The visitor did not go in"),
    Text("设备故障", "The turnstile failed"),
)
