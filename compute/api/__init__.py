"""Workers and, later, the pool over HTTP."""
