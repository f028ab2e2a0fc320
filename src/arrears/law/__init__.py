"""What is allowed, by date, with its citation. The packs are YAML; see caps.py for the caps on charges."""
