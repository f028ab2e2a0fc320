"""How likely: features at a moment, models as tables, estimates with reasons."""
