"""What the status page says, in both languages."""

from typing import Final

from wenyue.web.status.model import State

HEADLINES: Final = {
    State.OK: ("一切正常", "Everything works"),
    State.SLOW: ("服务较慢", "Slower than usual"),
    State.DOWN: ("部分服务暂时不可用", "Part of the service is away"),
    State.UNKNOWN: ("正在检测", "Looking"),
}
ADVICE: Final = {
    State.OK: ("预约、核验均可正常使用。", "Booking and entry can be used as usual."),
    State.SLOW: (
        "可以使用，但可能要多等几秒；不用反复点击，同一笔预约不会重复。",
        "It can be used, but may take some seconds longer; no need to press again, a booking is never made twice.",
    ),
    State.DOWN: (
        "我们已经知道并在处理。已确认的预约仍然有效；没有收到结果的预约，请稍后用同一页面再查。",
        "We know and are working on it. Confirmed bookings stay valid; if you had no answer, ask again later on the same page.",
    ),
    State.UNKNOWN: ("请稍候几秒再刷新。", "Please reload in a few seconds."),
}
WORDS: Final = {
    State.OK: ("正常", "OK"),
    State.SLOW: ("缓慢", "slow"),
    State.DOWN: ("不可用", "away"),
    State.UNKNOWN: ("未知", "unknown"),
}
TONES: Final = {State.OK: "good", State.SLOW: "warn", State.DOWN: "bad", State.UNKNOWN: "info"}
MARKS: Final = {
    State.OK: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M8 12.3l2.8 2.7L16 9.5",
    State.SLOW: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 7v5l3.5 2",
    State.DOWN: "M12 3.5 21.5 20h-19zM12 10v4m0 3h.01",
    State.UNKNOWN: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 11v5.5M12 7.5h.01",
}
NOTE_STATES: Final = {
    "investigating": ("正在查明", "Investigating"),
    "identified": ("原因已明确", "Identified"),
    "watching": ("已处理，观察中", "Watching"),
    "resolved": ("已恢复", "Resolved"),
}
SAID_BOOKING: Final = {
    State.OK: ("稳约预约服务现在正常。", "Wenyue's booking service works now."),
    State.SLOW: ("稳约预约服务现在较慢。", "Wenyue's booking service is slow now."),
    State.DOWN: (
        "稳约预约服务现在不可用，这不是您的问题。",
        "Wenyue's booking service is away now: it is not you.",
    ),
    State.UNKNOWN: ("稳约预约服务的状态正在检测。", "Wenyue's booking service is being looked at."),
}
# What the browser measured → tone, title and what to do next.
VERDICTS: Final = (
    (
        "fine",
        "good",
        ("您的网络正常，稳约也正常。", "Your network is fine, and so is Wenyue."),
        (
            "若仍有问题，请刷新预约页；在应用内打开的页面，请改用系统浏览器。",
            "If something still fails, reload the booking page; if it is inside an app, open it in your browser.",
        ),
    ),
    (
        "offline",
        "warn",
        ("您的设备没有联网。", "Your device is offline."),
        (
            "请打开 Wi-Fi 或移动网络。已填写的内容保存在本机，联网后可继续。",
            "Switch Wi-Fi or mobile data on. What you typed is kept on this device, and you can go on afterwards.",
        ),
    ),
    (
        "unreachable",
        "warn",
        ("您的网络暂时到不了稳约。", "Your network does not reach Wenyue at the moment."),
        (
            "本页可能是之前保存的。请在 Wi-Fi 与移动网络之间切换，或走近窗口再试。",
            "This page may be an older copy. Switch between Wi-Fi and mobile data, or try where the signal is better.",
        ),
    ),
    (
        "slow-network",
        "warn",
        ("您的网络较慢，稳约正常。", "Your network is slow; Wenyue works."),
        (
            "每一步请多等几秒，不用反复点击；可换一个网络。",
            "Give each step some seconds, no need to press again; another network may help.",
        ),
    ),
    (
        "path",
        "warn",
        (
            "您的网络能到本页，却到不了预约页；稳约正常。",
            "Your network reaches this page but not the booking page; Wenyue works.",
        ),
        (
            "多半是所在网络的限制（单位、酒店 Wi-Fi 或代理）。请改用移动网络，或关闭代理后再试。",
            "The network you are in probably blocks it (an office, a hotel, a proxy). Use mobile data or switch the proxy off.",
        ),
    ),
    (
        "slow-path",
        "warn",
        ("从您这里到预约页较慢；稳约正常。", "The way from you to the booking page is slow; Wenyue works."),
        ("请多等几秒，或换一个网络。", "Wait some seconds, or use another network."),
    ),
    (
        "service-slow",
        "warn",
        ("您的网络正常，稳约较慢。", "Your network is fine; Wenyue is slow."),
        (
            "请多等几秒，不用反复点击：同一笔预约不会重复。",
            "Wait some seconds and do not press again: a booking is never made twice.",
        ),
    ),
    (
        "service-down",
        "bad",
        ("不是您的问题：稳约暂时不可用。", "It is not you: Wenyue is away."),
        (
            "请过几分钟再来，本页会自动更新。今天要入园的，请带证件原件到人工窗口。",
            "Come back in a few minutes; this page keeps itself fresh. If you visit today, go to the staffed desk with your ID.",
        ),
    ),
)
AUTOMATIC: Final = {
    State.DOWN: ("{zh}暂时不可用", "{en} is away"),
    State.SLOW: ("{zh}响应缓慢", "{en} is slow"),
}
AUTOMATIC_OPENED: Final = (
    "系统自动检测到异常，值班人员已收到告警。已确认的预约不受影响。",
    "Detected automatically; the people on duty have been alerted. Confirmed bookings are not affected.",
)
AUTOMATIC_CLOSED: Final = ("系统自动检测到已恢复。", "Detected automatically: it works again.")
