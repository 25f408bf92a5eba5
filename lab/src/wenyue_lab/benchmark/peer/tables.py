"""The peer's two tables, as its programmers would map them; `peer.sql` makes them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What the tables share: nothing."""


class Slot(Base):
    """A session with its counter."""

    __tablename__ = "slot"
    __table_args__ = ({"schema": "peer"},)

    id: Mapped[int] = mapped_column(primary_key=True)
    on_date: Mapped[date]
    places_left: Mapped[int]


class Booking(Base):
    """A booking of one place; `id` was minted by the client."""

    __tablename__ = "booking"
    __table_args__ = ({"schema": "peer"},)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slot_id: Mapped[int]
    on_date: Mapped[date]
    card_id: Mapped[int]
    name: Mapped[str]
    document: Mapped[str]
    phone: Mapped[str]
    created_at: Mapped[datetime]
