"""Questions to a lab: who leads, who follows how closely, what answers. Each has a short deadline and never raises."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any, Final, cast

from wenyue_lab.cluster.layout import Layout, Node

DEADLINE_S: Final = 1.5
_LEADING: Final = {"leader", "master", "primary"}
_FOLLOWING: Final = {"quorum_standby", "sync_standby"}


@dataclass(frozen=True)
class Member:
    """One node as Patroni tells it."""

    name: str
    role: str  # leader, quorum_standby, replica
    state: str  # running, streaming, starting, crashed, …
    timeline: int
    lag_bytes: int | None  # None: unknown

    @property
    def leads(self) -> bool:
        """It holds the leader's key."""
        return self.role in _LEADING


def members(layout: Layout) -> list[Member]:
    """What the first Patroni that answers knows of all of them; empty when none answers."""
    for node in layout.nodes:
        if view := _view(node):
            return view
    return []


def are_whole(layout: Layout, nodes: int) -> bool:
    """Whether at least `nodes` Patronis answer and all that answer see the same leader and at least `nodes` - 1 in step.

    All of them are asked: one that stood still shows the fixtures as it was.
    """
    views = [view for node in layout.nodes if (view := _view(node))]
    leaders = {one.name for view in views for one in view if one.leads}
    return len(views) >= nodes and len(leaders) == 1 and all(is_whole(view, nodes) for view in views)


def _view(node: Node) -> list[Member]:
    status, found = _get(node, "/cluster")
    if status != http.client.OK:
        return []
    return [_member(one) for one in cast("list[dict[str, Any]]", found.get("members") or [])]


def leads(node: Node) -> bool:
    """Whether the node's Patroni says that it is the primary and holds the key."""
    return _get(node, "/primary")[0] == http.client.OK


def is_whole(found: list[Member], nodes: int) -> bool:
    """One leader that runs, and enough others stream and count for the quorum."""
    leading = [one for one in found if one.leads and one.state == "running"]
    following = [one for one in found if one.role in _FOLLOWING and one.state == "streaming"]
    return len(leading) == 1 and len(following) >= nodes - 1


def etcd_answers(layout: Layout) -> bool:
    """Whether etcd has a majority."""
    return any(etcd_is_healthy(node) for node in layout.nodes)


def etcd_is_healthy(node: Node) -> bool:
    """Whether the node's etcd answers and knows a leader."""
    status, found = _ask(node.address, node.etcd, "/health")
    return status == http.client.OK and str(found.get("health")).lower() == "true"


def _get(node: Node, path: str) -> tuple[int, dict[str, Any]]:
    return _ask(node.address, node.patroni, path)


def _ask(address: str, port: int, path: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(address, port, timeout=DEADLINE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        found: object = json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()
    return answer.status, cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _member(raw: dict[str, Any]) -> Member:
    lag = raw.get("lag")
    return Member(
        str(raw.get("name", "")),
        str(raw.get("role", "")),
        str(raw.get("state", "")),
        int(raw.get("timeline") or 0),
        int(lag) if isinstance(lag, int) else None,
    )
