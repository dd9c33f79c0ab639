"""What becomes of images' jobs: named by purpose in settings.COMPUTE_HANDLERS."""
