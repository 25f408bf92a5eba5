"""What is wrong with a map or a file as a whole."""

from wenyue.platform.fault import SetupError


class InputError(SetupError):
    """The map or the file as a whole cannot be used: the message names line, key or column, and the fix."""
