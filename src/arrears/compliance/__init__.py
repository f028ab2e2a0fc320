"""What is permitted: the screen every contact passes, at night and at the moment it is made; and the wording of messages."""
