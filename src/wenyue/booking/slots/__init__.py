"""Pools and slots: planning and opening them, and what becomes of them when the calendar changes."""
