"""English, as far as word lists and suffix rules reach: shared by the narrator and the turn analysis."""
