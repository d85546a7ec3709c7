"""Runs of the engine as the window sees them: started off its thread, pulled from it."""
