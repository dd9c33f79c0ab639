#!/usr/bin/env python3
"""Django's command line for LUNA. `manage.py up` starts everything."""

import os
import sys


def main() -> int:
    """Run the command; a configuration that cannot be used is explained without a traceback, with status 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luna_site.settings.base")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        # Django itself would go on and complain about an unknown command.
        settings.INSTALLED_APPS  # noqa: B018 - reading one loads them all
    except ImproperlyConfigured as error:
        from luna_site.doctor.configuration import explain

        command = sys.argv[1] if len(sys.argv) > 1 else ""
        # The doctor's findings are its output; for everybody else they are an error.
        stream = sys.stdout if command == "doctor" else sys.stderr
        stream.write(f"{explain(error, command=command)}\n")
        return 1
    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
