"""The database as every process uses it: connections that end in time, migrations, grants, what is known of an outage."""
