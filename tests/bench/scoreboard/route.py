"""Runs one route of mq-bridge until SIGTERM: `python route.py CONFIG`. In the rivals' virtual environment, not in ours.

The configuration is the route's, as JSON; with `connect` among its endpoints the Redpanda connectors are loaded.
"""

import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

TOLD_TO_STOP = threading.Event()


def main() -> None:
    """Start, wait, stop in good order."""
    # Nobody else has them: they are installed beside this program only.
    import mq_bridge  # type: ignore[import-not-found]  # noqa: PLC0415

    text = Path(sys.argv[1]).read_text("utf-8")
    if '"connect"' in text:
        import mq_bridge_connect  # type: ignore[import-not-found]  # noqa: PLC0415

        mq_bridge_connect.register()
    config: dict[str, Any] = json.loads(text)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: TOLD_TO_STOP.set())
    route = mq_bridge.Route.from_config({"routes": {"bench": config}}, "bench")
    route.start()
    TOLD_TO_STOP.wait()
    route.stop()
    route.join()


if __name__ == "__main__":
    main()
