"""What one look at the database asks beside its health: each question from the facts of the store to findings.

A question returns its findings and a few words on what was seen; its deadline, its name and what becomes of a failure are the
round's (`rounds`).
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

from wenyue.audit import Anchor, Anchors, Link
from wenyue.core.personal import SealKeys
from wenyue.monitoring import conduct_rules, database_rules, event_rules, rules, store, sweep
from wenyue.monitoring.model import Beat, Finding
from wenyue.monitoring.scene import Memory, Scene
from wenyue.platform.database.db import Tx
from wenyue.platform.keys import load_seal_keys

REPEATED_PASS_S: Final = 24 * 3600.0  # the record's chain is verified from its beginning again
Found = tuple[Sequence[Finding], str]


async def replication(scene: Scene, tx: Tx) -> Found:
    """The standbys, and for whom commits wait."""
    facts = await store.replication(tx, scene.standbys)
    says = f"{len(facts.standbys)} standbys, commits wait for: {facts.sync_names or 'nobody'}"
    return database_rules.judge_replication(facts), says


async def changes(tx: Tx) -> Found:
    """Changes that wait for a second person, and those made alone that nobody looked at."""
    facts = await store.changes(tx)
    says = f"{facts.waiting} wait, {facts.unreviewed} not looked at in time"
    return conduct_rules.judge_changes(facts), says


async def events(tx: Tx) -> Found:
    """How far those who follow the events are behind, and what they set aside."""
    facts = await store.events(tx)
    says = ", ".join(f"{one.name} {one.waiting} behind, {one.parked} parked" for one in facts)
    return event_rules.judge_events(facts), says or "nobody listens"


async def undos(tx: Tx) -> Found:
    """Scans that were taken back."""
    facts = await store.undos(tx)
    says = f"{facts.places_again} places taken back again, {facts.refused} tries refused"
    return conduct_rules.judge_undos(facts), says


async def staff(tx: Tx) -> Found:
    """What administrators did with the staff."""
    facts = await store.staff_acts(tx)
    return conduct_rules.judge_staff(facts), f"{facts.count} changes within an hour"


async def later(tx: Tx) -> Found:
    """Holds, jobs and no-shows: what should have been done by now."""
    facts = await store.task_facts(tx)
    says = (
        f"{facts.stuck_holds} stuck holds, jobs {facts.jobs_waiting} waiting,"
        f" {facts.jobs_failed} failed, {facts.unsettled} sessions unsettled"
    )
    return rules.judge_tasks(facts), says


async def beats(tx: Tx) -> Found:
    """Signs of life: of partners, workers and monitors."""
    facts = await store.beats(tx)
    return rules.judge_beats(facts), _say_beats(facts)


async def record(scene: Scene, memory: Memory, tx: Tx) -> Found:
    """The record's chain: a part of it further at every look, from its beginning once a day."""
    now = monotonic()
    if memory.chain_began and now - memory.chain_began > REPEATED_PASS_S:
        memory.link, memory.chain_began = Link(), 0.0
    memory.chain_began = memory.chain_began or now
    keys, anchors, accepted = await memory.blocking_calls.run_in_thread(
        "anchors", partial(_anchors, scene.home)
    )
    facts, memory.link, _ = await store.record(tx, memory.link, keys, anchors, accepted)
    says = f"{facts.verified_upto} of {facts.links} links verified, {facts.anchors} anchors compared"
    return conduct_rules.judge_record(facts), says


async def demo(scene: Scene, tx: Tx) -> Found:
    """Logins of the demo: a finding where nobody asked for it."""
    logins = await store.demo_logins(tx)
    return conduct_rules.judge_demo(logins, is_wanted=scene.is_demo), ", ".join(logins) or "none"


async def abuse(tx: Tx) -> Found:
    """Suspicious patterns that are open."""
    facts = await store.suspicious(tx)
    says = ", ".join(f"{one.pattern} {one.subjects}" for one in facts) or "nothing suspicious"
    return conduct_rules.judge_abuse(facts), says


async def retention(tx: Tx) -> Found:
    """Kinds of data that are kept longer than their period."""
    facts = await store.retention(tx)
    says = ", ".join(f"{one.kind} {one.behind_days} d" for one in facts)
    return conduct_rules.judge_retention(facts), f"past their period: {says}"


async def one_pass(scene: Scene, tx: Tx, name: str) -> Found:
    """A part of one of the passes over everything that is live."""
    now = scene.clock()
    facts = await sweep.look_around(tx, now, name)
    last = f"{facts.finished_at:%m-%d %H:%M}" if facts.finished_at else "not yet"
    says = f"{facts.rows:,} rows in {facts.took_ms:.0f} ms, last complete {last}"
    return rules.judge_pass(facts, now, check=name), says


def _say_beats(facts: Sequence[Beat]) -> str:
    """Partners first, then our own processes; a few of them."""
    ordered = sorted(facts, key=lambda one: one.partner.startswith(("worker:", "monitor:")))
    return ", ".join(f"{one.partner} {one.age_s:.0f} s" for one in ordered[:5])


def _anchors(home: Path | None) -> tuple[SealKeys | None, list[Anchor], list[Anchor]]:
    """The seals' keys and the anchors of this home; none where a monitor has no home with keys."""
    if home is None or not (home / "keys.json").exists():
        return None, [], []
    keys = load_seal_keys(home)
    kept = Anchors(home, keys)
    return keys, kept.recent(), kept.accepted()
