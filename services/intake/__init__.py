"""Assesses patients, approves individual plans and titrates the dose."""
