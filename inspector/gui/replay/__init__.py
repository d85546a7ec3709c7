"""Looking through footage: timeline, transport, running again, two runs side by side."""
