"""What the live page says: reasons, the sentence on top, and which runbook helps."""

from dataclasses import dataclass
from typing import Final, Literal

from wenyue.booking import Outcome
from wenyue.web.console.live import LATELY_S, Live, Old
from wenyue.web.shared import Locale
from wenyue.web.shared.i18n import translator
from wenyue.web.wording import Text
from wenyue.web.wording.outcomes import say

Tone = Literal["good", "warn", "bad"]

_TITLES: Final = {
    "shed": Text("请求太多，请稍后再试（门口劝退）", "Too much at once: refused at the door"),
    "busy": Text("系统正忙（没有办理）", "Busy: nothing was done"),
    "too_often": Text("同一人请求太频繁", "One person asked too often"),
    "too_late": Text("没能在3秒内开始（没有办理）", "Not begun within 3 seconds: nothing was done"),
    "unknown": Text("提交结果待核实（用同一编号再问）", "Commit in doubt: ask again with the same id"),
}
_SIGNS: Final = {
    "guessed-secrets": Text("猜密码、PIN 或验证码", "Guessed passwords, PINs or codes"),
    "scanned-ids": Text("逐个试别人的编号", "Ids of others tried one by one"),
    "forged-tokens": Text("伪造的登录或凭证", "Forged logins or vouchers"),
    "replayed-vouchers": Text("用过的凭证反复出示", "Used vouchers shown again"),
    "rotated-accounts": Text("多个账号为同一人预约", "Many accounts for one person"),
    "tried-documents": Text("一个账号试很多证件", "One account tries many documents"),
    "taken-documents": Text("一名工作人员多次收回账户的证件", "One clerk takes documents from accounts"),
    "withheld-texts": Text("一个账号的很多短信未发", "Many texts of one account held back"),
    "many-persons": Text("一个账号为很多人预约", "One account for many persons"),
}
# Reason → page of docs/runbooks. A test holds that the pages are there.
RUNBOOKS: Final = {
    "shed": "rush",
    "too_often": "rush",
    "busy": "database-killed",
    "too_late": "slow-fsync",
    "unknown": "database-link-cut",
    "away": "database-killed",
    "worker": "later-killed",
    "old": "busy-then-quiet",
}
_ROLES: Final = {"web": Text("网页", "web"), "worker": Text("后台", "worker")}
_FACTS: Final = {
    "rules": Text("预约规则", "the rules"),
    "pool_views": Text("余量", "figures of places left"),
    "waiting_rooms": Text("候场队列", "the waiting rooms"),
    "room_signal": Text("给候场队列的负载信号", "the load signal for the waiting rooms"),
    "web_signals": Text("网页进程的负载信号", "the load signals of the web processes"),
    "admission": Text("接待能力的测量", "the measured capacity"),
    "figures": Text("运行数据", "its own figures"),
}
_SLOW_MS: Final = 1_000
_STUCK_S: Final = 60
_OLD_SHOWN: Final = 3
_TIMES: Final = 1_000  # milliseconds in a second


@dataclass(frozen=True, slots=True)
class State:
    """The sentence on top, how grave it is, and the runbook that helps ('' when none is needed)."""

    tone: Tone
    title: str
    text: str
    runbook: str = ""


def reason_title(code: str, locale: Locale) -> str:
    """A reason in words; what nobody worded stays a code."""
    if code in _TITLES:
        return _TITLES[code].say(locale)
    try:
        return say(Outcome[code.upper()], locale).title
    except KeyError:
        return code


def sign_title(pattern: str, locale: Locale) -> str:
    """A suspicious pattern in words."""
    return _SIGNS[pattern].say(locale) if pattern in _SIGNS else pattern


