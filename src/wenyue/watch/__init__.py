"""Watching: what the monitor checks, how findings become alerts, who is told. Owns the PostgreSQL schema `watch`.

`beat` is a sign of life of whoever is waited for: partners, workers, monitors. Everything else is for the monitor
(`wenyue.monitor`) and its command.
"""

from wenyue.watch.alerts import BY_PEOPLE, Round, step
from wenyue.watch.book import SILENCE_MAX_DAYS, Book, worst
from wenyue.watch.machine import old_facts
from wenyue.watch.model import Alert, Checked, Event, Notice, PassFacts, Severity
from wenyue.watch.rounds import look
from wenyue.watch.scene import Memory, Scene
from wenyue.watch.senders import LogSender, MailSender, Sender, WebhookSender, ask
from wenyue.watch.store import beat, name_of, open_alerts, retire, save_alert, silence, silences
from wenyue.watch.sweep import look_at_all
from wenyue.watch.wording import GUIDES, guide_of, page_of, short

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
    "Notice",
    "PassFacts",
    "Round",
    "Scene",
    "Sender",
    "Severity",
    "WebhookSender",
    "ask",
    "beat",
    "guide_of",
    "look",
    "look_at_all",
    "name_of",
    "old_facts",
    "open_alerts",
    "page_of",
    "retire",
    "save_alert",
    "short",
    "silence",
    "silences",
    "step",
    "worst",
]
