"""The questions that models answer, family by family."""

from arrears.scoring import application, behaviour, collection, contact, loss
from arrears.scoring.target import Target

TARGETS: dict[str, Target] = {target.name: target for family in (application, behaviour, collection, contact, loss) for target in family.MODELS}
"""Every model by its name, in the order of the families."""

FAMILIES = tuple(dict.fromkeys(target.family for target in TARGETS.values()))


def named(name: str) -> tuple[Target, ...]:
    """The model of that name, or all models of the family of that name; empty where there is neither.

    >>> [target.name for target in named("behaviour")]
    ['behaviour_miss', 'behaviour_late30']
    """
    if name in TARGETS:
        return (TARGETS[name],)
    return tuple(target for target in TARGETS.values() if target.family == name)
