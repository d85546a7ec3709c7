"""Simulated stations: parts with known truth on a belt, as a camera sees them."""

from inspector.sources.simulator.source import SimulatorSource, open_simulator

__all__ = ["SimulatorSource", "open_simulator"]
