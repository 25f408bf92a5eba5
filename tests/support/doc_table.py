"""How a command of README and docs that doc_scenario.py does not run is tried: by a test named here, or held to our files.

The house test test_doc_commands.py holds both tables and the documents together.
"""

from __future__ import annotations

from typing import Final

BACKUP: Final = "tests/system/test_backup.py::test_the_runbook_brings_deleted_bookings_back"
AGAIN: Final = "tests/system/test_backup.py::test_the_restored_home_is_backed_up_and_restored_like_any_other"
PICTURES: Final = (
    "tests/ops/test_pictures.py::test_ux_5_pictures_are_added_once_described_ordered_and_removed"
)
VENUE: Final = "tests/system/test_restore_venue_drill.py::test_five_thousand_bookings_of_one_venue_come_back_while_others_book"
CARDS: Final = (
    "tests/ops/imports/test_cards.py::test_the_command_shows_first_then_writes_and_gives_refused_rows_back"
)
RESTORED: Final = ('"restore", "venue"', '"--from"', '"--to"')
UP: Final = "tests/system/test_up.py::test_it_gets_ready_and_ends_without_a_trace"
ROLES: Final = "tests/system/test_doc_commands.py::test_a_role_alone"
WHOLE: Final = "tests/system/test_doc_commands.py::test_the_commands_of_the_documents_in_their_order"
STANDBY: Final = (
    "tests/system/test_standby.py::test_what_was_acknowledged_is_at_the_standby_and_the_old_primary_is_fenced"
)
LAB: Final = "tests/system/test_cluster_command.py::test_the_commands_of_the_lab"
BENCH: Final = "tests/system/test_bench.py::test_a_small_benchmark_measures_everything"
START: Final = "tests/system/test_bench.py::test_a_start_is_measured"
RECORD: Final = "tests/security/test_record.py::test_security_M6_a_restart_resolves_nothing_and_a_person_does"
RESEALED: Final = "tests/system/test_key_resealing.py::test_the_commands_reseal_and_retire"
RESOLVED: Final = ('resolve("record:broken"', 'who="Wang Fang"', 'why="ticket 7"')
OVERLOAD: Final = "tests/system/test_overload.py::test_a_small_run_measures_everything_and_loses_nothing"

