"""Pictures of venues as operators give them: read, checked and made small where a hostile file can do no harm."""

from wenyue.imports.pictures.model import FORMS, WIDTHS, Form, MadeFile, MadePicture
from wenyue.imports.pictures.reading import read_picture

__all__ = ["FORMS", "WIDTHS", "Form", "MadeFile", "MadePicture", "read_picture"]
