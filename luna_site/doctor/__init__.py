"""`manage.py doctor`: looks at everything LUNA depends on and says in one line each what is wrong and what to do.

A check is a function without arguments that returns findings. It must work on its own, so that the doctor still
reports the rest when the database or Valkey is down.
"""
