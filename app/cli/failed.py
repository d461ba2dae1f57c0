"""What a command ends with when its user has something to mend."""


class Failed(Exception):
    """A command that cannot do what it was asked; the message is the line that its user reads."""
