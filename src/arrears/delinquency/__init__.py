"""How late, how much: the waterfall walk, buckets, rolls. Source: spec positions."""
