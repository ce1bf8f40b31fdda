"""``python -m anykeras``."""

from .cli.main import app

app(prog_name="anykeras")
