"""Database, configuration, server and process plumbing: no domain words."""
