"""Result folders of the official harness: its rendered pages, its logs and its settings."""
