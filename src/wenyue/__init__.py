"""Wenyue (稳约): the reservation system for smart tourism cards that does not fail."""
