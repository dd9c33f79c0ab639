"""The *stories and turns* part of the HTTP API."""
