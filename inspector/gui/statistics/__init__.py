"""The statistics page: yields, control chart, causes, places, drift and latency."""
