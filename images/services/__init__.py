"""What changes stories, turns, people and pictures. Keyword-only functions named noun_verb, with the acting person."""
