"""What the first data of the code hosting site is made with."""
