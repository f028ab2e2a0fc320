"""Every change that can be made, one verb each; importing this registers them all."""