ALONE: Final = (
    "tests/ops/test_changes.py::test_it_is_declared_that_one_operator_works_alone_and_put_on_record"
)
DECIDED: Final = "tests/ops/test_changes.py::test_two_persons_decide_by_command_on_what_was_shown"
PROPOSALS: Final = "tests/ops/test_changes.py::test_proposals_are_listed_with_who_made_them"
NAMES: Final = "tests/ops/test_names.py::test_security_fifth_10_a_false_name_is_found_and_struck"
BANS: Final = "tests/ops/test_bans.py::test_an_accounts_bans_are_lifted_all_at_once"
EVENTS: Final = "tests/ops/test_events.py::"
# Command → the test that runs it, and words that its file must have.
BY_TESTS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "wenyue slots close CODE --from 2026-12-24 --reason 大雾": (
        "tests/ops/test_slots.py::test_a_venue_is_closed_and_opened_again",
        ('"close", "lake", "--from"', '"--reason"'),
    ),
    "wenyue import cards FILE --map MAP.toml --dry-run --refused refused.csv": (
        CARDS,
        ('"cards", str(path), "--map"', '"--dry-run"', '"--refused"'),
    ),
    "wenyue import cards FILE --map MAP.toml --refused refused.csv": (
        CARDS,
        ('"cards", str(path), "--map"', '"--refused"'),
    ),
    "wenyue move-in --scale 0.05 --seed 1 --dir FOLDER": (
        "tests/system/test_moving_in.py::test_everything_comes_in_by_commands_and_is_counted_equal",
        ("move_in(writer",),
    ),
    "wenyue import card-types my-card.json hainan-annual": (
        "tests/ops/imports/test_card_types.py::test_types_come_in_by_file_or_code_and_change",
        ('"card-types", str(path), "hainan-annual"',),
    ),
    "wenyue export cards FILE": (
        "tests/ops/imports/test_cards.py::test_an_export_comes_in_elsewhere_and_is_exported_as_the_same",
        ('exports.app, "cards"',),
    ),
    "wenyue export bookings FILE --map MAP.toml": (
        "tests/ops/exports/test_bookings.py::test_each_row_says_what_stands",
        ('exports.app, "bookings"', '"--map"'),
    ),
    "wenyue export bookings FILE --venue CODE --from DAY --to DAY": (
        "tests/ops/exports/test_bookings.py::test_only_a_venue_or_some_days_are_exported",
        ('"--venue"', '"--from"', '"--to"'),
    ),
    "wenyue import bookings FILE --map MAP.toml": (
        "tests/ops/exports/test_bookings.py::test_an_export_comes_in_elsewhere_and_is_exported_as_the_same",
        ('imports.app, "bookings"', '"--map"'),
    ),
    'wenyue pictures add VENUE FILE --alt zh=断桥残雪 --alt "en=The bridge in snow"': (
        PICTURES,
        ('app, "add", "lake"', '"--alt"'),
    ),
    "wenyue pictures list VENUE": (PICTURES, ('app, "list", "lake"',)),
    "wenyue pictures order VENUE KEY": (PICTURES, ('app, "order", "lake"',)),
    "wenyue pictures remove VENUE KEY": (PICTURES, ('app, "remove", "lake"',)),
    "wenyue export venues FILE": (
        "tests/ops/exports/test_venues.py::test_an_export_comes_in_elsewhere_and_is_exported_as_the_same",
        ('exports.app, "venues"',),
    ),
    "wenyue import guess FILE --out MAP.toml": (
        "tests/ops/imports/test_guess.py::test_a_file_is_shown_and_its_map_written_once",
        ('"guess"', '"--out"'),
    ),
    "wenyue record list": (
        "tests/audit/test_reading.py::test_the_record_is_looked_through_and_the_look_is_in_it",
        ('"list"',),
    ),
    "wenyue changes list": (PROPOSALS, ('"list"',)),
    "wenyue changes approve ID --shown WORD --as LOGIN": (
        DECIDED,
        ('"approve", change, "--shown"', '"--as"'),
    ),
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
    "WENYUE_DEMO=0 make up": (UP, ('"WENYUE_DEMO": "0"',)),
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
        "tests/system/test_backup.py::test_following_keeps_the_folder_seconds_behind",
        ('"backup", "follow"', '"--to"'),
    ),
    'wenyue backup check --to "$BACKUPS"': (BACKUP, ("docs/backups.md", "checking")),
    'wenyue restore --from "$BACKUPS" --to "$TIME" --into "$NEW"': (BACKUP, ("docs/backups.md", "restoring")),
    "WENYUE_HOME=$NEW wenyue backup --full": (AGAIN, ('new, "backup", "--full"',)),
    "wenyue backup --full": (AGAIN, ('"backup", "--full"',)),
    "wenyue restore --into NEW": (AGAIN, ('"restore", "--into", new',)),
    "WENYUE_HOME=/srv/wenyue wenyue backup selftest --to /mnt/backup": (
        "tests/system/test_backup_selftest.py::test_an_old_and_an_unreadable_backup_alarm",
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
        "tests/system/test_cluster.py::test_nothing_acknowledged_is_lost_on_a_cluster",
        ('"primary-killed"',),
    ),
    "scripts/lab-packages": (LAB, ('"scripts/lab-packages"',)),
    "wenyue replay FILE --map MAP.toml --capacity 60": (
        "tests/system/test_replay.py::test_service_answers_like_the_naive_model",
        ("capacity",),
    ),
    "make sim SEED=$(date +%Y%m%d) STEPS=1000000": (
        "tests/lab/simulator/test_simulator.py::test_a_seed_holds_and_replays_exactly",
        ("seed",),
    ),
    "make sim PLANTED=all": (
        "tests/lab/simulator/test_simulator.py::test_a_planted_bug_is_caught",
        ('"--planted"',),
    ),
    "make sim SEED=1 STEPS=10000 PLANTED=all": (
        "tests/lab/simulator/test_simulator.py::test_the_command_fails_when_something_is_caught_and_passes_when_a_planted_bug_is",
        ('"--seed"', '"--steps"', '"--planted"'),
    ),
    "make bench": (BENCH, ("Scale(",)),
    "QUICK=1 make bench": (BENCH, ("Scale(",)),
    "make bench-overload": (OVERLOAD, ("Scale(",)),
    "wenyue bench start": (START, ('"start"', '"--times"')),
    'wenyue monitor resolve record:broken --who "Wang Fang" --why "ticket 7"': (RECORD, RESOLVED),
    "wenyue monitor resolve record:broken --who NAME --why REASON": (RECORD, RESOLVED),
    "wenyue bench pairs --old CHECKOUT": (
        "tests/system/test_bench_pairs.py::test_this_checkout_is_compared_with_itself",
        ("compared(home", '"--pairs"'),
    ),
    "wenyue bench overload --no-unbounded": (OVERLOAD, ("unbounded_storm_s=0.0",)),
    "wenyue scale measure": (
        "tests/system/test_scale.py::test_every_unit_is_measured",
        ("measure(tmp_path",),
    ),
    "wenyue scale primaries": (
        "tests/system/test_scale.py::test_two_primaries_are_compared_with_one",
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
