"""Who is let in when more come than can be served: bounded queues, limits by person and place, refusals at once."""
