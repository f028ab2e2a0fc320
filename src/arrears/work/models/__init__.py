"""The tables of the work plane, one file per subject."""

from arrears.work.models.cases import Attachment, Case, ContactPoint, Debt, Hold, Party, Payment, Placement
from arrears.work.models.dealings import Approval, Complaint, Consent, Contact, Dispute, Offer, Plan, Promise
from arrears.work.models.entries import Answer, Change, Entry
from arrears.work.models.leaves import Leaf, Place, Waiting
from arrears.work.models.matters import Hardship, MatterEvidence, MatterNote, MatterTask
from arrears.work.models.oversight import ContactRule, Export, ExportPart, Sample, SampleItem, Sheet
from arrears.work.models.people import Account, BorrowerLogin, BrokenGlass, Collector, Lender, Team
from arrears.work.models.plans import NightStrategy
from arrears.work.models.queue import Reminder
from arrears.work.models.rulebook import Rulebook
from arrears.work.models.running import Run
from arrears.work.models.team import Absence, CoachingNote

__all__ = [
    "Absence", "Account", "Answer", "Approval", "Attachment", "BorrowerLogin", "BrokenGlass", "Case", "Change", "CoachingNote", "Collector", "Complaint", "Consent", "Contact",
    "ContactPoint", "ContactRule", "Debt", "Dispute", "Entry", "Export", "ExportPart", "Hardship", "Hold", "Leaf", "Lender", "MatterEvidence", "MatterNote", "MatterTask",
    "NightStrategy", "Offer", "Party", "Payment", "Place", "Placement", "Plan", "Promise", "Reminder", "Rulebook", "Run", "Sample", "SampleItem", "Sheet", "Team", "Waiting",
]
