"""What the API says about requests that never reach the engine, and about fields of the wrong form, in zh and en."""

from collections.abc import Mapping
from typing import Final

API_WORDS: Final[dict[str, tuple[str, str]]] = {
    "fields": ("有需要修改的内容", "Some fields need mending"),
    "bad_json": ("请求不是有效的 JSON", "The request is not valid JSON"),
    "invalid_body": ("请求内容不符合格式", "The request does not have the documented shape"),
    "body_too_large": ("请求内容过大", "The request is too large"),
    "bad_host": (
        "请求没有（或不止一次）说明要访问的主机",
        "The request names no host, or more than one (Host header)",
    ),
    "proof_needed": (
        "补卡前请先验证：POST /v1/cards/lost（证件和预留手机），或带证件到人工窗口",
        "Prove to be the holder first: POST /v1/cards/lost with document and phone, or at the staffed counter",
    ),
    "code_wrong": (
        "验证码不对或已失效；错5次后请重新获取",
        "The code is wrong or no longer good; after five wrong ones ask for a new one",
    ),
    "phone_needed": ("请填写办卡时预留的手机号", "Give the phone number on record"),
    "counter_too_often": (
        "今天的窗口补卡次数已到上限；请由管理员办理，或明天再来",
        "Too many replacements at the counter today, for this holder or by you; ask an administrator, or come back tomorrow",
    ),
    "counter_stopped": (
        "持卡人停止过补卡：30天内只由没有经办过的管理员办理，12小时后给新卡号",
        "The holder stopped a replacement: for thirty days only an administrator who began none replaces, after twelve hours",
    ),
    "operators_only": ("您的职责不包括这一项", "This is not among your duties"),
    "holder_unknown": (
        "没有找到这个证件名下可补的卡",
        "No card that can be replaced belongs to this document and name",
    ),
    "login_needed": ("请先登录：缺少有效的令牌", "Sign in first: a valid bearer token is needed"),
    "id_needed": (
        "缺少请求编号：请在 id 或 Idempotency-Key 中给出同一个 UUID",
        "A request id is needed: give one UUID as id or as Idempotency-Key",
    ),
    "bad_range": (
        "查询范围不正确：需要 product_id、from 和 to（YYYY-MM-DD，不超过62天）",
        "The range is wrong: give product_id, from and to (YYYY-MM-DD, at most 62 days)",
    ),
    "bad_index": ("游客序号不存在或重复", "A visitor index does not exist or stands twice"),
    "price_needed": (
        "请给出当时看到的单价 price_minor（免费为0）",
        "Give the price that was shown for a place, price_minor (0 when it is free)",
    ),
    "card_needed": ("用卡预约需要给出 card_id", "Paying by card needs card_id"),
    "busy": ("系统正忙，请稍后用同一编号再试", "Busy: try again shortly with the same id"),
    "overloaded": (
        "现在人太多，请求没有处理；请按 Retry-After 稍后用同一编号再试",
        "Too many ask at once and nothing was done: try again with the same id after Retry-After",
    ),
    "too_often": (
        "您请求得太频繁；请按 Retry-After 稍后再试",
        "You ask too often: try again after Retry-After",
    ),
    "account_blocked": (
        "这个账号因异常使用暂时不能预约；如有误，请联系客服",
        "This account cannot book for a while because of unusual use: if that is wrong, contact the operator",
    ),
    "not_yet_known": (
        "结果还没有传回来；请用同一编号再问一次，不会重复处理",
        "The result is not back yet: ask again with the same id; nothing is done twice",
    ),
    "travellers_only": ("请使用旅游卡登录", "Sign in as a traveller, with a card"),
    "line_twice": ("同一行只能改期一次", "A line can be moved only once in a request"),
    "not_found": ("没有找到", "Not found"),
    "method": ("不支持这种请求方式", "This method is not allowed here"),
    "media_type": ("请以 application/json 发送请求内容", "Send the body as application/json"),
    "slow_body": ("请求内容没有在时限内发完", "The body did not arrive in time"),
    "bad_cursor": (
        "cursor 无效：请原样使用上一页的 next",
        "This is no cursor: use `next` of the page before, unchanged",
    ),
    "key_needed": (
        "缺少 Idempotency-Key：请给出一个 UUID，重试时保持不变",
        "An Idempotency-Key is needed: one UUID, sent again unchanged on a retry",
    ),
    "waiting_room": (
        "需要先排队等候：请打开 room 给出的地址，轮到后再预约",
        "Wait in line first: open the address in `room`, and book when it is your turn",
    ),
    "room_unknown": ("没有这个排队活动", "There is no such waiting room"),
    "room_closed": ("排队已结束，可以直接预约", "The waiting room is closed: book directly"),
    "room_pass_bad": (
        "排队凭证无效，或属于其他账户；请重新领取",
        "This pass is not good, or is another account's: take a new one",
    ),
    "room_not_yet": ("还没有轮到您，请继续等候", "It is not your turn yet: keep waiting"),
    "room_turns_used": ("进入次数已用完", "This account has had all its turns"),
    "visitors_full": ("常用游客已满，请先删除一位", "The list of visitors is full: remove one first"),
    "name_differs": (
        "姓名与该证件已核实的姓名不一致：请照证件填写；若写法不同，请本人在“我的”中添加写法，或到窗口办理",
        "Not the name proved with this document: write it as on the document, or its holder or the counter adds the spelling",
    ),
    "disown_often": (
        "今天退回名额的次数太多，请明天再试或到窗口办理",
        "Too many places were given back today: try tomorrow, or ask at the counter",
    ),
    "document_unseen": (
        "请先带证件到人工窗口核验一次，之后即可在线办理",
        "Show the document at the staffed counter once; from then on this works online",
    ),
    "holder_seen": (
        "这个证件此前已由工作人员与一张卡一起核验过，只有管理员可以改",
        "Staff saw this document beside a card before: only an administrator changes that",
    ),
    "holder_second": (
        "需要另一位工作人员当面确认：要收回的账户还有未到的预约或验证过的手机，或您今天已单独收回3个证件",
        "A second member of staff confirms this here: there are bookings to come, a phone that answered, or three taken today",
    ),
    "holder_second_unfit": (
        "确认人须是另一位负责核验证件的工作人员，不能是您本人",
        "Somebody else who settles documents here has to confirm, never you yourself",
    ),
    "holder_often": (
        "您今天收回账户的证件已达20个；请由另一位工作人员办理，或明天再来",
        "You took accounts from twenty documents today: another member of staff goes on, or you tomorrow",
    ),
    "cards_or_none": (
        "填写本人出示的卡号，或说明本人没有卡，二者选一",
        "Give the numbers of the cards that the person shows, or say that they have none",
    ),
    "names_full": (
        "姓名写法已满6种，请到窗口办理",
        "Six spellings of the name are known already: ask at the counter",
    ),
    "visitors_often": (
        "今天添加游客的次数太多，请明天再试",
        "Too many visitors were added today: add more tomorrow",
    ),
    "internal": (
        "系统内部错误，已记录；请用同一编号再试",
        "A fault on our side, which was noted; try again with the same id",
    ),
}

# What is wrong with the form of one field; `{}` is the bound or the choices, where there are any.
FIELD_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("缺少这一项", "This field is required"),
    "unknown_field": ("没有这一项，请检查拼写", "There is no such field; check the spelling"),
    "wrong_type": ("类型不正确{}", "The type is wrong{}"),
    "out_of_range": ("超出范围{}", "Out of range{}"),
    "wrong_length": ("长度不正确{}", "The length is wrong{}"),
    "one_line": ("只能写一行，不能含控制字符", "One line without control characters"),
    "wrong_form": ("格式不正确{}", "The form is wrong{}"),
    "no_texts": (
        "这个国家或地区的号码收不到短信；号码已保存供人工窗口使用，通知请看“我的”里的消息",
        "No texts go to numbers of this country; the number is kept for the desk, and messages are listed under “Me”",
    ),
}
