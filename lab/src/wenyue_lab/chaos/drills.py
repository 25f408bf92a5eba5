"""The drills: fault, load, and what must be true of the figures."""

from typing import Final

from wenyue.locale import Message
from wenyue_lab.chaos.acts import (
    crawl,
    cut_link,
    drain_web,
    freeze_database,
    kill_database,
    kill_web,
)
from wenyue_lab.chaos.acts_abuse import behind_a_proxy, suspicious
from wenyue_lab.chaos.acts_clock import (
    cannot_fake,
    faked_clock,
    leap_eve,
    outlive_holds,
    pass_midnight,
    settle_no_shows,
    step_clocks,
    tonight,
)
from wenyue_lab.chaos.acts_deaf import deafen
from wenyue_lab.chaos.acts_disk import cannot_mount, fill_disk, slow_flushes, small_disk
from wenyue_lab.chaos.acts_net import flood, slow_and_lossy
from wenyue_lab.chaos.acts_quiet import quiet, work_then_rest
from wenyue_lab.chaos.acts_reply import lose_replies
from wenyue_lab.chaos.acts_rush import everybody_may_ask, rush
from wenyue_lab.chaos.acts_tasks import kill_later, settle_later
from wenyue_lab.chaos.figures import Figures
from wenyue_lab.chaos.history import History, Says
from wenyue_lab.chaos.kind import Drill, answers_in_time, recovers


def _nothing_accepted_is_unanswered(_: Figures, history: History, __: float) -> list[str]:
    """A replay that follows a lost reply shows that the first request was carried out without an answer."""
    dropped = [
        one.id
        for one in history.operations
        if one.doubt_since is not None and any(a.is_replay and a.says is Says.YES for a in one.attempts)
    ]
    return [f"{len(dropped)} accepted requests were carried out but not answered"] if dropped else []


def _everything_is_answered(figures: Figures, history: History, slack_s: float) -> list[str]:
    found = answers_in_time(figures, history, slack_s)
    lost = sum(one.says is Says.UNKNOWN or not one.was_sent for one in history.attempts(with_spoilt=False))
    if lost:
        found.append(f"{lost} requests of ordinary clients were not answered")
    return found


def _nothing_more(_: Figures, __: History, ___: float) -> list[str]:
    return []


