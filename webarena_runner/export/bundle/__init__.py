"""A bundle: a whole run in one file, `RUN.tar.zst`, that anybody can check.

It is a tar archive with one folder, compressed with Zstandard:

    RUN/...          the run folder: manifest, tasks, results, steps, texts, verdicts, pictures, run.log
    RUN/bundle.json  what kind of bundle it is
    RUN/SHA256SUMS   the checksum of every other file, as `sha256sum -c` reads it; last in the archive

The same run makes the same bytes: files are sorted, and no times, owners or rights are kept. `contents` says what goes
in, `archive` writes and reads such files, `verify` checks one.
"""
