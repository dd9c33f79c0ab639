"""Benchmarks. They drive the processes that `manage.py up` starts, over HTTP, against simulators in own processes."""
