"""What the first data of the home page is made with."""
