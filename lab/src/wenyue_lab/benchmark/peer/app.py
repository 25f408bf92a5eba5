"""The peer's application: one endpoint, one transaction, nothing that a careful team would leave out of it."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel, Field
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from wenyue_lab.benchmark.peer.tables import Booking, Slot

URL_VARIABLE: Final = "PEER_DATABASE_URL"
CONNECTIONS: Final = 8  # of each process: more of them only wait for the hot row (docs/performance.md)


class Line(BaseModel):
    """One place of one session."""

    slot_id: int
    quantity: Literal[1]
    visitors: list[int]
    on_card: bool


class Visitor(BaseModel):
    """Who comes."""

    name: Annotated[str, Field(min_length=1, max_length=50)]
    kind: Literal["resident_id"]
    number: Annotated[str, Field(pattern=r"^\d{17}[\dX]$")]


class BookingIn(BaseModel):
    """The request that our own API takes, as far as the benchmark uses it: one line, one visitor."""

    id: UUID
    card_id: int
    lines: Annotated[list[Line], Field(min_length=1, max_length=1)]
    visitors: Annotated[list[Visitor], Field(min_length=1, max_length=1)]
    contact_phone: Annotated[str, Field(pattern=r"^1\d{10}$")]


class BookingOut(BaseModel):
    """A booking that stands."""

    id: UUID
    slot_id: int
    on_date: date
    state: Literal["confirmed"] = "confirmed"


def create() -> FastAPI:
    """The application on the database that the environment names."""
    engine = create_async_engine(
        os.environ[URL_VARIABLE].replace("postgresql://", "postgresql+asyncpg://", 1),
        pool_size=CONNECTIONS,
        max_overflow=0,
    )
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/bookings", status_code=201)
    async def book(wanted: BookingIn, response: Response) -> BookingOut:
        async with sessions.begin() as tx:
            booking, is_replay = await _book(tx, wanted)
        if is_replay:
            response.status_code = 200
        return booking

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        async with sessions() as tx:
            await tx.execute(select(1))
        return {"status": "ready"}

    return app


async def _book(tx: AsyncSession, wanted: BookingIn) -> tuple[BookingOut, bool]:
    """The booking, and whether it stood before. Raises HTTPException, which rolls back.

    The counter moves last, so that its row is locked for two round trips and not for four.
    """
    line, visitor = wanted.lines[0], wanted.visitors[0]
    on_date = await tx.scalar(select(Slot.on_date).where(Slot.id == line.slot_id))
    if on_date is None:
        raise HTTPException(404, "no such session")
    added = await tx.scalar(
        insert(Booking)
        .values(
            id=wanted.id,
            slot_id=line.slot_id,
            on_date=on_date,
            card_id=wanted.card_id,
            name=visitor.name,
            document=visitor.number,
            phone=wanted.contact_phone,
        )
        .on_conflict_do_nothing()
        .returning(Booking.id)
    )
    booking = BookingOut(id=wanted.id, slot_id=line.slot_id, on_date=on_date)
    if added is None:
        stored = (
            await tx.execute(
                select(Booking.slot_id, Booking.document, Booking.card_id).where(Booking.id == wanted.id)
            )
        ).one_or_none()
        if stored is None:
            raise HTTPException(409, "this person has a booking on that day")
        if tuple(stored) != (line.slot_id, visitor.number, wanted.card_id):
            raise HTTPException(409, "this id names another booking")
        return booking, True
    taken = await tx.scalar(
        update(Slot)
        .where(Slot.id == line.slot_id, Slot.places_left > 0)
        .values(places_left=Slot.places_left - 1)
        .returning(Slot.id)
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        raise HTTPException(409, "sold out")
    return booking, False
