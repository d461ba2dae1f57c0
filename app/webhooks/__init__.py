"""The feed of changes, brought to who asked for it: Standard Webhooks."""
