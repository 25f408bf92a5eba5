"""Settings: read once from the environment, frozen, one group per concern. Every field stands in docs/configuration.md."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wenyue.core.limits import LOOKUP_DAYS_MAX
from wenyue.platform.addresses import Network
from wenyue.platform.variables import choice, flag, listed, networks, number, prefixes, secret

LOG_FORMATS: Final = ("auto", "json", "text")
SECOND_FACTOR: Final = ("off", "asked", "needed")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
ACCOUNT_MAX: Final = 100_000  # of each of an account's limits
PERSON_BOOKINGS_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How this installation is reached and how many processes serve it."""

    host: str  # WENYUE_HOST
    port: int  # WENYUE_PORT
    workers: int  # WENYUE_WEB_WORKERS
    public_url: str  # WENYUE_PUBLIC_URL: as travellers type it; empty: derived from the request
    is_secure: bool  # WENYUE_SECURE_COOKIES: cookies only over HTTPS
    is_https: bool = False  # WENYUE_HTTPS: `wenyue up` serves the local network with a certificate of its own
    https_port: int = 8443  # WENYUE_HTTPS_PORT
    person_bookings: int = 60  # WENYUE_PERSON_BOOKINGS: one person's requests to book, in a minute
    processes: int = 1  # WENYUE_WEB_PROCESSES: of the whole installation; they share that limit
    replacement_delay_min: int = 30  # WENYUE_REPLACEMENT_DELAY_MIN: where no phone proves it
    proxies: tuple[Network, ...] = ()  # WENYUE_TRUSTED_PROXIES: whose X-Forwarded-For is believed


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the data lives. Empty `url`: the embedded server under `home`."""

    url: str  # WENYUE_DATABASE_URL, or the first line of the file WENYUE_DATABASE_URL_FILE
    owner_url: str  # WENYUE_OWNER_DATABASE_URL, or the first line of the file WENYUE_OWNER_DATABASE_URL_FILE
    role: str  # WENYUE_DATABASE_ROLE: role to assume after connecting; empty: none. `wenyue up` sets it
    pool_size_max: int  # WENYUE_DATABASE_POOL


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """What this installation shows of itself, and to whom."""

    metrics_token: str = ""  # WENYUE_METRICS_TOKEN, or the first line of the file WENYUE_METRICS_TOKEN_FILE
    log_format: str = "auto"  # WENYUE_LOG_FORMAT: one of LOG_FORMATS
    log_level: str = "info"  # WENYUE_LOG_LEVEL: one of LOG_LEVELS
    traces_url: str = ""  # WENYUE_TRACES_URL: of an OTLP/HTTP collector; empty: no traces
    traces_percent: int = 1  # WENYUE_TRACES_PERCENT: of the requests that no caller decided about


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """What the monitor looks at besides the obvious, and whom it tells."""

    is_on: bool = True  # WENYUE_MONITOR: `wenyue up` starts one
    node: str = ""  # WENYUE_NODE; empty: the machine's name
    urls: tuple[str, ...] = ()  # WENYUE_MONITOR_URLS; empty: our own address
    certificates: tuple[str, ...] = ()  # WENYUE_MONITOR_CERTIFICATES
    ntp: str = ""  # WENYUE_NTP_SERVER
    standbys: int = 0  # WENYUE_STANDBYS
    webhook: str = field(default="", repr=False)  # WENYUE_ALERT_WEBHOOK
    smtp: str = field(default="", repr=False)  # WENYUE_SMTP
    mail_from: str = "wenyue@localhost"  # WENYUE_MAIL_FROM
    emails: tuple[str, ...] = field(default=(), repr=False)  # WENYUE_ALERT_EMAILS
    phones: tuple[str, ...] = field(default=(), repr=False)  # WENYUE_ALERT_PHONES
    escalation: tuple[str, ...] = field(default=(), repr=False)  # WENYUE_ALERT_ESCALATION
    runbooks: str = ""  # WENYUE_RUNBOOK_URL
    heartbeat: str = field(default="", repr=False)  # WENYUE_MONITOR_HEARTBEAT: asked for after each round


@dataclass(frozen=True, slots=True)
class StatusSettings:
    """The public status page: a process of its own."""

    is_on: bool = True  # WENYUE_STATUS: `wenyue up` starts one
    port: int = 8100  # WENYUE_STATUS_PORT
    url: str = ""  # WENYUE_STATUS_URL: as travellers type it
    target: str = ""  # WENYUE_STATUS_TARGET: the web address that it probes; empty: our own
    takes_subscriptions: bool = False  # WENYUE_STATUS_SUBSCRIPTIONS


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """Backups that `wenyue up` takes and tries by itself. Empty `folder`: somebody else does."""

    folder: str = ""  # WENYUE_BACKUP_FOLDER: an absolute path, best on another disk
    hour: int = 3  # WENYUE_BACKUP_HOUR: from which hour of Beijing time on a day's backup is taken
    keep: int = 3  # WENYUE_BACKUP_KEEP: full backups, one a week, with what continues them
    age_max_h: int = 26  # WENYUE_BACKUP_AGE_MAX_H: an older last backup is an alarm


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What a gate keeper may do alone."""

    undo_per_place: int = 1  # WENYUE_GATE_UNDO_PER_PLACE: then a second person confirms
    undo_per_day: int = 10  # WENYUE_GATE_UNDO_PER_DAY: of one keeper; then a second person confirms
    lookup_days: int = 1  # WENYUE_GATE_LOOKUP_DAYS: before and after today


