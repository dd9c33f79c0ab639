"""A configuration that cannot be used, shown plainly: it stops every command before Django is up."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from compute.common.schema import ConfigurationError


def explain(error: ImproperlyConfigured, *, command: str) -> str:
    """The problems as text. For `doctor` in its own form: a FAIL line for each, with its path."""
    cause = error.__cause__
    if command != "doctor":
        return str(error)
    if not isinstance(cause, ConfigurationError):
        return f"FAIL  configuration: {error}"
    lines = [f"FAIL  {problem.path or 'configuration'}: {problem.message}" for problem in cause.problems]
    return "\n".join([*lines, f"{cause.source_name} cannot be used; docs/configuration.md explains every key."])
