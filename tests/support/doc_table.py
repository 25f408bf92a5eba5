"""How each command of README and docs is tried: run in one scenario, or by a test that is named here, or held to our files.

The house test test_doc_commands.py holds this table and the documents together; the one in tests/infra runs the scenario.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """A command that the scenario runs: what its placeholders stand for (names of the world), what it says, how it ends."""

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
    Step("wenyue keys rotate data", "data key 2 is in use"),
    Step("wenyue keys reseal", "sealed under data key 2 now"),
    Step("wenyue keys retire N", "", {" N": " 1"}),
    Step("wenyue bans show account:1", "no ban is in force"),
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
    Step("wenyue retention preview", "due before"),
    Step("wenyue retention run", "erased"),
    Step("wenyue retention set KIND DAYS --why REASON", "kept for 400 days", PERIOD),
    Step("wenyue probe ready", "ready"),
    Step("wenyue probe later", "nothing waits"),
    Step("wenyue import venues FILE", "1", {"FILE": "{venues}"}),
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
        "promise",
        ROOM,
        before="a release",
    ),
    Step("wenyue room list", "golden-week"),
    Step("wenyue room show CODE", "promise", ROOM),
    Step("wenyue room show", "promise", {"show": "show golden-week"}),
    Step("wenyue room pause CODE --message TEXT", "", ROOM),
    Step("wenyue room resume CODE", "", ROOM),
    Step("wenyue room tell CODE TEXT --message-en TEXT", "", ROOM),
    Step("wenyue room rate CODE N", "", ROOM),
    Step(
        "wenyue fairness verify golden-week --export golden-week.jsonl --promise 64-HEX-DIGITS",
        "promise",
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
    Step("deploy/make-secrets secrets wenyue-db-rw", "", {" secrets": " {work}/secrets"}),
)

BACKUP: Final = "tests/infra/test_backup.py::test_the_runbook_brings_deleted_bookings_back"
AGAIN: Final = "tests/infra/test_backup.py::test_the_restored_home_is_backed_up_and_restored_like_any_other"
VENUE: Final = "tests/infra/test_restore_venue_drill.py::test_five_thousand_bookings_of_one_venue_come_back_while_others_book"
RESTORED: Final = ('"restore", "venue"', '"--from"', '"--to"')
UP: Final = "tests/infra/test_up.py::test_it_gets_ready_and_ends_without_a_trace"
ROLES: Final = "tests/infra/test_doc_commands.py::test_a_role_alone"
WHOLE: Final = "tests/infra/test_doc_commands.py::test_the_commands_of_the_documents_in_their_order"
STANDBY: Final = (
    "tests/infra/test_standby.py::test_what_was_acknowledged_is_at_the_standby_and_the_old_primary_is_fenced"
)
LAB: Final = "tests/faults/test_lab_command.py::test_the_commands_of_the_lab"
BENCH: Final = "tests/stories/test_bench.py::test_a_small_benchmark_measures_everything"
START: Final = "tests/stories/test_bench.py::test_a_start_is_measured"
RECORD: Final = "tests/security/test_record.py::test_security_M6_a_restart_resolves_nothing_and_a_person_does"
RESEALED: Final = "tests/security/test_key_resealing.py::test_the_commands_reseal_and_retire"
RESOLVED: Final = ('resolve("record:broken"', 'who="Wang Fang"', 'why="ticket 7"')
OVERLOAD: Final = "tests/stories/test_overload.py::test_a_small_run_measures_everything_and_loses_nothing"

# Command → the test that runs it, and words that its file must have.
ALONE: Final = "tests/slices/test_changes_command.py::test_it_is_declared_that_one_operator_works_alone_and_put_on_record"
PROPOSALS: Final = "tests/slices/test_changes_command.py::test_proposals_are_listed_with_who_made_them"
NAMES: Final = "tests/slices/test_names_command.py::test_security_fifth_10_a_false_name_is_found_and_struck"
BANS: Final = "tests/slices/test_bans_command.py::test_an_accounts_bans_are_lifted_all_at_once"
EVENTS: Final = "tests/slices/test_events_command.py::"
BY_TESTS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "wenyue slots close CODE --from 2026-12-24 --reason 大雾": (
        "tests/slices/test_slots_command.py::test_a_venue_is_closed_and_opened_again",
        ('"close", "lake", "--from"', '"--reason"'),
    ),
    "wenyue changes list": (PROPOSALS, ('"list"',)),
    "wenyue changes one-operator on": (ALONE, ('"one-operator", "on"',)),
    "wenyue events list": (EVENTS + "test_what_happened_is_listed_and_shown", ('ask("list")',)),
    "wenyue events skip --subscriber NAME --subject booking:ID": (
        EVENTS + "test_what_is_stuck_is_shown_tried_again_and_skipped",
        ('"skip", "--subscriber", "deaf", "--subject"',),
    ),
    "wenyue events replay --subscriber NAME --from ID": (
        EVENTS + "test_a_subscriber_is_told_once_more_from_an_event_on",
        ('"replay", "--subscriber", "deaf", "--from"',),
    ),
    "wenyue events forget": (EVENTS + "test_a_subscriber_that_there_is_no_more_is_forgotten", ('"forget"',)),
    "wenyue names show": (NAMES, ('"show"', "typed")),
    "wenyue names strike CODE --why REASON": (NAMES, ('"strike"', '"--why"')),
    "wenyue bans lift": (BANS, ('"lift"', '"--why"')),
    "make up": (WHOLE, ('"make"', '"up"')),
    "WENYUE_HTTPS=1 make up": (WHOLE, ('"make"', '"up"', "WENYUE_HTTPS")),
    "wenyue up": (UP, ('"up"',)),
    "WENYUE_HOME=$NEW wenyue up": (UP, ('"up"', "WENYUE_HOME")),
    "wenyue migrate --accept-keys": (ROLES, ('"migrate", "--accept-keys"',)),
    "wenyue keys retire N --forget-reasons": (RESEALED, ('"retire", "1", "--forget-reasons"',)),
    "wenyue web": (ROLES, ('"web"',)),
    "wenyue worker": (ROLES, ('"worker"',)),
    "wenyue monitor": (ROLES, ('"monitor"',)),
    "wenyue status": (ROLES, ('"status"',)),
    "wenyue backup follow --to /mnt/backup": (
        "tests/infra/test_backup.py::test_following_keeps_the_folder_seconds_behind",
        ('"backup", "follow"', '"--to"'),
    ),
    'wenyue backup check --to "$BACKUPS"': (BACKUP, ("docs/backups.md", "checking")),
    'wenyue restore --from "$BACKUPS" --to "$TIME" --into "$NEW"': (BACKUP, ("docs/backups.md", "restoring")),
    "WENYUE_HOME=$NEW wenyue backup --full": (AGAIN, ('new, "backup", "--full"',)),
    "wenyue backup --full": (AGAIN, ('"backup", "--full"',)),
    "wenyue restore --into NEW": (AGAIN, ('"restore", "--into", new',)),
    "WENYUE_HOME=/srv/wenyue wenyue backup selftest --to /mnt/backup": (
        "tests/infra/test_backup_selftest.py::test_an_old_and_an_unreadable_backup_alarm",
        ('"backup", "selftest", "--to"',),
    ),
    "wenyue restore venue CODE --from /mnt/backup --to 2026-11-22T12:30+08:00": (VENUE, RESTORED),
    "wenyue restore venue CODE --from /mnt/backup --to 2026-11-22T12:30+08:00 --yes": (
        VENUE,
        (*RESTORED, '"--yes"'),
    ),
    "wenyue standby allow --from 10.0.0.2 --at primary.example.cn --to /root/invitation.json": (
        STANDBY,
        ('"standby", "allow"', '"--from"', '"--at"', '"--to"'),
    ),
    "wenyue standby init --from invitation.json --keys wenyue-keys-TIME.json --into /srv/wenyue": (
        STANDBY,
        ('"standby", "init"', '"--from"', '"--keys"', '"--into"'),
    ),
    "WENYUE_HOME=/srv/wenyue wenyue standby run": (STANDBY, ('kept(standby, "run"',)),
    "WENYUE_HOME=/srv/wenyue wenyue standby status": (STANDBY, ('"standby", "status"',)),
    "wenyue standby status": (STANDBY, ('"standby", "status"',)),
    "wenyue standby synchronous": (STANDBY, ('"standby", "synchronous"',)),
    "wenyue standby promote": (STANDBY, ('"standby", "promote"',)),
    "wenyue lab up": (LAB, ('"up"',)),
    "wenyue lab status": (LAB, ('"status"',)),
    "wenyue lab status --within 60": (LAB, ('"status", "--within"',)),
    "wenyue lab start n2": (LAB, ('"start", "n2"',)),
    "wenyue lab down": (LAB, ('"down"',)),
    "wenyue lab drill primary-killed": (
        "tests/faults/test_lab.py::test_nothing_acknowledged_is_lost_on_a_cluster",
        ('"primary-killed"',),
    ),
    "scripts/lab-packages": (LAB, ('"scripts/lab-packages"',)),
    "wenyue replay FILE --map MAP.toml --capacity 60": (
        "tests/stories/test_replay.py::test_service_answers_like_the_naive_model",
        ("capacity",),
    ),
    "make sim SEED=$(date +%Y%m%d) STEPS=1000000": (
        "tests/stateful/test_sim.py::test_a_seed_holds_and_replays_exactly",
        ("seed",),
    ),
    "make sim PLANTED=all": ("tests/stateful/test_sim.py::test_a_planted_bug_is_caught", ('"--planted"',)),
    "make sim SEED=1 STEPS=10000 PLANTED=all": (
        "tests/stateful/test_sim.py::test_the_command_fails_when_something_is_caught_and_passes_when_a_planted_bug_is",
        ('"--seed"', '"--steps"', '"--planted"'),
    ),
    "make bench": (BENCH, ("Scale(",)),
    "QUICK=1 make bench": (BENCH, ("Scale(",)),
    "make bench-overload": (OVERLOAD, ("Scale(",)),
    "wenyue bench start": (START, ('"start"', '"--times"')),
    'wenyue monitor resolve record:broken --who "Wang Fang" --why "ticket 7"': (RECORD, RESOLVED),
    "wenyue monitor resolve record:broken --who NAME --why REASON": (RECORD, RESOLVED),
    "wenyue bench pairs --old CHECKOUT": (
        "tests/rules/test_bench_pairs.py::test_this_checkout_is_compared_with_itself",
        ('"pairs"', '"--old"'),
    ),
    "wenyue bench overload --no-unbounded": (OVERLOAD, ("unbounded_storm_s=0.0",)),
    "wenyue scale measure": (
        "tests/infra/test_scale.py::test_every_unit_is_measured",
        ("measure(tmp_path",),
    ),
    "wenyue scale primaries": (
        "tests/infra/test_scale.py::test_two_primaries_are_compared_with_one",
        ("compare(tmp_path",),
    ),
}

COMPOSE: Final = "deploy/compose/compose.yaml"
SERVICES: Final = "deploy/systemd"
CLUSTER: Final = "deploy/kubernetes"
SECRETS: Final = "deploy/make-secrets"

# Command of other people's programs, which this machine may not have → files of ours that it needs, and what they must say.
HELD: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "docker build -f deploy/image/Dockerfile -t wenyue:0.1.0 .": (
        ("deploy/image/Dockerfile",),
        (COMPOSE, "wenyue:"),
    ),
    "docker build -f deploy/image/database.Dockerfile -t wenyue-database:0.1.0 .": (
        ("deploy/image/database.Dockerfile",),
        (COMPOSE, "wenyue-database:"),
    ),
    "cd deploy/compose": ((COMPOSE,),),
    "../make-secrets secrets db1,db2,db3": ((SECRETS,), (COMPOSE, "db1:", "db2:", "db3:", "secrets/")),
    "cp /your/tls.pem secrets/tls.pem": ((COMPOSE, "tls.pem"),),
    "chown 10001 secrets/*database-url": ((SECRETS, "database-url"), (COMPOSE, "database-url")),
    "chown 999 secrets/patroni-secrets.yml secrets/*-password": (
        (SECRETS, "patroni-secrets.yml", "-password"),
    ),
    "chown 99 secrets/tls.pem": ((COMPOSE, "tls.pem"),),
    "cp env.example .env": (("deploy/compose/env.example",),),
    "docker compose up -d": ((COMPOSE,),),
    "docker compose exec db1 patronictl -c /etc/patroni list": ((COMPOSE, "db1:", "/etc/patroni"),),
    "docker compose -f /srv/wenyue/compose.yaml run --rm backup backup": ((COMPOSE, "backup:"),),
    "docker compose -f /srv/wenyue/compose.yaml run --rm backup backup selftest --in /srv/wenyue/backups": (
        (COMPOSE, "backup:", "/srv/wenyue/backups"),
    ),
    "kubectl create namespace wenyue": ((f"{CLUSTER}/example/kustomization.yaml", "namespace: wenyue"),),
    "kubectl apply -k example": ((f"{CLUSTER}/example/kustomization.yaml",),),
    "kubectl -n wenyue create secret generic wenyue-urls --from-file=secrets/database-url"
    " --from-file=secrets/owner-database-url": ((f"{CLUSTER}/base/web.yaml", "wenyue-urls", "database-url"),),
    "kubectl -n wenyue create secret generic wenyue-db-owner --type=kubernetes.io/basic-auth"
    " --from-literal=username=wenyue_owner --from-file=password=secrets/owner-password": (
        (f"{CLUSTER}/base/database.yaml", "wenyue-db-owner", "wenyue_owner"),
    ),
    "kubectl -n wenyue create secret generic wenyue-db-web --type=kubernetes.io/basic-auth"
    " --from-literal=username=wenyue --from-file=password=secrets/web-password": (
        (f"{CLUSTER}/base/database.yaml", "wenyue-db-web"),
    ),
    "kubectl -n wenyue create secret generic wenyue-keys --from-file=keys/keys.json"
    " --from-file=keys/gate-keys.json": ((f"{CLUSTER}/base/web.yaml", "wenyue-keys", "keys.json"),),
    "kubectl label namespace ingress-nginx wenyue/ingress=yes": (
        (f"{CLUSTER}/base/network.yaml", "wenyue/ingress"),
    ),
}
