"""The public status page: served by a process of its own that needs neither the web nor the database.

Start it with `python -m wenyue.web.status`; nothing of the rest of web, the services or a driver is loaded here.
"""
