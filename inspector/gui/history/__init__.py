"""Every part ever judged: found, looked at, relabelled."""
