"""An operator moves in by commands alone: a made-up destination is written as offices would, imported, counted, and sells.

What writes, and what counts, uses nothing of `wenyue`: neither may share a mistake with what they judge.
"""
