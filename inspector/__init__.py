"""Inspector: real-time camera inspection, from pixels to a recorded part verdict."""

import logging

__version__ = "0.1.0"

# what is logged where nobody keeps a log must not land on the screen
logging.getLogger(__name__).addHandler(logging.NullHandler())
