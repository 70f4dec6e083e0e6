"""Results that others recorded, as run folders: `official` of the official harness, `playwright` of people's traces."""
