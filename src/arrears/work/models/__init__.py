"""The tables of the work plane, one file per subject."""

from arrears.work.models.cases import Attachment, Case, ContactPoint, Debt, Hold, Party, Payment, Placement
from arrears.work.models.dealings import Approval, Complaint, Consent, Contact, Dispute, Offer, Plan, Promise
from arrears.work.models.entries import Answer, Change, Entry
from arrears.work.models.leaves import Leaf, Place, Waiting
from arrears.work.models.people import Account, BorrowerLogin, BrokenGlass, Collector, Lender, Team

__all__ = ["Account", "Answer", "Approval", "Attachment", "BorrowerLogin", "BrokenGlass", "Case", "Change", "Collector", "Complaint", "Consent", "Contact", "ContactPoint", "Debt",
           "Dispute", "Entry", "Hold", "Leaf", "Lender", "Offer", "Party", "Payment", "Place", "Placement", "Plan", "Promise", "Team", "Waiting"]

# front
# person
from arrears.work.models.rulebook import Rulebook

__all__ += ["Rulebook"]
# queue
from arrears.work.models.queue import Reminder

__all__ += ["Reminder"]
# plans
from arrears.work.models.plans import NightStrategy

__all__ += ["NightStrategy"]
# matters
from arrears.work.models.matters import Hardship, MatterEvidence, MatterNote, MatterTask  # noqa: E402

__all__ += ["Hardship", "MatterEvidence", "MatterNote", "MatterTask"]
# team
from arrears.work.models.team import Absence, CoachingNote

__all__ += ["Absence", "CoachingNote"]
# oversight
from arrears.work.models.oversight import ContactRule, Export, ExportPart, Sample, SampleItem, Sheet

__all__ += ["ContactRule", "Export", "ExportPart", "Sample", "SampleItem", "Sheet"]
# running
from arrears.work.models.running import Run

__all__ += ["Run"]
# end
