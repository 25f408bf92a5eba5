"""Jobs: work that is done after the commit that asked for it, by a worker, once."""
