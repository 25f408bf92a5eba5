"""The laboratory of Wenyue: simulator, benchmark, cluster, drills. The product never imports it."""
