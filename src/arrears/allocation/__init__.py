"""Who does it, within capacity. So far: one entry per person, in a stated order."""
