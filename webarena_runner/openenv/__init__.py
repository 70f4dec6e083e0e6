"""WebArena as an OpenEnv environment: a server for many sessions at once, and its client. Needs the extra `openenv`."""
