"""`wenyue keys`: make the key files, list the keys, rotate them while everything runs, and say so in the record."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import psycopg
import typer

from wenyue.application.note_keys import KeyAct, NoteKeys, note_keys
from wenyue.core.limits import SEALING_KEYS_MAX
from wenyue.core.personal import Vault
from wenyue.gate import GateKeys
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import SERVER, Acting
from wenyue.ops.database import ReadyDatabase, ready_database
from wenyue.ops.resealing import refuse_while_used, reseal, reseal_subscribers
from wenyue.ops.rotating import KeyStore, Kind, Stage, add, use, without
from wenyue.ops.same_keys import note_in_use, show_keys
from wenyue.platform.config import Settings, load
from wenyue.platform.database.db import Database
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import KEYS, key_ring, load_keys, seal_keys
from wenyue.platform.program import Program

app = Program(invoke_without_command=True, help="Key files: make, list, rotate.")


@app.callback()
def keys(context: typer.Context) -> None:
    """Make the key files of a new installation, or show whose they are."""
    if context.invoked_subcommand is None:
        show_keys(load().home, print_progress)


@app.command("list")
def list_() -> None:
    """The keys by number, and which are in use; never the keys themselves."""
    store = KeyStore(load().home, print_progress)
    content = store.content()
    ring, seals, gate = key_ring(content), seal_keys(content), GateKeys.of(store.content(GateKeys.FILE))
    for kind, numbers, current in (
        (Kind.DATA, sorted(ring.sealing), ring.current),
        (Kind.RECORD, sorted(seals.keys), seals.current),
    ):
        for number in numbers:
            state = (
                gettext("in use")
                if number == current
                else gettext("added")
                if number > current
                else gettext("old")
            )
            typer.echo(f"{kind} {number}: {state}")
    typer.echo(
        gettext("gate: one in use, one next, {n} retired but still accepted", n=len(gate.accepted) - 2)
    )


@app.command()
def rotate(
    kind: Annotated[
        Kind, typer.Argument(help="data: personal data; gate: vouchers; record: the audit record")
    ],
    *,
    stage: Annotated[
        Stage | None, typer.Option(help="several machines: add, copy the file to each, then use")
    ] = None,
) -> None:
    """Use a new key from now on, without a restart; what the old one sealed or signed stays good."""
    settings = load()
    if stage is None and settings.database.url and kind is not Kind.GATE:
        raise SetupError(
            Message(
                "other machines may share this database: run `--stage add`, copy {keys} to "
                "each of them, then run `--stage use`",
                keys=KEYS,
            ),
        )
    store = KeyStore(settings.home, print_progress)
    with ready_database(settings, lambda line: typer.echo(line, err=True)) as ready, store.locked():
        if kind is Kind.GATE:
            _rotate_gate(store, settings, ready, stage)
            return
        if stage is not Stage.USE:
            content, number = add(store.content(), kind)
            store.put(content)
            note(ready, settings, "keys.added", kind, {"number": number})
            typer.echo(gettext("{kind} key {number} was added but isn't used yet", kind=kind, number=number))
        if stage is not Stage.ADD:
            use(store.content(), kind)  # a fault is told before the wait
            store.settle(KEYS)
            content, number = use(store.content(), kind)
            store.put(content)
            note(ready, settings, "keys.used", kind, {"number": number})
            typer.echo(
                gettext(
                    "{kind} key {number} will be in use within seconds: copy {keys} wherever you keep it",
                    kind=kind,
                    number=number,
                    keys=KEYS,
                )
            )


def _rotate_gate(store: KeyStore, settings: Settings, ready: ReadyDatabase, stage: Stage | None) -> None:
    if stage is Stage.ADD:
        typer.echo(gettext("the next gate key is already in every machine's file: run `--stage use`"))
        return
    store.settle(GateKeys.FILE)
    store.turn_gate_over()
    note(ready, settings, "keys.used", Kind.GATE, {})
    typer.echo(
        gettext(
            "the next gate key will be used within seconds: copy {file} to every machine", file=GateKeys.FILE
        )
    )


@app.command("reseal")
def reseal_() -> None:
    """Seal again what old data keys sealed, beside everything that runs; stop it and run it again as you like."""
    settings = load()
    store = KeyStore(settings.home, print_progress)
    with ready_database(settings, lambda line: typer.echo(line, err=True)) as ready, store.locked():
        store.settle(KEYS)  # until then a process may still seal under the key before
        ring = load_keys(settings.home)
        vault = Vault(ring)
        with psycopg.connect(ready.owner_url, autocommit=True) as connection:
            done = reseal(connection, vault, ring.current, print_progress)
        mails = reseal_subscribers(settings.home, vault, ring.current)
        count, broken = done.done + mails.done, done.broken + mails.broken
        note(ready, settings, "keys.resealed", Kind.DATA, {"number": ring.current, "values": count})
        typer.echo(
            gettext(
                "values now sealed with data key {current}: {count}, unreadable: {broken}",
                count=f"{count:,}",
                current=ring.current,
                broken=f"{broken:,}",
            )
        )


@app.command()
def retire(
    number: Annotated[int, typer.Argument(min=1, max=SEALING_KEYS_MAX, help="of a data key, as `list` says")],
    *,
    forget_reasons: Annotated[
        bool, typer.Option("--forget-reasons", help="reasons in the audit record under this key are given up")
    ] = False,
) -> None:
    """Remove an old data key that nothing is sealed under any more; backups of its time need it still."""
    settings = load()
    store = KeyStore(settings.home, print_progress)
    with ready_database(settings, lambda line: typer.echo(line, err=True)) as ready, store.locked():
        content = without(store.content(), number)
        store.settle(KEYS)
        with psycopg.connect(ready.owner_url, autocommit=True) as connection:
            refuse_while_used(connection, settings.home, number, forget_reasons=forget_reasons)
        store.put(content)
        note(ready, settings, "keys.retired", Kind.DATA, {"number": number})
        typer.echo(
            gettext(
                "data key {number} was removed from {keys}: keep a copy as long as you keep "
                "backups from its time",
                number=number,
                keys=KEYS,
            )
        )


def note(
    ready: ReadyDatabase, settings: Settings, act: KeyAct, kind: Kind, detail: Mapping[str, int]
) -> None:
    """Write into the record what was done, and into the database which keys are in use."""

    async def inside() -> None:
        async with Database(ready.owner_url, size_max=1, keeps=0) as db:
            works = Acting(db, Vault(load_keys(settings.home)))
            await note_keys(works, SERVER, NoteKeys(act, kind, detail))

    asyncio.run(inside())
    with psycopg.connect(ready.owner_url, autocommit=True) as connection:
        note_in_use(connection, settings.home)


def print_progress(line: str) -> None:
    """One line of progress."""
    typer.echo(line)
