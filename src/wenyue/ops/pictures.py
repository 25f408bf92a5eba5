"""`wenyue pictures`: pictures of venues: add, list, remove, order."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from wenyue import catalogue
from wenyue.application.add_pictures import GivenPicture, PictureNotDone, add_pictures
from wenyue.application.arrange_pictures import drop_picture, order_pictures
from wenyue.application.operating import Operator
from wenyue.catalogue.picturing import ALT_LENGTH_MAX, PICTURES_MAX, NewFile, Picture, pictures
from wenyue.core.personal import Vault
from wenyue.imports.pictures import MadePicture, read_picture
from wenyue.locale import DEFAULT, LOCALES, Message, Texts, command_locale, text_in, written
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, acting_as
from wenyue.ops.as_owner import reading
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program

app = Program(
    no_args_is_help=True, help="Pictures of venues. Where a venue has none, its page shows a drawing."
)
_KEY_LENGTH: Final = 8
_Venue = Annotated[str, typer.Argument(help="the venue's code")]
_Keys = Annotated[
    list[str], typer.Argument(help="pictures by the key that `list` shows, the first one first")
]


@app.command("add")
def add(
    venue: _Venue,
    files: Annotated[
        list[Path], typer.Argument(help="JPEG, PNG, WebP … at least 360 pixels wide, best 1440 and 16:10")
    ],
    *,
    alt: Annotated[
        list[str] | None, typer.Option("--alt", help="what is to be seen, for one FILE: zh=…, and again en=…")
    ] = None,
    by: AsOf = "",
) -> None:
    """Add pictures behind those that the venue has. The same file again changes nothing but its --alt."""
    if len(files) > PICTURES_MAX:
        raise _too_many()
    if alt and len(files) > 1:
        raise SetupError(Message("--alt describes one FILE: add the others with a command each"))
    said = _texts(alt) if alt else None
    made = [read_picture(path) for path in files]
    given = [GivenPicture(one.digest, _files(one), said) for one in made]

    async def work(works: Acting, operator: Operator) -> object:
        return await add_pictures(works, operator, await _find(works, venue), given)

    done = acting_as(work, by)
    if isinstance(done, PictureNotDone):
        raise _too_many()
    for path, one in zip(files, made, strict=True):
        largest = max(len(file.body) for file in one.files if file.width <= 720)
        typer.echo(
            gettext(
                "{key} {path}: at most {kb} KB on a phone",
                key=one.digest[:_KEY_LENGTH],
                path=path.name,
                kb=-(-largest // 1000),
            )
        )


@app.command("list")
def list_(venue: _Venue) -> None:
    """The pictures of a venue in their order."""

    async def work(tx: Tx, _: Vault) -> list[Picture]:
        found = await catalogue.venue(tx, venue)
        if found is None:
            raise _no_venue(venue)
        return (await pictures(tx, [found.id])).get(found.id, [])

    _show(reading(work))


@app.command("remove")
def remove(
    venue: _Venue, key: Annotated[str, typer.Argument(help="the key that `list` shows")], *, by: AsOf = ""
) -> None:
    """Take a picture away. Who has its address open sees it until the page is loaded again."""

    async def work(works: Acting, operator: Operator) -> Picture | PictureNotDone:
        return await drop_picture(works, operator, await _find(works, venue), key)

    done = acting_as(work, by)
    if isinstance(done, PictureNotDone):
        raise _no_picture(key)
    typer.echo(gettext("{key} removed", key=done.digest[:_KEY_LENGTH]))


@app.command("order")
def order(venue: _Venue, keys: _Keys, *, by: AsOf = "") -> None:
    """Put these pictures first, in this order. The first one stands in lists."""

    async def work(works: Acting, operator: Operator) -> list[Picture] | PictureNotDone:
        return await order_pictures(works, operator, await _find(works, venue), keys)

    done = acting_as(work, by)
    if isinstance(done, PictureNotDone):
        raise _no_picture(" ".join(keys))
    _show(done)


def _show(found: list[Picture]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in (gettext("key"), gettext("pixels"), gettext("KB"), gettext("description")):
        table.add_column(column)
    for one in found:
        largest = max(one.files, key=lambda file: file.width)
        total = -(-sum(file.size for file in one.files) // 1000)
        table.add_row(
            one.digest[:_KEY_LENGTH],
            f"{largest.width}×{largest.height}",
            str(total),
            text_in(one.alt, command_locale()),
        )
    Console(markup=False).print(table if found else gettext("no pictures: the page shows a drawing"))


async def _find(works: Acting, code: str) -> catalogue.Venue:
    async with works.db.connection() as tx:
        found = await catalogue.venue(tx, code)
    if found is None:
        raise _no_venue(code)
    return found


def _files(made: MadePicture) -> list[NewFile]:
    return [NewFile(one.form, one.width, one.height, one.body) for one in made.files]


def _texts(given: list[str]) -> Texts:
    """`zh=…` and `en=…` as texts by language. Raises SetupError."""
    found: dict[str, str] = {}
    for one in given:
        tag, is_said, text = one.partition("=")
        locale = DEFAULT if tag == "zh" else next((name for name in LOCALES if name == tag), "")
        if not is_said or not locale:
            raise SetupError(Message("--alt {text}: write zh=… or en=…", text=one))
        if not text.isprintable() or len(text.strip()) > ALT_LENGTH_MAX:
            raise SetupError(
                Message("--alt {text}: one line of at most {n} characters", text=tag, n=ALT_LENGTH_MAX)
            )
        found[locale] = text.strip()
    return written(found)


def _no_venue(code: str) -> SetupError:
    return SetupError(Message("there is no venue {code}", code=code))


def _no_picture(key: str) -> SetupError:
    return SetupError(
        Message("{key}: no picture of this venue, or not one alone; see `wenyue pictures list`", key=key)
    )


def _too_many() -> SetupError:
    return SetupError(Message("a venue has {n} pictures at most: remove some first", n=PICTURES_MAX))
