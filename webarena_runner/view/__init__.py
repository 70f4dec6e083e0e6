"""A server on this machine that shows the run folders below a folder, and a run in progress as it goes on.

It reads and never writes. The pages are those of `report.html`, at the same addresses below `/runs/RUN/`.
"""
