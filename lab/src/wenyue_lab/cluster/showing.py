"""A lab as people see it: one line for each node, one for each process in front of them."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table

from wenyue.locale import Message, command_locale, say
from wenyue.locale.terminal import gettext
from wenyue.platform.supervisor import answers_ready
from wenyue_lab.cluster import asking
from wenyue_lab.cluster.cluster import Lab
from wenyue_lab.cluster.namespaces import hub, inside

_ROLES: Final = {
    "leader": Message("primary"),
    "quorum_standby": Message("standby, in step"),
    "sync_standby": Message("standby, in step"),
    "replica": Message("standby"),
    "": Message.in_context("node", "unknown"),
}


def show(lab: Lab, console: Console) -> None:
    """Print the nodes and what runs in front of them."""
    layout = lab.layout
    found = {one.name: one for one in lab.members()}
    with inside(layout):
        nodes = Table(
            gettext("node"),
            gettext("role"),
            gettext("state"),
            gettext("timeline"),
            gettext("lag"),
            "etcd",
            gettext("ports"),
        )
        for node in layout.nodes:
            one = found.get(node.name) or asking.Member(node.name, "", "", 0, None)
            nodes.add_row(
                node.name,
                say(_ROLES.get(one.role, one.role), command_locale()),
                one.state,
                str(one.timeline or ""),
                "" if one.lag_bytes is None else f"{one.lag_bytes} B",
                gettext("well") if asking.etcd_is_healthy(node) else gettext("NOT WELL"),
                f"{node.postgres}, {node.patroni}",
            )
        console.print(nodes)
        console.print(
            gettext(
                "ports: PostgreSQL, Patroni ({url}/cluster shows all as JSON)",
                url=layout.nodes[0].patroni_url,
            ),
            soft_wrap=True,
        )
        front = Table(gettext("process"), gettext("state"), gettext("address"))
        for number, port in enumerate(layout.webs, start=1):
            is_ready = answers_ready(layout.address, port)
            front.add_row(
                f"web-{number}",
                gettext("ready") if is_ready else gettext("NOT READY"),
                f"http://{layout.address}:{port}",
            )
        front.add_row("worker", gettext("runs") if lab.pid("worker") else gettext("ENDED"), "")
        front.add_row(
            "haproxy",
            gettext("runs") if lab.pid("haproxy") else gettext("ENDED"),
            gettext("{url} (figures: port {port})", url=layout.url, port=layout.figures),
        )
        console.print(front)
    if layout.netns:
        console.print(
            gettext("in namespaces: `ip netns exec {hub} COMMAND` reaches these addresses", hub=hub(layout)),
            soft_wrap=True,
        )
    console.print(gettext("logs: {path}", path=lab.logs), soft_wrap=True)
