"""Pages of a story, its pictures and its people. Each view parses, calls one service, and answers."""
