"""What the first data of the wiki is made with."""