DRILLS: Final = {
    drill.name: drill
    for drill in (
        Drill(
            "database-killed",
            Message("The database was killed"),
            Message(
                "kill -9 PostgreSQL (postmaster and children) under load; the supervisor starts it again."
            ),
            Message(
                "Nothing: the supervisor restarts the server, which replays its log. When the write gap grows, look at"
                " max_wal_size and at the disk; when a booking is missing, stop sales and compare the history with the"
                " record."
            ),
            kill_database,
            recovers,
            seconds=120.0,
        ),
        Drill(
            "reply-lost",
            Message("Replies are lost after the commit"),
            Message(
                "Replies are lost after the request went through; some requests are sent five times before one is let"
                " through."
            ),
            Message(
                "Nothing: the same id gives the same booking. A client that mints a new id for every try must be fixed."
            ),
            lose_replies,
            _nothing_more,
            has_front=True,
            in_flight_max=400,
        ),
        Drill(
            "database-link-cut",
            Message("The link between web and database is cut"),
            Message("Connections between web and PostgreSQL are reset at random points, during COMMIT too."),
            Message(
                "Look at the network between the hosts. Doubts settle by themselves; if one stays, ask for its id."
            ),
            cut_link,
            recovers,
            has_link=True,
        ),
        Drill(
            "worker-killed",
            Message("A web process was killed"),
            Message("kill -9 a web process in the middle of a batch; the supervisor starts it again."),
            Message(
                "Nothing: the others serve meanwhile. If it dies again and again, the supervisor's output has its last"
                " lines."
            ),
            kill_web,
            recovers,
        ),
        Drill(
            "later-killed",
            Message("A worker was killed in the middle of its work"),
            Message(
                "kill -9 the worker amid its jobs, again and again; a second node's worker goes on, then the first alone."
            ),
            Message(
                "Nothing: whichever worker lives expires the holds, tells the subscribers and does the jobs of the dead."
            ),
            kill_later,
            recovers,
            then=settle_later,
        ),
        Drill(
            "subscriber-stuck",
            Message("A subscriber of events fails or is behind"),
            Message(
                "Whatever the gates' index writes is refused for a while: that subscriber rests, others go on; then it"
                " catches up."
            ),
            Message(
                "Fix the cause, then `wenyue events retry`; nothing is lost meanwhile. Look at `wenyue events"
                " subscribers`."
            ),
            deafen,
            _everything_is_answered,
            then=settle_later,
        ),
        Drill(
            "drain",
            Message("Taking a process out of service"),
            Message("SIGTERM to a web process under load: every accepted request is answered."),
            Message(
                "This is how a process is taken out for maintenance. While something stays unanswered, do not roll out."
            ),
            drain_web,
            _nothing_accepted_is_unanswered,
        ),
        Drill(
            "slow-clients",
            Message("Thousands of slow connections"),
            Message(
                "Connections whose headers or bodies arrive byte by byte; everybody else is served as usual."
            ),
            Message("Put a proxy with header and body timeouts in front; raise the limit of open files."),
            crawl,
            _everything_is_answered,
        ),
        Drill(
            "slow-lossy-client",
            Message("Clients on slow and lossy lines"),
            Message(
                "30 clients at 300 ms and 128 kbit/s with stalls, 30 that lose a fifth of their packets (root); no others"
                " suffer."
            ),
            Message(
                "Nothing on the server: a slow line costs a connection, not a place. Keep the id and ask again."
            ),
            slow_and_lossy,
            _everything_is_answered,
        ),
        Drill(
            "slowloris-login-flood",
            Message("Slow connections, guessed PINs and huge bodies at once"),
            Message(
                "Slow heads and bodies, logins of nobody, guessed PINs, huge bodies, at every class; who is genuine is"
                " served."
            ),
            Message(
                "Block the sources at the proxy; whoever guesses waits longer each time by itself, known devices do not."
            ),
            flood,
            _everything_is_answered,
        ),
        Drill(
            "suspicious-patterns",
            Message("Suspicious patterns"),
            Message(
                "Guesses, scanned ids, forged logins and vouchers, replays, accounts in turn: found, told, blocked for a"
                " time."
            ),
            Message(
                "Look at `wenyue abuse list`; lift what is wrong with a reason, block what goes on. Nobody else is kept"
                " out."
            ),
            suspicious,
            _everything_is_answered,
            seconds=90.0,
            rate_per_s=50.0,
            around=behind_a_proxy,
        ),
        Drill(
            "rush",
            Message("A rush: far more is asked than can be served"),
            Message(
                "20,000 more requests a second, for sessions that are not there: refused at the door, then all is well"
                " again."
            ),
            Message(
                "Nothing for the system's sake. When it will come again, open a waiting room; see whether web or database"
                " is full."
            ),
            rush,
            recovers,
            around=everybody_may_ask,
        ),
        Drill(
            "frozen-database",
            Message("The database host froze"),
            Message(
                "SIGSTOP PostgreSQL for 5 s, then SIGCONT: every request has yes, no or unknown by its deadline and a"
                " second."
            ),
            Message(
                "Find what froze the host (storage, memory, hypervisor). Deadlines hold; unknowns settle after the thaw."
            ),
            freeze_database,
            answers_in_time,
        ),
        Drill(
            "disk-full",
            Message("The database's disk is full"),
            Message(
                "The database's disk (a small ext4) is filled until PostgreSQL is refused room; room is made, all goes on"
                " by itself."
            ),
            Message(
                "Make room: take away the ballast file, then old backups and logs; never anything inside the data folder."
            ),
            fill_disk,
            answers_in_time,
            needs=cannot_mount,
            around=small_disk,
        ),
        Drill(
            "slow-fsync",
            Message("The disk flushes slowly"),
            Message(
                "Every fsync and fdatasync of PostgreSQL takes 0.1 s longer: bookings are slower, all answered, none lost."
            ),
            Message(
                "Find who else uses the disk; move the database to a disk of its own. Nothing is lost meanwhile."
            ),
            slow_flushes,
            recovers,
        ),
        Drill(
            "clock-steps",
            Message("A clock is wrong, or was set by a step"),
            Message(
                "The clocks of web and worker step 5 min ahead, then 5 min behind PostgreSQL's, then are right again."
            ),
            Message(
                "Fix the time service on the node; set a clock back slowly (slew), never by a step, while people book."
            ),
            step_clocks,
            answers_in_time,
            then=outlive_holds,
            needs=cannot_fake,
            around=faked_clock,
        ),
        Drill(
            "midnight",
            Message("Midnight"),
            Message(
                "The venue's midnight under load: the next day is released, a person's day stays one, nobody comes to the"
                " last one."
            ),
            Message(
                "Nothing. When a release is late, look at the nodes' clocks and at the sessions' release times."
            ),
            pass_midnight,
            answers_in_time,
            then=settle_no_shows,
            needs=cannot_fake,
            around=faked_clock,
            begins_at=tonight,
        ),
        Drill(
            "leap-day",
            Message("29 February"),
            Message(
                "The same from 28 to 29 February 2028, whose sessions are booked, visited by nobody, and over on 1 March."
            ),
            Message(
                "Nothing. A date that does not exist elsewhere is a defect: report it with the booking's number."
            ),
            pass_midnight,
            answers_in_time,
            then=settle_no_shows,
            needs=cannot_fake,
            around=faked_clock,
            begins_at=leap_eve,
        ),
        Drill(
            "busy-then-quiet",
            Message("A release after a busy time and long quiet"),
            Message(
                "Load with refusals, two quiet hours (a minute of them for real), then a waiting room's release: all are"
                " let in."
            ),
            Message(
                "Nothing. When nobody is let in, the live page names what is old; start the web processes again one by"
                " one."
            ),
            work_then_rest,
            answers_in_time,
            then=quiet(hours=2, steps=4),
            seconds=20.0,
            needs=cannot_fake,
            around=faked_clock,
        ),
        Drill(
            "quiet-day",
            Message("A release after a day without anybody"),
            Message(
                "Hardly anybody for a day, midnight included, while people wait in a room; at its release all are let in."
            ),
            Message(
                "Nothing. When nobody is let in, the live page names what is old; start the web processes again one by"
                " one."
            ),
            work_then_rest,
            answers_in_time,
            then=quiet(hours=24, steps=24),
            rate_per_s=5.0,
            seconds=5.0,
            needs=cannot_fake,
            around=faked_clock,
        ),
    )
}
