"""What is permitted: whether a contact may be made, and whether its wording may go out."""
