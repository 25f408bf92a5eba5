"""Drills by schedule: what is due, and running it beside everything else. The drills themselves come with wenyue-lab."""
