"""What changes people and, later, what they share. Functions are keyword-only and raise compute.common.errors."""