@dataclass(frozen=True, slots=True)
class StaffSettings:
    """How members of staff sign in."""

    second_factor: str = "needed"  # WENYUE_SECOND_FACTOR: one of SECOND_FACTOR
    console_idle_min: int = 30  # WENYUE_CONSOLE_IDLE_MIN: a login of the console unused for so long is over
    gate_idle_min: int = 720  # WENYUE_GATE_IDLE_MIN: … of the gate, and of its API


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """What one traveller's account may have and do, whatever the venues' presets say."""

    places: int = 300  # WENYUE_ACCOUNT_PLACES: open places
    unpaid: int = 200  # WENYUE_ACCOUNT_UNPAID: of these, places that cost money
    unnamed: int = 120  # WENYUE_ACCOUNT_UNNAMED: of these, places without a named person
    cancels_day: int = 10  # WENYUE_ACCOUNT_CANCELS_DAY
    cancels_week: int = 30  # WENYUE_ACCOUNT_CANCELS_WEEK
    moves_day: int = 20  # WENYUE_ACCOUNT_MOVES_DAY


@dataclass(frozen=True, slots=True)
class TextSettings:
    """How many texts leave in a day, and to where."""

    phone: int = 20  # WENYUE_TEXTS_PER_PHONE
    account: int = 40  # WENYUE_TEXTS_PER_ACCOUNT
    prefixes: tuple[str, ...] = ("+86", "+852", "+853", "+886")  # WENYUE_TEXT_COUNTRIES, with "+"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the environment decides."""

    home: Path  # WENYUE_HOME
    is_demo: bool  # WENYUE_DEMO: load demo data on first start
    is_bench: bool  # WENYUE_BENCH: serve the benchmark's do-nothing route
    web: WebSettings
    database: DatabaseSettings
    telemetry: TelemetrySettings = TelemetrySettings()
    monitor: MonitorSettings = MonitorSettings()
    status: StatusSettings = StatusSettings()
    backup: BackupSettings = BackupSettings()
    gate: GateSettings = GateSettings()
    staff: StaffSettings = StaffSettings()
    account: AccountSettings = AccountSettings()
    texts: TextSettings = TextSettings()


