"""Keeps the record of each infusion session, from plan to completion."""
