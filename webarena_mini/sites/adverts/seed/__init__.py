"""What the first data of the advertisements is made with."""
