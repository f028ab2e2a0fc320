"""Scenes of the verbs of plans; as in action_scenes.py."""

from work.action_scenes import Call, World, scene


@scene("plan.draw_up")
def _(world: World) -> Call:
    return world.call("plan.draw_up", {"plan": world.plan()["plan"]}, purpose="collection")


@scene("plan.reoffer")
def _(world: World) -> Call:
    from arrears.work.models import Plan

    with world.work.writing(world.lender):
        Plan.objects.create(lender=world.lender, case=world.case, loan_id=world.loan, currency="CNY", instalments=[{"number": 1, "due_on": "2026-10-20", "amount_minor": 100}], state="broken",
                            proposed_on="2026-10-02", agreed_on="2026-10-02")
    return world.call("plan.reoffer", {"as_of": "2026-11-01"}, actor=world.system, thing=None)
