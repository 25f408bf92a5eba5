"""What each check is called, what to do about it, and on which page of the documentation it stands."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from wenyue.monitoring.model import Alert, Event, Notice, Severity


@dataclass(frozen=True, slots=True)
class Guide:
    """Title and first step in both languages; `page` is relative to the folder `docs`."""

    zh: str
    en: str
    do_zh: str
    do_en: str
    page: str


GUIDES: Final[dict[str, Guide]] = {
    "database": Guide(
        "数据库",
        "Database",
        "先看进程和日志：wenyue doctor",
        "look at its process and log: `wenyue doctor`",
        "runbooks/database-killed.md",
    ),
    "replication": Guide(
        "数据库复制",
        "Replication",
        "检查备库与网络；必要时重建备库",
        "look at the standby and the network; make it anew if need be",
        "runbooks/standby-cut-commits-cancelled.md",
    ),
    "windows": Guide(
        "名额核对",
        "Places and counters",
        "停止该场次销售，保留现场，逐条核对",
        "stop selling that session, keep the evidence, compare line by line",
        "monitoring.md#invariants",
    ),
    "bookings": Guide(
        "预约核对",
        "Bookings and lines",
        "保留现场，逐条核对",
        "keep the evidence, compare line by line",
        "monitoring.md#invariants",
    ),
    "entitlements": Guide(
        "权益核对",
        "Entitlements",
        "保留现场，逐条核对",
        "keep the evidence, compare line by line",
        "monitoring.md#invariants",
    ),
    "holds": Guide(
        "占位到期", "Expired holds", "检查后台进程", "look whether a worker runs", "runbooks/later-killed.md"
    ),
    "events": Guide(
        "事件处理",
        "Events",
        "wenyue events subscribers 看谁落后或搁置；修复后 wenyue events retry",
        "see who is behind or stuck: `wenyue events subscribers`; mend the cause, then `wenyue events retry`",
        "runbooks/subscriber-stuck.md",
    ),
    "jobs": Guide(
        "后台任务",
        "Jobs",
        "检查后台进程与短信通道",
        "look at the worker and the SMS provider",
        "monitoring.md#later-work",
    ),
    "changes": Guide(
        "变更复核",
        "Changes by one person",
        "在运营台“变更”页复核；不是本人所为：撤回，并更换该账号密码",
        "review them on the console's page of changes; nobody of yours did it: withdraw it, and give that login a new password",
        "monitoring.md#changes",
    ),
    "undos": Guide(
        "撤销核销",
        "Admissions taken back",
        "查看审计记录 gate.undone 与 gate.undo_refused，找当班人员核实",
        "read gate.undone and gate.undo_refused in the audit record, and ask who was on duty",
        "monitoring.md#undos",
    ),
    "no-shows": Guide(
        "爽约核定", "No-shows", "检查后台进程日志", "look at the worker's log", "monitoring.md#later-work"
    ),
    "worker": Guide(
        "后台进程",
        "Worker",
        "启动后台进程：wenyue worker",
        "start one: `wenyue worker`",
        "runbooks/worker-killed.md",
    ),
    "monitors": Guide(
        "其他机器的监控",
        "Monitors of other machines",
        "查看该机器是否在线；已停用则注销",
        "look whether that machine lives; retire it when it is gone for good",
        "monitoring.md#the-monitor-itself",
    ),
    "partners": Guide(
        "合作方心跳",
        "Partner heartbeats",
        "联系合作方；不再对接时注销",
        "call the partner; retire it when it is gone for good",
        "monitoring.md#partners",
    ),
    "record": Guide(
        "审计记录",
        "Audit record",
        "断链：保留现场，停止写入，对照备份",
        "broken: keep the evidence and compare with a backup",
        "monitoring.md#record",
    ),
    "staff": Guide(
        "员工变动",
        "Changes of the staff",
        "与操作人核对；不是本人所为：停用其账号，撤回变动",
        "ask who did it; was it not them: retire their login, take it back",
        "monitoring.md#staff",
    ),
    "demo": Guide(
        "演示账号",
        "Demo logins",
        "正式使用前：wenyue staff retire 或 reset",
        "before going live: `wenyue staff retire` or `reset`",
        "security.md#what-the-operator-does",
    ),
    "abuse": Guide(
        "可疑迹象",
        "Suspicious patterns",
        "查看：wenyue abuse list；误判则解除",
        "look: `wenyue abuse list`; lift what is wrong",
        "runbooks/suspicious-patterns.md",
    ),
    "retention": Guide(
        "个人信息清除",
        "Retention",
        "查看后台进程；wenyue retention run 可立即清除",
        "look at the worker; `wenyue retention run` erases at once",
        "monitoring.md#retention",
    ),
    "disk": Guide(
        "磁盘",
        "Disk",
        "腾出空间，不要删除数据目录内的文件",
        "free space, but delete nothing inside the data folder",
        "runbooks/disk-full.md",
    ),
    "memory": Guide(
        "内存与文件",
        "Memory and files",
        "重启占用异常的进程",
        "restart the process that grew",
        "monitoring.md#memory",
    ),
    "processes": Guide(
        "进程", "Processes", "查看 wenyue up 的输出", "read what `wenyue up` printed", "monitoring.md#memory"
    ),
    "web": Guide(
        "网页服务",
        "Web",
        "查看进程与数据库：wenyue doctor",
        "look at processes and database: `wenyue doctor`",
        "monitoring.md#web",
    ),
    "freshness": Guide(
        "沿用旧数据",
        "Old facts",
        "先看该进程的日志与数据库：wenyue doctor",
        "read that process's log and look at the database: `wenyue doctor`",
        "monitoring.md#old-facts",
    ),
    "certificate": Guide(
        "证书",
        "Certificates",
        "续期证书并重新加载代理",
        "renew it and reload the proxy",
        "monitoring.md#certificates",
    ),
    "clock": Guide(
        "时钟",
        "Clocks",
        "检查 chrony 或 timesyncd",
        "look at chrony or systemd-timesyncd",
        "runbooks/clock-steps.md",
    ),
    "backup": Guide(
        "备份",
        "Backups",
        "立即备份并校验：wenyue backup、wenyue backup check",
        "take one and test it: `wenyue backup`, `wenyue backup check`",
        "runbooks/backup-selftest.md",
    ),
    "drill": Guide(
        "演练", "Drills", "安排演练：wenyue drill run", "rehearse: `wenyue drill run`", "reliability.md"
    ),
    "monitor": Guide(
        "监控自身",
        "The monitor",
        "查看监控日志",
        "read the monitor's log",
        "monitoring.md#the-monitor-itself",
    ),
}
_EVENTS: Final = {
    Event.FIRED: ("告警", "ALERT"),
    Event.WORSE: ("告警升级", "WORSE"),
    Event.REMINDER: ("告警仍在", "STILL"),
    Event.RESOLVED: ("已恢复", "RESOLVED"),
}
_SEVERITIES: Final = {
    Severity.NOTE: ("提示", "note"),
    Severity.WARNING: ("注意", "warning"),
    Severity.CRITICAL: ("严重", "critical"),
}


def guide_of(check: str) -> Guide:
    """The guide of a check."""
    return GUIDES.get(check, GUIDES["monitor"])


def page_of(check: str, base: str) -> str:
    """Where to read on: under `base`, the address of the operator's copy of `docs`, or in the repository."""
    return f"{base.rstrip('/')}/{guide_of(check).page}" if base else f"docs/{guide_of(check).page}"