def state_of(live: Live, locale: Locale, since: str) -> State:
    """The worst thing that is true now. `since`: the wall clock when the database went away."""
    t = translator(locale)
    turned_away = live.lately.failed + live.lately.shed
    if live.away_since is not None:
        return State(
            "bad",
            t("数据库自{at}起没有应答", "The database has not answered since {at}", at=since),
            t(
                "预约回答“系统正忙”，没有占用名额；恢复后自动继续。",
                "Bookings are answered with busy and take nothing; they go on by themselves once it is back.",
            ),
            RUNBOOKS["away"],
        )
    if not live.has_worker:
        return State(
            "bad",
            t("后台进程没有报告", "No worker reports"),
            t(
                "到期的占位不会释放，短信不会发出。预约本身照常。",
                "Holds that end are not given back and no message is sent. Bookings go on.",
            ),
            RUNBOOKS["worker"],
        )
    if live.old:
        return State(
            "warn",
            t("有进程在用旧数据", "A process goes by old facts"),
            t("；", "; ").join(old_title(one, locale) for one in live.old[:_OLD_SHOWN]) + t("。", "."),
            RUNBOOKS["old"],
        )
    if turned_away:
        share = 100 * turned_away / max(1, live.lately.offered)
        code = max(("shed", "busy", "too_late", "unknown"), key=lambda one: live.lately.reasons.get(one, 0))
        return State(
            "bad" if share >= 50 else "warn",
            t(
                "最近一分钟有{share}的请求没有办成",
                "{share} of the last minute's requests were turned away",
                share=percent(share),
            ),
            t("最多的原因：{why}。", "Mostly: {why}.", why=reason_title(code, locale)),
            RUNBOOKS.get(code, ""),
        )
    stuck = stuck_work(live)
    if stuck is not None:
        return State(
            "warn",
            t("后台工作积压", "Work is piling up"),
            t("最久的已等{n}秒。", "The oldest has waited {n} s.", n=int(stuck)),
            RUNBOOKS["worker"],
        )
    return _pace(live, locale)


def _pace(live: Live, locale: Locale) -> State:
    t = translator(locale)
    if live.p99_ms is not None and live.p99_ms > _SLOW_MS:
        return State(
            "warn",
            t("预约变慢", "Bookings are slow"),
            t("每百个里最慢的一个用了{ms}。", "One in a hundred takes {ms}.", ms=milliseconds(live.p99_ms)),
            RUNBOOKS["too_late"],
        )
    return State(
        "good",
        t("一切正常", "All is well"),
        t("最近一分钟没有失败的请求。", "Nothing failed in the last minute.")
        if live.lately.offered
        else t("现在没有人在预约。", "Nobody is booking now."),
    )


def old_title(one: Old, locale: Locale) -> str:
    """`web: the waiting rooms, 31 s old`."""
    t = translator(locale)
    role, fact = _ROLES.get(one.role), _FACTS.get(one.name)
    if one.name.startswith("task_"):
        task = one.name.removeprefix("task_").replace("_", " ")
        named = t("任务“{task}”", "the task “{task}”", task=task)
    else:
        named = fact.say(locale) if fact else one.name
    return t(
        "{role}：{what}已{age}秒没有更新",
        "{role}: {what}, not renewed for {age} s",
        role=role.say(locale) if role else one.role,
        what=named,
        age=f"{one.age_s:.0f}",
    )


def stuck_work(live: Live) -> float | None:
    """For how many seconds the oldest overdue hold, or event that somebody was not told of, has waited, when that is too long."""
    worst = 0.0
    for snapshot in live.processes:
        for name in ("events_oldest_seconds", "holds_overdue_seconds"):
            worst = max(worst, *snapshot.gauges.get(name, {}).values(), 0.0)
    return worst if worst > _STUCK_S else None


def per_second(count: float, seconds: float) -> str:
    """A rate with as many digits as it is worth."""
    rate = count / seconds
    if rate >= 100 or rate == int(rate):
        return f"{rate:,.0f}"
    return f"{rate:.1f}" if rate >= 0.1 else "<0.1"


def percent(value: float) -> str:
    """`0 %`, `0.4 %`, `37 %`; what happened is never shown as nothing."""
    if value == 0 or value >= 10:
        return f"{value:.0f} %"
    return f"{max(0.1, value):.1f} %"


def milliseconds(value: float | None) -> str:
    """`4 ms`, `1.3 s`, `–` when nobody booked."""
    if value is None:
        return "–"
    if value >= _TIMES:
        return f"{value / _TIMES:.1f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


LATELY: Final = Text(f"最近{LATELY_S}秒", f"last {LATELY_S} s")
