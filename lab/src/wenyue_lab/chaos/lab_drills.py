"""The drills on a cluster: what each does, and what its figures must not be."""

import os
import shutil
from typing import Final

from wenyue.locale import Message
from wenyue_lab.chaos.figures import Figures
from wenyue_lab.chaos.history import History
from wenyue_lab.chaos.kind import SLACK_S, Drill, Judge, answers_in_time
from wenyue_lab.chaos.lab_acts import (
    cut_standbys,
    deafen_primary,
    freeze_host,
    kill_primary,
    lose_host,
    stop_etcd,
)
from wenyue_lab.cluster.programs import SEARCHED, missing_packages

GAP_P95_S_MAX: Final = 5.0
GAP_S_MAX: Final = 10.0
HOST_GAP_S_MAX: Final = 30.0


def _gap(at_most_s: float, p95_s: float = 0.0) -> Judge:
    """Answers in time, and nobody waits longer than so for the next booking after a fault."""

    def judge(figures: Figures, history: History, slack_s: float) -> list[str]:
        found = answers_in_time(figures, history, slack_s)
        patience = slack_s - SLACK_S
        if figures.write_gap_max_s > at_most_s + patience:
            found.append(
                f"nothing was booked for {figures.write_gap_max_s:.1f} s after a fault (at most {at_most_s:.0f} s)"
            )
        if p95_s and figures.write_gap_p95_s > p95_s + patience:
            found.append(
                f"the gap's 95th percentile is {figures.write_gap_p95_s:.1f} s (at most {p95_s:.0f} s)"
            )
        return found

    return judge


def _needs_programs() -> str:
    missing = missing_packages()
    return f"{' and '.join(missing)} of Debian are not installed (scripts/lab-packages)" if missing else ""


def _needs_namespaces() -> str:
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [name for name in ("ip", "nft") if shutil.which(name, path=SEARCHED) is None]
    return (
        f"{' and '.join(missing)} are not installed (scripts/lab-packages)" if missing else _needs_programs()
    )


DRILLS: Final = {
    drill.name: drill
    for drill in (
        Drill(
            "primary-killed",
            Message("The primary was killed"),
            Message(
                "kill -9 the primary's PostgreSQL every 30 s; a standby takes over, the killed one follows it."
            ),
            Message(
                "Nothing: Patroni promotes a standby within seconds and brings the old primary back as a standby. When the"
                " gap grows, look at etcd's disk and at the load of the nodes."
            ),
            kill_primary,
            _gap(GAP_S_MAX, GAP_P95_S_MAX),
            seconds=600.0,
            needs=_needs_programs,
            has_lab=True,
        ),
        Drill(
            "host-lost",
            Message("The primary's host is gone"),
            Message(
                "kill -9 everything on the primary's node at once: PostgreSQL, Patroni, etcd; the node comes back later."
            ),
            Message(
                "Nothing at once: another node takes over when the lost one's key has expired (20 s). Then repair the"
                " host; start its etcd and its Patroni: it follows by itself."
            ),
            lose_host,
            _gap(HOST_GAP_S_MAX),
            seconds=90.0,
            needs=_needs_programs,
            has_lab=True,
        ),
        Drill(
            "host-frozen",
            Message("The primary's host stood still, then went on"),
            Message(
                "SIGSTOP everything on the primary's node for 60 s, then SIGCONT; writes sent straight to it are never"
                " acknowledged."
            ),
            Message(
                "Nothing at once: another node takes over. Find what froze the host (hypervisor, storage, memory) before"
                " it may lead again."
            ),
            freeze_host,
            _gap(HOST_GAP_S_MAX),
            seconds=100.0,
            needs=_needs_programs,
            has_lab=True,
        ),
        Drill(
            "standby-cut-commits-cancelled",
            Message("The standbys are cut off, and somebody cancels the waiting commits"),
            Message(
                "Replication to both standbys is cut, waiting commits are cancelled on the server, then the primary dies."
            ),
            Message(
                "Never cancel a waiting COMMIT and never turn synchronous_mode_strict off to get going: bring a standby"
                " back."
            ),
            cut_standbys,
            _gap(60.0),
            seconds=60.0,
            needs=_needs_programs,
            has_lab=True,
        ),
        Drill(
            "etcd-no-quorum",
            Message("etcd has no majority"),
            Message(
                "Two of three etcd end; later a standby falls silent too, and the primary stands down until they return."
            ),
            Message(
                "Bring a second etcd back. Until then no primary can be elected: do not restart or move the one that"
                " leads."
            ),
            stop_etcd,
            _gap(GAP_S_MAX),
            seconds=100.0,
            needs=_needs_programs,
            has_lab=True,
        ),
        Drill(
            "asymmetric-partition",
            Message("A network that carries one way only"),
            Message(
                "The primary's host sends and does not receive; then one that reaches everybody but etcd. (Network"
                " namespaces.)"
            ),
            Message(
                "Fix the network; the node that was cut off follows by itself. Until then it acknowledges nothing."
            ),
            deafen_primary,
            _gap(HOST_GAP_S_MAX),
            seconds=120.0,
            needs=_needs_namespaces,
            has_lab=True,
            has_namespaces=True,
        ),
    )
}
