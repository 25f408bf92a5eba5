"""What the gate's page says around the answers: what waits, whether the network is there, the camera. For its script, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.locale import Message

QUEUE_TEXTS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "ready": Message("gate_queue.ready"),
        "waiting": Message("gate_queue.waiting"),
        "more": Message("gate_queue.more"),
        "checking": Message("gate_queue.checking"),
        "retrying": Message("gate_queue.retrying"),
        "next": Message("gate_queue.next"),
        "received": Message("gate_queue.received"),
        "voucher": Message("gate_queue.voucher"),
        "number": Message("gate_queue.number"),
        "chosen": Message("gate_queue.chosen"),
        "look": Message("gate_queue.look"),
        "full": Message("gate_queue.full"),
        "input_method": Message("gate_queue.input_method"),
        "sign_out": Message("gate_queue.sign_out"),
        "undo_failed": Message("gate_queue.undo_failed"),
        "lookup_failed": Message("gate_queue.lookup_failed"),
        "lost_old": Message("gate_queue.lost_old"),
        "lost_elsewhere": Message("gate_queue.lost_elsewhere"),
        "lost_refused": Message("gate_queue.lost_refused"),
        "state_online": Message("gate_queue.state_online"),
        "state_away": Message("gate_queue.state_away"),
        "state_busy": Message("gate_queue.state_busy"),
        "state_signin": Message("gate_queue.state_signin"),
        "state_moved": Message("gate_queue.state_moved"),
        "trouble_away": Message("gate_queue.trouble_away"),
        "trouble_busy": Message("gate_queue.trouble_busy"),
        "trouble_signin": Message("gate_queue.trouble_signin"),
        "trouble_moved": Message("gate_queue.trouble_moved"),
        "link_signin": Message("gate_queue.link_signin"),
        "link_moved": Message("gate_queue.link_moved"),
        "camera_open": Message("gate_queue.camera_open"),
        "camera_close": Message("gate_queue.camera_close"),
        "camera_asked": Message("gate_queue.camera_asked"),
        "camera_hold": Message("gate_queue.camera_hold"),
        "camera_refused": Message("gate_queue.camera_refused"),
        "camera_none": Message("gate_queue.camera_none"),
        "camera_taken": Message("gate_queue.camera_taken"),
        "camera_failed": Message("gate_queue.camera_failed"),
        "camera_insecure": Message("gate_queue.camera_insecure"),
        "camera_missing": Message("gate_queue.camera_missing"),
    }
)  # fmt: skip


def queue_words(locale: str) -> dict[str, str]:
    """Every text in one language."""
    return {name: text.say(locale) for name, text in QUEUE_TEXTS.items()}
