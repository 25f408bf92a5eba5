"""What each program of a lab is told: Patroni's and HAProxy's configuration, etcd's options, the database URLs."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

from wenyue_lab.cluster.layout import Layout, Node

SCOPE: Final = "wenyue"
TTL_S: Final = 20  # Patroni takes no less
LOOP_WAIT_S: Final = 1
RETRY_TIMEOUT_S: Final = 4  # loop_wait + 2 x retry_timeout <= ttl
REPLICATOR: Final = "wenyue_replicator"
_CONNECT_S: Final = 2
_WEB_WAITS_S: Final = 15
_CONNECTIONS_MAX: Final = 2_000  # each needs two open files; a login shell often allows 4,096


def database_url(layout: Layout, role: str, password: str, database: str = "wenyue") -> str:
    """Every node, and whichever of them is the primary. Carries the password."""
    hosts = ",".join(f"{node.address}:{node.postgres}" for node in layout.nodes)
    return (
        f"postgresql://{role}:{quote(password, safe='')}@{hosts}/{database}"
        f"?target_session_attrs=read-write&connect_timeout={_CONNECT_S}"
    )


def node_url(node: Node, role: str, password: str, database: str = "wenyue") -> str:
    """One node, whatever it is at the moment. Carries the password."""
    there = f"{node.address}:{node.postgres}/{database}?connect_timeout={_CONNECT_S}"
    return f"postgresql://{role}:{quote(password, safe='')}@{there}"


def etcd_options(layout: Layout, node: Node, data: Path) -> list[str]:
    """The options of one etcd: a member of the three."""
    peers = ",".join(f"{one.name}=http://{one.address}:{one.peers}" for one in layout.nodes)
    own = f"http://{node.address}:{node.peers}"
    return [
        *("--name", node.name, "--data-dir", str(data)),
        *("--listen-client-urls", node.etcd_url, "--advertise-client-urls", node.etcd_url),
        *("--listen-peer-urls", own, "--initial-advertise-peer-urls", own),
        *("--initial-cluster", peers, "--initial-cluster-token", SCOPE, "--initial-cluster-state", "new"),
        *("--heartbeat-interval", "100", "--election-timeout", "1000"),
        *("--auto-compaction-mode", "revision", "--auto-compaction-retention", "1000"),
        *("--log-level", "warn", "--logger", "zap"),
    ]


def patroni(
    layout: Layout, node: Node, folder: Path, programs: Path, superuser_password: str
) -> dict[str, object]:
    """Patroni's configuration of one node (JSON is YAML). The reasons stand in docs/adr/0008."""
    return {
        "scope": SCOPE,
        "name": node.name,
        "log": {"level": "INFO"},
        "restapi": {
            "listen": f"{node.address}:{node.patroni}",
            "connect_address": f"{node.address}:{node.patroni}",
        },
        "etcd3": {"hosts": [f"{one.address}:{one.etcd}" for one in layout.nodes]},
        "bootstrap": {
            "dcs": {
                "ttl": TTL_S,
                "loop_wait": LOOP_WAIT_S,
                "retry_timeout": RETRY_TIMEOUT_S,
                "synchronous_mode": "quorum",
                "synchronous_mode_strict": True,
                "synchronous_node_count": 1,
                # In strict quorum mode whoever wins has everything that was acknowledged: a bound in bytes would only keep
                # the cluster down because of what was never acknowledged.
                "maximum_lag_on_failover": 1 << 40,
                "primary_start_timeout": 0,
                "primary_stop_timeout": 10,
                "failsafe_mode": True,
                "check_timeline": True,
                "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": _dcs_parameters()},
            },
            "initdb": [
                {"encoding": "UTF8"},
                {"locale": "C.UTF-8"},
                {"locale-provider": "builtin"},
                {"builtin-locale": "C.UTF-8"},
                "data-checksums",
            ],
        },
        "postgresql": {
            "listen": f"{node.address}:{node.postgres}",
            "connect_address": f"{node.address}:{node.postgres}",
            "bin_dir": str(programs / "bin"),
            "data_dir": str(folder / "data"),
            "pgpass": str(folder / "pgpass"),
            "authentication": {
                "superuser": {"username": "postgres", "password": superuser_password},
                "replication": {"username": REPLICATOR, "password": layout.replication_password},
            },
            "basebackup": [{"checkpoint": "fast"}],
            "parameters": {
                "unix_socket_directories": "",
                "log_destination": "stderr",
                "logging_collector": "off",
            },
            "pg_hba": [
                "host all all samenet scram-sha-256",
                "host replication all samenet scram-sha-256",
                "host all all 127.0.0.0/8 scram-sha-256",
                "host replication all 127.0.0.0/8 scram-sha-256",
            ],
        },
    }


def _dcs_parameters() -> dict[str, object]:
    """PostgreSQL's settings, the same on every node."""
    return {
        "max_connections": 150,
        "max_wal_senders": 10,
        "max_replication_slots": 10,
        "wal_log_hints": "on",
        "wal_keep_size": "512MB",
        "max_wal_size": "1GB",
        "shared_buffers": "128MB",
        "password_encryption": "scram-sha-256",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "checkpoint_timeout": "15min",
        "random_page_cost": 1.1,
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_lock_waits": "on",
        # A peer that hangs or is gone without a word is noticed within seconds, on either side.
        "wal_receiver_timeout": "5s",
        "wal_sender_timeout": "5s",
        "wal_retrieve_retry_interval": "500ms",
        "tcp_keepalives_idle": 5,
        "tcp_keepalives_interval": 2,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": "10s",
        "client_connection_check_interval": "2s",
    }


def haproxy(layout: Layout) -> str:
    """The proxy in front of the web processes. It repeats a request only when no connection could be made."""
    servers = "\n".join(
        f"    server web{number} {layout.address}:{port} check inter 500ms fall 2 rise 1"
        for number, port in enumerate(layout.webs, start=1)
    )
    return f"""global
    maxconn {_CONNECTIONS_MAX}
defaults
    mode http
    option http-buffer-request
    timeout connect 1s
    timeout client 60s
    timeout server {_WEB_WAITS_S}s
    timeout http-request 15s
    timeout http-keep-alive 60s
    retries 2
    retry-on conn-failure
    option redispatch
    option forwardfor
frontend people
    bind {layout.address}:{layout.port}
    default_backend web
backend web
    balance roundrobin
    option httpchk GET /healthz
    http-reuse safe
{servers}
frontend figures
    bind {layout.address}:{layout.figures}
    stats enable
    stats uri /
    stats refresh 2s
"""
