"""Drawn scenes: every venue has a picture of its own, and none has to be photographed."""

from wenyue.web.shared.scenes.composing import VARIANTS, draw, variant_of
from wenyue.web.shared.scenes.kinds import KINDS, kind_of

__all__ = ["KINDS", "VARIANTS", "draw", "kind_of", "variant_of"]
