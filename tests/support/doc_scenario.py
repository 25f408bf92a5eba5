"""Commands of README and docs that are run: in one scenario on an installation, and apart, in a home without one.

tests/system/test_doc_commands.py runs them; doc_table.py has how every other command is tried.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """A command that the scenario runs: what its placeholders stand for (names of the fixtures), what it says, how it ends."""

    text: str
    says: str
    bound: dict[str, str] = field(default_factory=dict[str, str])
    statuses: tuple[int, ...] = (0,)
    before: str = ""  # what the scenario makes ready for it


EXPORT: Final = {"export.csv": "{export}", "export.map.toml": "{map}", "report.csv": "{work}/report.csv"}
REAL: Final = {
    "tests/data/hotel-bookings-resort.csv.gz": "{export}",
    "report.csv": "{work}/report.csv",
    "nights.svg": "{work}/nights.svg",
}
DISK: Final = {
    "/mnt/backup": "{backups}",
    "$BACKUPS": "{backups}",
    "$KEYS": "{keys}",
    "/media/stick": "{keys}",
}
PLACE: Final = {"WENYUE_HOME=/srv/wenyue ": ""}
ROOM: Final = {
    "2027-10-01": "{first_day}",
    "2027-10-07": "{last_day}",
    "2027-09-24T08:00": "{release}",
    "64-HEX-DIGITS": "{promise}",
    "golden-week.jsonl": "{work}/golden-week.jsonl",
    "EVENT": "golden-week",
    "CODE": "golden-week",
    "--message TEXT": "--message 稍候",
    "-en TEXT": "-en 'A moment'",
    " TEXT": " 马上开始",
    " N": " 7",
}
FEW: Final = {"STEPS=10000": "STEPS=60", "STEPS=1000000": "STEPS=60"}
SUBJECT: Final = {"PATTERN": "guessed-secrets", "203.0.113.7": "9.9.9.9", "REASON": "rehearsal"}

STAFF: Final = {"LOGIN": "zhang.san"}
PERIOD: Final = {"KIND": "messages", "DAYS": "400", "REASON": "rehearsal"}

# In this order, on one installation that `make up` started, with the demo and HTTPS; short runs, few rows.
SCENARIO: Final = (
    Step("wenyue --help", "drill"),
    Step("wenyue doctor", "keys"),
    Step("wenyue migrate", "nothing to do"),
    Step("wenyue keys list", "data 1: in use"),  # before anything is sealed that an old key would be kept for
    Step("wenyue keys rotate data", "data key 2 will be in use"),
    Step("wenyue keys reseal", "values now sealed with data key 2"),
    Step("wenyue keys retire N", "", {" N": " 1"}),
    Step("wenyue bans show account:1", "no suspensions in force"),
    Step("wenyue devices enrol VENUE POST", "code", {"VENUE": "demo-hotel-westlake", "POST": "北门"}),
    Step("wenyue devices list", "北门"),
    Step("wenyue devices revoke N", "revoked", {" N": " 1"}),
    Step("wenyue staff list", "operator"),
    Step("wenyue staff add LOGIN --duty gate", "password", STAFF),
    Step("wenyue staff grant LOGIN DUTY", "desk", STAFF | {"DUTY": "desk"}),
    Step("wenyue staff withdraw LOGIN DUTY", "gate", STAFF | {"DUTY": "desk"}),
    Step("wenyue staff reset LOGIN", "password", STAFF),
    Step("wenyue staff unlock LOGIN", "unlocked", STAFF),
    Step("wenyue staff retire LOGIN", "retired", STAFF),
    Step("wenyue staff add zhang.san --duty administrator", "password"),
    Step("wenyue retention preview", "due before"),
    Step("wenyue retention run", "erased"),
    Step("wenyue retention set KIND DAYS --why REASON", "kept for 400 days", PERIOD),
    Step("wenyue probe ready", "ready"),
    Step("wenyue probe later", "nothing is overdue"),
    Step("wenyue import venues FILE", "1", {"FILE": "{venues}"}),
    Step("wenyue import products FILE", "1", {"FILE": "{products}"}),
    Step("wenyue import sessions FILE", "1", {"FILE": "{sessions}"}),
    Step("wenyue export products FILE", "products: ", {"FILE": "{work}/products-out.csv"}),
    Step("wenyue export sessions FILE", "rows of sessions: ", {"FILE": "{work}/sessions-out.csv"}),
    Step(
        "wenyue import bookings FILE --map MAP.toml --dry-run",
        "300",
        {"FILE": "{export}", "MAP.toml": "{map}"},
    ),
    Step(
        "wenyue import bookings export.csv --map export.map.toml --dry-run --report report.csv", "300", EXPORT
    ),
    Step("wenyue import bookings export.csv --map export.map.toml --report report.csv", "300", EXPORT),
    Step(
        "wenyue import bookings tests/data/hotel-bookings-resort.csv.gz --map examples/hotel-bookings.map.toml"
        " --report report.csv",
        "earlier run",
        REAL,
    ),
    Step("wenyue holidays list 2027", "国庆节"),
    Step("wenyue abuse rules", "guessed-secrets"),
    Step("wenyue abuse block PATTERN address:203.0.113.7 --for 12h --why REASON", "is blocked", SUBJECT),
    Step("wenyue abuse list", "guessed-secrets"),
    Step("wenyue abuse lift PATTERN SUBJECT --why REASON", "lifted", SUBJECT | {"SUBJECT": "{subject}"}),
    Step(
        'wenyue abuse lift guessed-secrets address:0123456789ab --why "gate 3 had an old password; ticket 7"',
        "lifted",
        {"address:0123456789ab": "{subject}"},
        before="another block",
    ),
    Step("wenyue abuse set guessed-secrets 80 --window 3600 --block 3600", "80"),
    Step(
        "wenyue room open golden-week --product 5a-bd68511a/adult --from 2027-10-01 --to 2027-10-07"
        " --release 2027-09-24T08:00",
        "commitment",
        ROOM,
        before="a release",
    ),
    Step("wenyue room list", "golden-week"),
    Step("wenyue room show CODE", "commitment", ROOM),
    Step("wenyue room show", "commitment", {"show": "show golden-week"}),
    Step("wenyue room pause CODE --message TEXT", "", ROOM),
    Step("wenyue room resume CODE", "", ROOM),
    Step("wenyue room tell CODE TEXT --message-en TEXT", "", ROOM),
    Step("wenyue room rate CODE N", "", ROOM),
    Step(
        "wenyue fairness verify golden-week --export golden-week.jsonl --promise 64-HEX-DIGITS",
        "committed",
        ROOM,
        before="a released room",
    ),
    Step(
        "wenyue fairness verify golden-week --file golden-week.jsonl --code 6AGG-WY5P-S8XQ-G78D",
        "not let in",
        ROOM,
    ),
    Step("wenyue fairness verify EVENT", "", ROOM),
    Step("wenyue room close CODE", "", ROOM),
    Step("wenyue monitor once", "database", statuses=(0, 1)),
    Step("wenyue monitor full", "", statuses=(0,)),
    Step('wenyue monitor silence disk --for 2h --why "moving data"', "disk"),
    Step('wenyue monitor silence staff --for 4h --why "hiring for the season"', "staff"),
    Step("wenyue monitor retire ota:one", "", before="a partner"),
    Step("wenyue monitor retire monitor:NAME", "", {"NAME": "elsewhere"}, before="another monitor"),
    Step(
        'wenyue status incident open booking --title-zh 预约缓慢 --title-en "Booking is slow" --zh 正在处理'
        ' --en "We are on it"',
        "",
    ),
    Step(
        'wenyue status incident update NUMBER --zh 原因已查明 --en "The cause is known" --state identified',
        "",
        {"NUMBER": "{number}"},
    ),
    Step('wenyue status incident close NUMBER --zh 已恢复 --en "It is over"', "", {"NUMBER": "{number}"}),
    Step("wenyue status incident list", "Booking is slow"),
    Step('wenyue backup --to "$BACKUPS" --keys-to "$KEYS"', "full", DISK),
    Step("WENYUE_HOME=/srv/wenyue wenyue backup --to /mnt/backup", "incremental", DISK | PLACE),
    Step("wenyue backup list", "full", {"list": "list --to {backups}"}),
    Step(
        "wenyue restore --from /mnt/backup --keys /media/stick/wenyue-keys-TIME.json --into /srv/wenyue-new",
        "bookings",
        {"/media/stick/wenyue-keys-TIME.json": "{saved}", "/srv/wenyue-new": "{work}/new"} | DISK,
        before="saved keys",
    ),
    Step("wenyue backup --keys-to /media/stick", "", DISK),
    Step("wenyue backup --keys-to FOLDER", "", {"FOLDER": "{keys}"}),
)

# Likewise in a home without an installation: these make what they need, or need none.
APART: Final = (
    Step("wenyue drill list", "reply-lost"),
    Step("wenyue drill run NAME --seconds 15", "passed", {"NAME": "worker-killed", "15": "3"}),
    Step("wenyue drill report", "report.html"),
    Step("wenyue drill history", "worker-killed"),
    Step("wenyue drill schedule --every week", "all: every week"),
    Step(
        "wenyue drill schedule --every month --drill NAME --at 03:30 --on 1",
        "every month",
        {"NAME": "worker-killed"},
    ),
    Step("wenyue drill due", "nothing is due"),
    Step(
        "wenyue scale plan --visitors 10_000_000 --places 100_000 --minutes 30 --picture plan.svg",
        "drawn in",
        {"plan.svg": "{work}/plan.svg"},
        before="unit costs",
    ),
    Step(
        "wenyue scale plan --picture docs/images/scale-10m.svg",
        "drawn in",
        {"docs/images/scale-10m.svg": "{work}/scale-10m.svg"},
    ),
    Step(
        "wenyue replay tests/data/hotel-bookings-resort.csv.gz --map examples/hotel-bookings.map.toml --capacity 60"
        " --plot nights.svg",
        "oversold nights",
        REAL,
    ),
    Step("WENYUE_HOME=keys wenyue keys", "keys.json", {"WENYUE_HOME=keys": "WENYUE_HOME={work}/keys"}),
    Step("make sim SEED=1 STEPS=10000", "every invariant held after every step", FEW),
    Step(
        "make check", "pyright", {"make": "make -n"}
    ),  # said, not done: whoever runs this test runs it as well
    Step("make test", "pytest", {"make": "make -n"}),
    Step("make test-system PART=1/4", "pytest", {"make": "make -n"}),
    Step("deploy/make-secrets secrets wenyue-db-rw", "", {" secrets": " {work}/secrets"}),
)
