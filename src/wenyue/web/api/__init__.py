"""The JSON API under /v1: hot endpoints as plain ASGI, the rest on FastAPI. Problems follow RFC 9457."""
