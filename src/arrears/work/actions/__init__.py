"""Every change that can be made, one verb each; importing this registers them all."""

from arrears.work.actions import attachments, people, promises, retention, rights

__all__ = ["attachments", "people", "promises", "retention", "rights"]
