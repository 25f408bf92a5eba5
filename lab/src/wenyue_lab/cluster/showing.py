"""A lab as people see it: one line for each node, one for each process in front of them."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table

from wenyue.platform.supervisor import answers_ready
from wenyue_lab.cluster import asking
from wenyue_lab.cluster.cluster import Lab
from wenyue_lab.cluster.namespaces import hub, inside

_ROLES: Final = {
    "leader": "primary 主库",
    "quorum_standby": "in step 同步备库",
    "sync_standby": "in step 同步备库",
    "replica": "standby 备库",
}


def show(lab: Lab, console: Console) -> None:
    """Print the nodes and what runs in front of them."""
    layout = lab.layout
    found = {one.name: one for one in lab.members()}
    with inside(layout):
        nodes = Table("node", "role 角色", "state", "timeline", "lag", "etcd", "ports")
        for node in layout.nodes:
            one = found.get(node.name) or asking.Member(node.name, "unknown 未知", "", 0, None)
            nodes.add_row(
                node.name,
                _ROLES.get(one.role, one.role),
                one.state,
                str(one.timeline or ""),
                "" if one.lag_bytes is None else f"{one.lag_bytes} B",
                "well" if asking.etcd_is_healthy(node) else "NOT WELL",
                f"{node.postgres}, {node.patroni}",
            )
        console.print(nodes)
        console.print(
            f"ports: PostgreSQL, Patroni ({layout.nodes[0].patroni_url}/cluster shows all as JSON)",
            soft_wrap=True,
        )
        front = Table("process", "state", "address")
        for number, port in enumerate(layout.webs, start=1):
            is_ready = answers_ready(layout.address, port)
            front.add_row(
                f"web-{number}", "ready" if is_ready else "NOT READY", f"http://{layout.address}:{port}"
            )
        front.add_row("worker", "runs" if lab.pid("worker") else "ENDED", "")
        front.add_row(
            "haproxy",
            "runs" if lab.pid("haproxy") else "ENDED",
            f"{layout.url} (figures: port {layout.figures})",
        )
        console.print(front)
    if layout.netns:
        console.print(
            f"in namespaces: `ip netns exec {hub(layout)} COMMAND` reaches these addresses", soft_wrap=True
        )
    console.print(f"logs: {lab.logs}", soft_wrap=True)
