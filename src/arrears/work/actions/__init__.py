"""Every change that can be made, one verb each; importing this registers them all."""

from arrears.work.actions import accounts, emergency

__all__ = ["accounts", "emergency"]
