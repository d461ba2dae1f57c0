"""What is public, as OParl 1.1: the interface that tools for council information read."""
