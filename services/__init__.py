"""Meaning: one folder for each service, and nothing else."""
