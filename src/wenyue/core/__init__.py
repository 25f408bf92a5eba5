"""Identifiers, time, identity documents, personal data and limits: no I/O, no domain slices."""
