"""A stand-in for `docker` and `podman` on PATH: it keeps what it is asked, and its containers are real web servers."""
