"""What texts mean, as vectors: one protocol, and the encoder that comes with the package `meaning`.

Without an encoder everything still works and says less: whoever asks gets None and judges by words alone.
"""

from reprise_research.meaning.encoder import Encoder
from reprise_research.meaning.installed import encoder
from reprise_research.meaning.memory import RememberingEncoder

__all__ = ["Encoder", "RememberingEncoder", "encoder"]
