"""What every part of the HTTP API shares: errors, pages of a list, idempotency, rate limits, parameters."""
