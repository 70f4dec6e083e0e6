"""What the first data of the store is made with."""
