"""A kept model is measured on rows it never saw, whatever day it is asked for."""

from plain_books import arrears
from scored_book import FITTED_AS_OF, scored_book


def test_a_model_is_not_measured_on_the_days_it_learnt_from():
    ran = arrears("score", "evaluate", "collection_cure", "--book", scored_book().root, "--as-of", "2026-03-31", "--lang", "en")
    assert ran.status == 2 and "no row here that it was not fitted on" in ran.error, ran


def test_on_its_own_day_it_is_measured_on_the_rows_held_out():
    ran = arrears("score", "evaluate", "collection_cure", "--book", scored_book().root, "--as-of", FITTED_AS_OF, "--lang", "en")
    assert ran.status == 0 and "the rows held out when it was fitted" in ran.out, ran
