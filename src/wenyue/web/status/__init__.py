"""The public status page: served by a process of its own that needs neither the web nor the database.

Start it with `python -m wenyue.web.status`; nothing of the other faces, the services or a driver is loaded here.
"""
