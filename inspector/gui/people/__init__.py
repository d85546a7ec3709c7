"""Roles in the window: who is signed in, the PIN pad, locked pages, idle return."""
