"""What a lab is laid out and configured like, and when it counts as whole."""

import json
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from psycopg.conninfo import conninfo_to_dict

from wenyue.platform.fault import SetupError
from wenyue_lab.cluster import configs
from wenyue_lab.cluster.asking import Member, is_whole
from wenyue_lab.cluster.layout import LOOPBACK, PORTS, STATE, lay_out, read_layout
from wenyue_lab.cluster.processes import Ledger, began

LEADER = Member("n1", "leader", "running", 3, None)
STANDBYS = [Member(name, "quorum_standby", "streaming", 3, 0) for name in ("n2", "n3")]


def ports_of(layout: object) -> list[int]:
    raw = json.loads(json.dumps(layout, default=lambda one: one.__dict__))
    nodes = [node[name] for node in raw["nodes"] for name in ("postgres", "patroni", "etcd", "peers")]
    return [raw["port"], raw["figures"], *raw["webs"], *nodes]


def test_every_part_has_a_port_of_its_own_and_they_lie_together() -> None:
    layout = lay_out()
    assert ports_of(layout) == list(range(layout.port, layout.port + PORTS))
    assert {node.address for node in layout.nodes} == {LOOPBACK}


def test_a_taken_port_is_told() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = int(taken.getsockname()[1])
        with pytest.raises(SetupError, match=str(port)):
            lay_out(port)


def test_a_layout_is_found_again(tmp_path: Path) -> None:
    layout = lay_out(netns="lab-test")
    layout.write(tmp_path)
    assert read_layout(tmp_path) == layout
    assert (tmp_path / STATE).stat().st_mode & 0o777 == 0o600
    assert layout.replication_password not in repr(layout)
    assert len({node.address for node in layout.nodes}) == len(layout.nodes)
    assert read_layout(tmp_path / "elsewhere") is None
    (tmp_path / STATE).write_text("{", encoding="utf-8")
    with pytest.raises(SetupError, match="damaged"):
        read_layout(tmp_path)


def test_a_node_that_is_not_there_is_told() -> None:
    layout = lay_out(8100, netns="lab-test")
    assert layout.node("n2") is layout.nodes[1]
    with pytest.raises(SetupError, match="n4"):
        layout.node("n4")


def test_nothing_is_acknowledged_by_one_machine_alone() -> None:
    layout = lay_out(8100, netns="lab-test")
    whole = cast(
        "Mapping[str, Mapping[str, Mapping[str, object]]]",
        configs.patroni(layout, layout.nodes[0], Path("f"), Path("p"), "s"),
    )
    dcs = whole["bootstrap"]["dcs"]
    assert dcs["synchronous_mode"] == "quorum"
    assert dcs["synchronous_mode_strict"] is True
    assert dcs["primary_start_timeout"] == 0
    assert dcs["check_timeline"] is True
    ttl, loop, retry = (cast("int", dcs[name]) for name in ("ttl", "loop_wait", "retry_timeout"))
    assert loop + 2 * retry <= ttl


def test_the_url_names_every_node_and_wants_the_primary() -> None:
    layout = lay_out(8100, netns="lab-test")
    said = conninfo_to_dict(configs.database_url(layout, "wenyue_app", "p@ss/word"))
    assert said["host"] == ",".join(node.address for node in layout.nodes)
    assert said["port"] == ",".join(str(node.postgres) for node in layout.nodes)
    assert said["target_session_attrs"] == "read-write"
    assert said["password"] == "p@ss/word"


@pytest.mark.parametrize(
    ("members", "nodes", "whole"),
    [
        ([LEADER, *STANDBYS], 3, True),
        ([LEADER, STANDBYS[0]], 2, True),
        ([LEADER, STANDBYS[0]], 3, False),
        (STANDBYS, 2, False),
        ([LEADER, replace(LEADER, name="n2"), STANDBYS[1]], 2, False),
        ([LEADER, STANDBYS[0], replace(STANDBYS[1], role="replica")], 3, False),
        ([LEADER, STANDBYS[0], replace(STANDBYS[1], state="starting")], 3, False),
        ([replace(LEADER, state="stopped"), *STANDBYS], 3, False),
        ([], 1, False),
    ],
)
def test_whole_is_one_leader_and_enough_in_step(members: list[Member], nodes: int, whole: bool) -> None:  # noqa: FBT001 - a table
    assert is_whole(members, nodes) is whole


def test_a_number_that_another_process_got_is_not_ours(tmp_path: Path) -> None:
    own = began(1)
    assert own is not None
    ledger = Ledger(tmp_path / "processes.json")
    ledger.note("first", 1)
    assert ledger.all()["first"].is_alive
    (tmp_path / "processes.json").write_text(json.dumps({"first": [1, own + 1]}), encoding="utf-8")
    assert ledger.all() == {}
