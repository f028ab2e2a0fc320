"""The paper of a plan: its words in both languages, its layout, and the font it is set in."""
