"""What the gate's page says around the answers: what waits, whether the network is there, the camera. For its script, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.web.wording import Text

QUEUE_TEXTS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "ready": Text("接着扫，不用等", "Keep scanning"),
        "waiting": Text("排着 {n} 个", "{n} waiting"),
        "more": Text("还有 {n} 个", "and {n} more"),
        "checking": Text("正在核验", "Being checked"),
        "retrying": Text("没有连上，正在重试", "Not connected, trying again"),
        "next": Text("正在核验下一个", "Checking the next one"),
        "received": Text("收到了，排着", "Received, waiting its turn"),
        "voucher": Text("凭证", "Voucher"),
        "number": Text("证件或卡", "Document or card"),
        "chosen": Text("选定的游客", "The visitors chosen"),
        "look": Text("看", "Show"),
        "full": Text(
            "排着的太多了，这个没有收下。请等出了结果再扫。",
            "Too many are waiting: this one was not taken. Wait for answers, then scan it again.",
        ),
        "input_method": Text(
            "键盘开着中文输入法：已按键位读入。请把这台设备切换到英文输入。",
            "An input method is on; the keys were read by position. Switch this device to English input.",
        ),
        "sign_out": Text(
            "还有 {n} 个没有结果。再按一次“退出”就丢弃它们并退出。",
            "{n} scans have no answer yet. Press Sign out again to discard them.",
        ),
        "undo_failed": Text("没有撤销：连不上服务器，请再按一次。", "Not undone: no connection. Press it again."),
        "lookup_failed": Text("没有查找：连不上服务器，请再按一次。", "Nothing looked up: no connection. Press it again."),
        "lost_old": Text("超过 2 小时没有发出，不再核验。", "Not sent for two hours: it is not checked any more."),
        "lost_elsewhere": Text(
            "在另一个闸口扫的，没有核验，请重新扫。", "Scanned at another gate: not checked, scan it again."
        ),
        "lost_refused": Text("没有核验，请重新扫。", "Not checked: scan it again."),
        "state_online": Text("在线", "Online"),
        "state_away": Text("连不上", "No connection"),
        "state_busy": Text("系统忙", "System busy"),
        "state_signin": Text("需要登录", "Sign in"),
        "state_moved": Text("已换岗", "Moved"),
        "trouble_away": Text(
            "连不上服务器，正在重试。扫过的都留着，连上后按先后出结果；"
            "等不了的，按应急预案核对证件放行并登记。",
            "The server cannot be reached; trying again. What was scanned is kept and answered in order. Who cannot wait:"
            " follow the emergency plan, check the document, let in and write it down.",
        ),
        "trouble_busy": Text(
            "系统正忙，正在重试。扫过的都留着，不会重复核销。",
            "The system is busy; trying again. What was scanned is kept, and nothing is redeemed twice.",
        ),
        "trouble_signin": Text(
            "登录已过期。重新登录后，扫过的会接着核验。", "The login is over. Sign in again; the waiting scans go on then."
        ),
        "trouble_moved": Text(
            "这台设备已换到另一个闸口，这一页是旧的。", "This device stands at another gate now; this page is old."
        ),
        "link_signin": Text("去登录", "Sign in"),
        "link_moved": Text("打开新闸口", "Open the new gate"),
        "camera_open": Text("用摄像头扫", "Scan with the camera"),
        "camera_close": Text("关摄像头", "Close the camera"),
        "camera_asked": Text("请允许使用摄像头。", "Allow the use of the camera."),
        "camera_hold": Text(
            "把二维码放进画面里；每个码只扫一次，移开再放是再扫一次。",
            "Hold the code into the picture. It is scanned once; take it away and back to scan it again.",
        ),
        "camera_refused": Text(
            "浏览器不允许使用摄像头。请点地址栏左边的图标，允许摄像头后再打开。",
            "The browser does not allow the camera. Allow it at the icon beside the address, then open it again.",
        ),
        "camera_none": Text("这台设备没有摄像头。", "This device has no camera."),
        "camera_taken": Text("摄像头被别的程序占用，请关掉它再试。", "Another program uses the camera: close it and try again."),
        "camera_failed": Text("摄像头打不开，请再试一次或改用扫码枪。", "The camera does not open: try again, or use a scanner."),
        "camera_insecure": Text(
            "浏览器只在 HTTPS 下开放摄像头。请用 https 地址打开本页（管理员：WENYUE_HTTPS=1）。",
            "Browsers open cameras over HTTPS only: use the https address of this page (administrator: WENYUE_HTTPS=1).",
        ),
        "camera_missing": Text(
            "这个浏览器自己不会读码，服务器上也没有装读码程序。请用扫码枪或换浏览器（管理员：scripts/assets）。",
            "This browser cannot read codes by itself, and the server has no reader installed. Use a scanner or another"
            " browser (administrator: scripts/assets).",
        ),
    }
)  # fmt: skip


def queue_words(locale: str) -> dict[str, str]:
    """Every text in one language."""
    return {name: text.say(locale) for name, text in QUEUE_TEXTS.items()}
