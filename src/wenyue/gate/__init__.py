"""Admission: what a gate is shown, whether it opens, and the record of every scan. Owns the PostgreSQL schema `gate`."""
