"""Where models lie if nobody says otherwise: the places that `ohmic` looks at."""

import os
from pathlib import Path

CACHE = Path(__file__).resolve().parents[3] / ".cache"


def models() -> Path:
    """A folder for each model: $OHMIC_MODELS, or the project's."""
    return Path(os.environ.get("OHMIC_MODELS") or CACHE / "models")
