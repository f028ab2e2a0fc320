"""A page in Chinese and English: its frame, its pieces of HTML, its pictures, and how figures are written."""
