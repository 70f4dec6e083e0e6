"""What the first data of the map is made with."""
