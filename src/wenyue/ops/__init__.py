"""Tools an operator runs beside the service: benchmark, simulator, imports, replays."""
