"""The frame around the pages: navigation, notices, status."""