def subject_line(notice: Notice, node: str) -> str:
    """One line that says it all: `[稳约] 告警 ALERT critical 数据库 Database @node`."""
    event_zh, event_en = _EVENTS[notice.event]
    guide = guide_of(notice.alert.check)
    severity = _SEVERITIES[notice.alert.severity]
    return f"[稳约] {event_zh} {event_en} · {severity[0]} {severity[1]} · {guide.zh} {guide.en} @{node}"


def body(notice: Notice, node: str, base: str) -> str:
    """What is wrong, since when, what to do, where to read on; Chinese, then English."""
    alert, guide = notice.alert, guide_of(notice.alert.check)
    since = f"{alert.since:%Y-%m-%d %H:%M:%S} UTC"
    lasted = say_span(notice.at - alert.since)
    lines = [subject_line(notice, node), "", alert.zh, f"自 {since} 起，已 {lasted[0]}"]
    if notice.event is not Event.RESOLVED:
        lines.append(f"处理：{guide.do_zh}")
    lines += ["", alert.en, f"since {since}, for {lasted[1]}"]
    if notice.event is not Event.RESOLVED:
        lines.append(f"do: {guide.do_en}")
    lines += ["", f"手册 runbook: {page_of(alert.check, base)}", f"编号 id: {alert.id} ({alert.subject})"]
    return "\n".join(lines)


def short(notice: Notice, node: str) -> str:
    """As much as fits into a text message."""
    alert = notice.alert
    event = _EVENTS[notice.event][0]
    return f"【稳约运维】{event}（{_SEVERITIES[alert.severity][0]}）{alert.zh}，{node}，自{alert.since:%H:%M}UTC。"[
        :200
    ]


def say_span(span: timedelta) -> tuple[str, str]:
    """`3 分钟`, `3 min`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 120:
        return f"{seconds} 秒", f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} 分钟", f"{seconds // 60} min"
    return f"{seconds // 3600} 小时", f"{seconds // 3600} h"


def headline(alert: Alert) -> str:
    """For lists: `数据库 Database`."""
    guide = guide_of(alert.check)
    return f"{guide.zh} {guide.en}"
