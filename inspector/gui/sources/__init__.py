"""Cameras, streams, files and the simulator: found, looked at, given to a job."""
