"""What the first data of the forum is made with."""
