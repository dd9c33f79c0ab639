"""The servers LUNA brings along: PostgreSQL and Valkey, used unless DATABASE_URL or REDIS_URL name others."""
