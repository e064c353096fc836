"""A seeded bug that comes and goes, so that dead letters can be made and mended without another deployment."""

from pathlib import Path

from infra.package import Patch


def refuses_validated(bug: Path) -> Patch:
    """Validated payins are refused for as long as the file is there."""
    old = "    amount = to_float(payin.amount)\n"
    new = (
        "    import pathlib\n"
        f"    if payin.payinStatus == 'VALIDATED' and pathlib.Path({str(bug)!r}).exists():\n"
        "        from workers.logic.decision import RejectedMessageError\n"
        "        raise RejectedMessageError('status')\n"
    )
    return Patch("workers/logic/payin.py", old, new + old)
