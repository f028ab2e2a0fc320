"""The desk: pages of the lender's staff. Reads through work.queries, writes through perform, no tables of its own."""
