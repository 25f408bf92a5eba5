"""HTTP below the routes: the web server, its bounds on slow, hostile and unread connections, TLS."""
