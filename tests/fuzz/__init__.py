"""Hostile input: mutated files and answers against everything that reads them."""
