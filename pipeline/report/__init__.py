"""The status and quality report of a run: one HTML file that asks nothing of any network."""
