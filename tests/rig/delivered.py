"""What a journal that is open says of its deliveries."""

from bridge.delivery_reading import Playback, Played
from bridge.journal_file import JournalFile


def played(file: JournalFile) -> list[Played]:
    """All of them, in the order of their numbers, as they stand."""
    playback, known = Playback(), dict[int, Played]()
    for entry in file.rows("SELECT at, taken, placed FROM delivered ORDER BY number"):
        known.update({one.taken.sequence: one for one in playback.play(*entry)})
        known.update(playback.in_hand)
    return [known[sequence] for sequence in sorted(known)]
