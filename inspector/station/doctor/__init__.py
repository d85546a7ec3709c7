"""What is wrong with this machine as a station, and what to do about it."""
