#!/usr/bin/env python
"""Run LeadHub's commands."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadhub.settings")
    if sys.argv[1:2] == ["demo"]:
        from leadhub.sandbox.story import home

        home.enter(sys.argv[2:])  # a folder of its own, before the settings are read
    execute_from_command_line(sys.argv)
