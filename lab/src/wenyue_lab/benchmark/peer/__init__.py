"""The peer: a booking service as an able team usually writes it, over HTTP, on the same server, machine and generator.

FastAPI, Pydantic, SQLAlchemy's asynchronous session on asyncpg; one transaction a booking, two uvicorn processes. It never
oversells, books a person once a day, and books an id once. It has no login, card, rule, sealing, audit or event: it flatters
itself, as the naive statement does, but pays for what that leaves out: HTTP, validation and a driver.
"""
