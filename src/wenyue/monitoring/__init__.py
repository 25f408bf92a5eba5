"""Watching: what the monitor checks, how findings become alerts, who is told. Owns the PostgreSQL schema `monitoring`.

`beat` is a sign of life of whoever is waited for: partners, workers, monitors. Everything else is for the monitor
(`wenyue.monitor`) and its command.
"""

from wenyue.monitoring.alert_book import SILENCE_MAX_DAYS, Book, worst
from wenyue.monitoring.alerts import BY_PEOPLE, Round, step
from wenyue.monitoring.loop import Monitor
from wenyue.monitoring.machine_checks import old_facts
from wenyue.monitoring.model import Alert, Checked, Event, Notice, PassFacts, Severity
from wenyue.monitoring.rounds import make_checks
from wenyue.monitoring.scene import Memory, Scene
from wenyue.monitoring.senders import LogSender, MailSender, Sender, WebhookSender, ask
from wenyue.monitoring.store import beat, name_of, open_alerts, retire, save_alert, silence, silences
from wenyue.monitoring.sweep import look_at_all
from wenyue.monitoring.text_sender import TextSender, senders_of
from wenyue.monitoring.wording import GUIDES, guide_of, page_of, short

__all__ = [
    "BY_PEOPLE",
    "GUIDES",
    "SILENCE_MAX_DAYS",
    "Alert",
    "Book",
    "Checked",
    "Event",
    "LogSender",
    "MailSender",
    "Memory",
    "Monitor",
    "Notice",
    "PassFacts",
    "Round",
    "Scene",
    "Sender",
    "Severity",
    "TextSender",
    "WebhookSender",
    "ask",
    "beat",
    "guide_of",
    "look_at_all",
    "make_checks",
    "name_of",
    "old_facts",
    "open_alerts",
    "page_of",
    "retire",
    "save_alert",
    "senders_of",
    "short",
    "silence",
    "silences",
    "step",
    "worst",
]
