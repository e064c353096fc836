"""What the letters' function needs."""

import os
from functools import cache

from workers.bootstrap import client
from workers.settings import letters_settings
from workers.store.letters import LetterStore


@cache
def letter_store() -> LetterStore:
    """The index of dead letters."""
    settings = letters_settings(os.environ)
    return LetterStore(client.make("dynamodb"), client.sealer(settings.seal_key_arn), settings.letters_table)
