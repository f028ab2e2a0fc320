"""Simulated borrowers whose truth is known, and the made-up loan books they leave behind."""
