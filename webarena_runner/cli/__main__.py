"""`python -m webarena_runner.cli`, for where the `wa-run` script is not on the path."""

from webarena_runner.cli import main

if __name__ == "__main__":
    main()
