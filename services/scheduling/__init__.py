"""Clinics, and series of sessions that never share a room, a pump or a nurse."""
