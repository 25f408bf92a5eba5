"""`wenyue export`: what is here, in the form that imports read."""

from wenyue.platform.program import Program

app = Program(no_args_is_help=True, help="Write what is here in the form that imports read.")


@app.callback()
def export() -> None:
    """Write what is here in the form that imports read."""