def load(env: Mapping[str, str] | None = None) -> Settings:
    """The settings that `env` (default: the process environment) spells. Raises SettingsError."""
    env = os.environ if env is None else env
    is_https = flag(env, "WENYUE_HTTPS", default=False)
    port = number(env, "WENYUE_PORT", 8000, 1, 65535)
    workers_default = max(2, (os.cpu_count() or 2) // 2)
    workers = number(env, "WENYUE_WEB_WORKERS", workers_default, 1, 64)
    url = secret(env, "WENYUE_DATABASE_URL", "WENYUE_DATABASE_URL_FILE")
    owner_url = secret(env, "WENYUE_OWNER_DATABASE_URL", "WENYUE_OWNER_DATABASE_URL_FILE")
    is_demo = flag(env, "WENYUE_DEMO", default=False)
    return Settings(
        home=Path(env.get("WENYUE_HOME") or "var").absolute(),
        is_demo=is_demo,
        is_bench=flag(env, "WENYUE_BENCH", default=False),
        web=WebSettings(
            host=env.get("WENYUE_HOST", "127.0.0.1"),
            port=port,
            workers=workers,
            public_url=env.get("WENYUE_PUBLIC_URL", "").rstrip("/"),
            is_secure=flag(env, "WENYUE_SECURE_COOKIES", default=is_https),
            is_https=is_https,
            https_port=number(
                env, "WENYUE_HTTPS_PORT", port + 443 if port <= 65092 else port - 443, 1, 65535
            ),
            person_bookings=number(env, "WENYUE_PERSON_BOOKINGS", 60, 1, PERSON_BOOKINGS_MAX),
            processes=number(env, "WENYUE_WEB_PROCESSES", workers, 1, 10_000),
            replacement_delay_min=number(env, "WENYUE_REPLACEMENT_DELAY_MIN", 30, 0, 10_080),
            proxies=networks(env, "WENYUE_TRUSTED_PROXIES"),
        ),
        database=DatabaseSettings(
            url=url,
            owner_url=owner_url or url,
            role=env.get("WENYUE_DATABASE_ROLE", ""),
            pool_size_max=number(env, "WENYUE_DATABASE_POOL", 12, 4, 100),
        ),
        telemetry=TelemetrySettings(
            metrics_token=secret(env, "WENYUE_METRICS_TOKEN", "WENYUE_METRICS_TOKEN_FILE"),
            log_format=choice(env, "WENYUE_LOG_FORMAT", LOG_FORMATS, "auto"),
            log_level=choice(env, "WENYUE_LOG_LEVEL", LOG_LEVELS, "info"),
            traces_url=env.get("WENYUE_TRACES_URL", "").strip(),
            traces_percent=number(env, "WENYUE_TRACES_PERCENT", 1, 0, 100),
        ),
        monitor=_monitor(env),
        status=_status(env),
        backup=BackupSettings(
            folder=env.get("WENYUE_BACKUP_FOLDER", "").strip(),
            hour=number(env, "WENYUE_BACKUP_HOUR", 3, 0, 23),
            keep=number(env, "WENYUE_BACKUP_KEEP", 3, 1, 1000),
            age_max_h=number(env, "WENYUE_BACKUP_AGE_MAX_H", 26, 1, 10_000),
        ),
        gate=GateSettings(
            undo_per_place=number(env, "WENYUE_GATE_UNDO_PER_PLACE", 1, 0, 100),
            undo_per_day=number(env, "WENYUE_GATE_UNDO_PER_DAY", 10, 0, 1000),
            lookup_days=number(env, "WENYUE_GATE_LOOKUP_DAYS", 1, 0, LOOKUP_DAYS_MAX),
        ),
        staff=_staff(env, is_demo=is_demo),
        account=AccountSettings(
            places=number(env, "WENYUE_ACCOUNT_PLACES", 300, 1, ACCOUNT_MAX),
            unpaid=number(env, "WENYUE_ACCOUNT_UNPAID", 200, 1, ACCOUNT_MAX),
            unnamed=number(env, "WENYUE_ACCOUNT_UNNAMED", 120, 1, ACCOUNT_MAX),
            cancels_day=number(env, "WENYUE_ACCOUNT_CANCELS_DAY", 10, 1, ACCOUNT_MAX),
            cancels_week=number(env, "WENYUE_ACCOUNT_CANCELS_WEEK", 30, 1, ACCOUNT_MAX),
            moves_day=number(env, "WENYUE_ACCOUNT_MOVES_DAY", 20, 1, ACCOUNT_MAX),
        ),
        texts=TextSettings(
            phone=number(env, "WENYUE_TEXTS_PER_PHONE", 20, 1, 10_000),
            account=number(env, "WENYUE_TEXTS_PER_ACCOUNT", 40, 1, 100_000),
            prefixes=prefixes(env, "WENYUE_TEXT_COUNTRIES", TextSettings().prefixes),
        ),
    )


def _staff(env: Mapping[str, str], *, is_demo: bool) -> StaffSettings:
    return StaffSettings(
        second_factor=choice(env, "WENYUE_SECOND_FACTOR", SECOND_FACTOR, "off" if is_demo else "needed"),
        console_idle_min=number(env, "WENYUE_CONSOLE_IDLE_MIN", 30, 1, 1440),
        gate_idle_min=number(env, "WENYUE_GATE_IDLE_MIN", 720, 1, 1440),
    )


def _monitor(env: Mapping[str, str]) -> MonitorSettings:
    return MonitorSettings(
        is_on=flag(env, "WENYUE_MONITOR", default=True),
        node=env.get("WENYUE_NODE", ""),
        urls=listed(env, "WENYUE_MONITOR_URLS"),
        certificates=listed(env, "WENYUE_MONITOR_CERTIFICATES"),
        ntp=env.get("WENYUE_NTP_SERVER", ""),
        standbys=number(env, "WENYUE_STANDBYS", 0, 0, 32),
        webhook=secret(env, "WENYUE_ALERT_WEBHOOK", "WENYUE_ALERT_WEBHOOK_FILE"),
        smtp=secret(env, "WENYUE_SMTP", "WENYUE_SMTP_FILE"),
        mail_from=env.get("WENYUE_MAIL_FROM") or "wenyue@localhost",
        emails=listed(env, "WENYUE_ALERT_EMAILS"),
        phones=listed(env, "WENYUE_ALERT_PHONES"),
        escalation=listed(env, "WENYUE_ALERT_ESCALATION"),
        runbooks=env.get("WENYUE_RUNBOOK_URL", ""),
        heartbeat=secret(env, "WENYUE_MONITOR_HEARTBEAT", "WENYUE_MONITOR_HEARTBEAT_FILE"),
    )


def _status(env: Mapping[str, str]) -> StatusSettings:
    port = number(env, "WENYUE_PORT", 8000, 1, 65535)
    return StatusSettings(
        is_on=flag(env, "WENYUE_STATUS", default=True),
        port=number(env, "WENYUE_STATUS_PORT", port + 100 if port <= 65435 else port - 100, 1, 65535),
        url=env.get("WENYUE_STATUS_URL", "").rstrip("/"),
        target=env.get("WENYUE_STATUS_TARGET", "").rstrip("/"),
        takes_subscriptions=flag(env, "WENYUE_STATUS_SUBSCRIPTIONS", default=False),
    )
