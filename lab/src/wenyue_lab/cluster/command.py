"""`wenyue lab`: the cluster at a terminal."""

from __future__ import annotations

import time
from typing import Annotated, Final

import psycopg
import typer
from rich.console import Console

from wenyue.core.personal import Vault
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.config import load
from wenyue.platform.database.migrate import migrate
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys
from wenyue.platform.program import Program
from wenyue_lab.chaos.command import run_one
from wenyue_lab.cluster.cluster import Lab, opened, remove
from wenyue_lab.cluster.namespaces import inside
from wenyue_lab.cluster.showing import show

FIRST_PORT: Final = 8100
WITHIN_S_MAX: Final = 600.0
_NETNS: Final = "wylab"
_POLL_S: Final = 0.2

app = Program(
    no_args_is_help=True,
    help="A real cluster on this machine, to look at and to break.",
)


@app.command()
def up(
    *,
    port: Annotated[int, typer.Option(min=1024, max=65000, help="the first of 16 ports")] = FIRST_PORT,
    demo: Annotated[bool, typer.Option(help="load the demo, as `wenyue up` does")] = True,
    namespaces: Annotated[bool, typer.Option(help="a network of its own for each node (needs root)")] = False,
) -> None:
    """Start three PostgreSQL under Patroni, three etcd, two web, a worker, a proxy; they stay until `down`."""
    console = Console()
    home = load().home / "lab"
    lab = Lab.make(home, first_port=port, netns=_NETNS if namespaces else "", tell=console.print)
    had_data = lab.has_data()
    try:
        lab.start(console.print)
        with inside(lab.layout):
            migrate(lab.owner_url, progress=console.print)
            if demo:
                _load_demo(lab, console)
        lab.serve(console.print)
    except BaseException:
        lab.stop(keep=had_data)
        raise
    show(lab, console)
    console.print(gettext("ready: {url}; stop it with `wenyue lab down`", url=lab.layout.url), soft_wrap=True)


@app.command()
def status(
    *,
    within: Annotated[
        float, typer.Option(min=0, max=WITHIN_S_MAX, help="seconds to wait until it is whole")
    ] = 0.0,
    nodes: Annotated[int, typer.Option(min=1, max=3, help="how many PostgreSQL must be well")] = 3,
) -> None:
    """Roles, lag, leader, health, addresses; status 1 while fewer than NODES are well or nobody leads."""
    lab = _opened()
    deadline = time.monotonic() + within
    while not (is_well := lab.is_whole(nodes)) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    show(lab, Console())
    if not is_well:
        raise SetupError(
            Message(
                "not one leader and {nodes} standbys in step: see docs/runbooks, or `wenyue lab start`",
                nodes=nodes - 1,
            ),
        )


@app.command()
def start(
    node: Annotated[str, typer.Argument(help="n1, n2, n3, or `all`")] = "all",
) -> None:
    """Start what does not run on a node: its etcd and its Patroni, which starts PostgreSQL."""
    lab = _opened()
    for one in lab.layout.nodes if node == "all" else [lab.layout.node(node)]:
        if not lab.keeper_pids(one, "etcd"):
            lab.start_etcd(one)
        if not lab.keeper_pids(one, "patroni"):
            lab.start_patroni(one)


@app.command()
def down(*, keep: Annotated[bool, typer.Option(help="keep the data for the next `up`")] = False) -> None:
    """End every process of the lab and remove its files."""
    home = load().home / "lab"
    if keep:
        _opened().stop(keep=True)
    else:
        remove(home)
    Console().print(gettext("stopped, the data is kept") if keep else gettext("stopped, nothing is left"))


@app.command()
def drill(
    name: Annotated[str, typer.Argument(help="a drill's name (`wenyue drill list`)")],
    *,
    seconds: Annotated[float, typer.Option(min=0, help="of load; 0: the drill's own")] = 0.0,
    rate: Annotated[float, typer.Option(min=0, help="requests a second; 0: the drill's own")] = 0.0,
    seed: Annotated[int, typer.Option(help="of the load and of the fault's choices")] = 1,
) -> None:
    """The same as `wenyue drill run NAME`: on a lab of its own, never on the one that runs."""
    run_one(name, seconds=seconds, rate=rate, seed=seed)


def _opened() -> Lab:
    lab = opened(load().home / "lab")
    if lab is None:
        raise SetupError(Message("there is no lab in {home}: `wenyue lab up`", home=load().home / "lab"))
    return lab


def _load_demo(lab: Lab, console: Console) -> None:
    import asyncio  # noqa: PLC0415 - as below

    from wenyue.ops import demo  # noqa: PLC0415 - heavy, and for this option only

    async def fill() -> None:
        async with await psycopg.AsyncConnection.connect(lab.owner_url) as tx:
            row = await (await tx.execute("SELECT EXISTS (SELECT FROM catalogue.venue)")).fetchone()
            if row is None or not row[0]:
                await demo.load(tx, Vault(load_keys(load().home)), progress=console.print)

    asyncio.run(fill())
