"""What the first data of the shop is made with."""
