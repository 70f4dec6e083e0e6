"""Pages by subject; every module has `routes()`: address to (handler of GET, handler of POST)."""
