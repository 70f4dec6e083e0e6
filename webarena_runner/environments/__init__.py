"""Environment plug-ins that come with the runner, beside that of the web benchmarks (`running.browsing`)."""
