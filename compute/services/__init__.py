"""What changes the state of jobs, attempts, workers and files. Keyword-only functions named noun_verb."""
