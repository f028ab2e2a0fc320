"""Collections that can be proven lawful: how late every debt is, what may be asked, what to do, and the proof."""

__version__ = "0.1.0"
