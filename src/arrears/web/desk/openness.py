"""How far a view is open, said beside it: to anybody, to who proved a password only (half), to who still must change it (changing); else to who proved both."""


def open_to(whom: str):
    """Marks a view. whom: anybody, half or changing."""

    def mark(view):
        view.open_to = whom
        return view

    return mark
