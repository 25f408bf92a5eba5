"""What a gate answers to a scan: for every reason one word to read at arm's length, why, and what the gate keeper does next."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from wenyue.gate import Reason
from wenyue.web.wording import Text

Tone = Literal["good", "ask", "bad"]


class GateText(NamedTuple):
    """`icon` names a symbol of the shared sprite. Placeholders: {when} {day} {session} {gate} {venue}."""

    tone: Tone
    icon: str
    word: Text
    why: Text
    next_step: Text


_CHECK_DOCUMENT: Final = Text(
    "核对证件与本人一致后放行。", "Compare the document with the person, then let in."
)
_DESK: Final = Text("请引导到人工服务台办理。", "Show the way to the service desk.")
_SCAN_AGAIN: Final = Text(
    "擦净屏幕、调高亮度再扫一次；仍不行，改刷身份证件或输入预约码。",
    "Wipe the screen, turn the brightness up and scan again; or use the identity document or the booking code.",
)

GATE_TEXTS: Final[Mapping[Reason, GateText]] = MappingProxyType(
    {
        Reason.ADMIT: GateText(
            "good",
            "check",
            Text("请入园", "Admit"),
            Text("预约有效，已核销。", "Valid, now redeemed."),
            _CHECK_DOCUMENT,
        ),
        Reason.CHOOSE_VISITOR: GateText(
            "ask",
            "users",
            Text("哪一位", "Which one"),
            Text("这次出示对应多个未核销的名额。", "This stands for several places that are not used yet."),
            Text(
                "请选择现在入园的游客；成人先于儿童。", "Choose who is entering now; adults before children."
            ),
        ),
        Reason.UNDONE: GateText(
            "ask",
            "swap",
            Text("已撤销", "Undone"),
            Text("这次核销已撤销。", "This scan was taken back."),
            Text("如要放行请重新扫码。", "To let in, scan again."),
        ),
        Reason.ALREADY_USED: GateText(
            "bad",
            "closed",
            Text("已核销", "Already used"),
            Text("{when} 在“{gate}”核销过。", "Redeemed at {when} at gate “{gate}”."),
            Text(
                "问明是否重复出示。误扫的，撤销那次核销并写明原因；不是本人的，交人工核对证件。",
                "Ask whether it was shown twice. If that scan was a mistake, undo it with the reason;"
                " if it is another person, have the document checked at the desk.",
            ),
        ),
        Reason.NOT_YET: GateText(
            "bad",
            "clock",
            Text("未生效", "Not yet"),
            Text("还没到入园时间，{when} 起可以入园。", "Too early: admitted from {when}."),
            Text(
                "请游客到时再来，或到服务台改约。",
                "Please come back then, or change the booking at the desk.",
            ),
        ),
        Reason.WRONG_DAY: GateText(
            "bad",
            "calendar",
            Text("非当日", "Another day"),
            Text(
                "不是今天：预约的是{day}，{when} 起可以入园。",
                "Not today: booked for {day}, admitted from {when}.",
            ),
            Text(
                "请按预约日期前来，或到服务台改约。",
                "Come on the booked day, or change the booking at the desk.",
            ),
        ),
        Reason.EXPIRED: GateText(
            "bad",
            "clock",
            Text("已过期", "Expired"),
            Text("入园时间已过（截至 {when}）。", "The time to enter is over (until {when})."),
            Text("如还有余量，可到服务台重新预约。", "If places are left, book again at the desk."),
        ),
        Reason.WRONG_VENUE: GateText(
            "bad",
            "pin",
            Text("非本场馆", "Another venue"),
            Text("预约的是“{venue}”，{session} 场次。", "Booked for {venue}, session at {session}."),
            Text("请告诉游客正确的场馆和入口。", "Tell the visitor where the right venue and entrance are."),
        ),
        Reason.VENUE_CLOSED: GateText(
            "bad",
            "lock",
            Text("闭园", "Closed"),
            Text("今日关闭{closed}。", "Closed today{closed}."),
            Text(
                "告知游客预约不计爽约，可改约；请引导离场。",
                "It does not count as a no-show; the booking can be moved.",
            ),
        ),
        Reason.CANCELLED: GateText(
            "bad",
            "x",
            Text("已取消", "Cancelled"),
            Text("这笔预约已取消、失效或已改约。", "The booking was cancelled, lapsed, or moved."),
            Text(
                "请游客出示最新的凭证；没有的，到服务台办理。",
                "Ask for the newest voucher, else show the way to the desk.",
            ),
        ),
        Reason.HELD_UNPAID: GateText(
            "bad",
            "clock",
            Text("未确认", "Not confirmed"),
            Text(
                "名额只是保留，预约还没有确认。", "The places are only held; the booking was never confirmed."
            ),
            Text(
                "请游客在手机上确认后再扫，或到服务台确认。",
                "Confirm it on the phone or at the desk, then scan again.",
            ),
        ),
        Reason.CARD_FROZEN: GateText(
            "bad",
            "nocard",
            Text("卡已挂失", "Card reported lost"),
            Text("持卡人已挂失这张卡。", "The holder reported this card lost."),
            Text(
                "请刷本人身份证件入园；卡片交服务台处理。",
                "Use the person's own document; hand the card to the desk.",
            ),
        ),
        Reason.CARD_DEAD: GateText(
            "bad",
            "nocard",
            Text("旧卡无效", "Dead card"),
            Text(
                "这张卡已补办新卡或已注销，旧卡号不再有效。",
                "It was replaced or cancelled; the old number is dead.",
            ),
            Text("请出示新卡或本人身份证件。", "Ask for the new card or the person's document."),
        ),
        Reason.CARD_NOT_ACTIVE: GateText(
            "bad",
            "card",
            Text("卡未激活", "Card not active"),
            Text("这张卡还没有激活。", "This card was not activated."),
            Text(
                "请游客扫卡面二维码实名激活，并先预约。",
                "Activate it with the code on the card, and book first.",
            ),
        ),
        Reason.CARD_EXPIRED: GateText(
            "bad",
            "card",
            Text("卡已到期", "Card expired"),
            Text("这张卡的有效期已过。", "The card's validity is over."),
            Text("请到服务台续卡，或另购门票。", "Renew it at the desk, or buy a ticket."),
        ),
        Reason.PERSON_BANNED: GateText(
            "bad",
            "tight",
            Text("限制入园", "Barred"),
            Text("此人目前被限制入园。", "This person is barred from entering for now."),
            Text(
                "不要当众说明原因，请引导到服务台。",
                "Do not give the reason in public; show the way to the desk.",
            ),
        ),
        Reason.MINOR_WAITS: GateText(
            "ask",
            "users",
            Text("成人先行", "Adult first"),
            Text("未成年人须由同行成人陪同入园。", "A minor enters with the adult of the same booking."),
            Text(
                "先核验同一预约中的成人，再扫这位。",
                "Scan the adult of the same booking first, then this visitor.",
            ),
        ),
        Reason.NEEDS_MANUAL: GateText(
            "ask",
            "user",
            Text("人工核验", "Check by hand"),
            Text(
                "机器不能判断：未成年人无成人同行，或预约码对应多笔预约。",
                "A minor without an adult, or a code shared by two bookings.",
            ),
            Text(
                "请走人工通道：核对证件和同行成人后再放行。",
                "Use the staffed lane: check the document and who comes along.",
            ),
        ),
        Reason.SHOW_DOCUMENT: GateText(
            "ask",
            "id",
            Text("请出示证件", "Show the document"),
            Text(
                "此卡的证件尚未经工作人员核验，他人代订的名额不能凭卡入园。",
                "Staff have not seen this card holder's document yet. Places that others booked need more than the card.",
            ),
            Text(
                "请刷本人身份证件，或出示预约码；核验证件后可在人工窗口登记，以后刷卡即可。",
                "Scan the person's own document, or the voucher. Once the desk has noted the document, the card is enough.",
            ),
        ),
        Reason.UNKNOWN_CODE: GateText(
            "bad",
            "info",
            Text("无法识别", "Not recognised"),
            Text("没有找到对应的预约、卡或证件。", "No booking, card or document matches."),
            _SCAN_AGAIN,
        ),
        Reason.BAD_SIGNATURE: GateText(
            "bad",
            "tight",
            Text("凭证无效", "Not genuine"),
            Text("二维码不是本系统签发的，或被改动过。", "The code was not issued here, or was altered."),
            Text(
                "不要放行；请刷身份证件核对，可疑的交值班负责人。",
                "Do not let in; check the document, and call the supervisor if in doubt.",
            ),
        ),
        Reason.DOCUMENT_INVALID: GateText(
            "bad",
            "id",
            Text("证件号有误", "Check the number"),
            Text("{why}", "{why}"),
            Text("请对照证件原件重新输入。", "Type it again from the document itself."),
        ),
        Reason.NO_BOOKING: GateText(
            "bad",
            "calendar",
            Text("今日无预约", "No booking today"),
            Text(
                "此证件（或卡）今日在本场馆没有预约。",
                "Nothing is booked here today for this document or card.",
            ),
            Text(
                "问是否用其他证件或由他人代约；有余量可现场预约，免预约的老人请走人工通道。",
                "Ask about another document or who booked; book here if places are left; exempt seniors use the"
                " staffed lane.",
            ),
        ),
        Reason.NOT_IN_PARTY: GateText(
            "bad",
            "users",
            Text("不在名单", "Not on the list"),
            Text("这笔预约里没有这位游客。", "This visitor is not part of the booking."),
            _DESK,
        ),
    }
)

ELSEWHERE: Final = Text("今天在其他场馆有预约。", "Booked elsewhere today.")
SHARED_NUMBER: Final = Text(
    "这个号码对应多位游客的证件：请对照证件上的国籍和姓名选择。",
    "Several visitors have documents with this number: choose by the nationality and the name on the document.",
)
