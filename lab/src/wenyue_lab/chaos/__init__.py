"""Drills: break a real installation on purpose while people book, and check from outside that nothing was lost."""
