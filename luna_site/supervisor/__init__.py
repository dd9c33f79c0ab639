"""Starting, watching and ending the processes that together are LUNA. No Django is imported here."""
