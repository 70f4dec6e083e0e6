"""What the sites are built from."""
