"""Models made and kept: samples from a book or a table, fit, evaluation, card, release."""
