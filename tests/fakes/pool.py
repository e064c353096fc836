"""Processes of a comparison, without processes."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Self


class InThisProcess:
    """A pool without processes: what is submitted is done at once, and its result, or its fault, is kept."""

    def __init__(self, _workers: int, _context: Any, begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        begin(*arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, function: Callable[..., int], *arguments: Any) -> "Future[int]":
        future: Future[int] = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:  # noqa: BLE001  as a pool does
            future.set_exception(error)
        return future

    def shutdown(self, *, wait: bool, cancel_futures: bool) -> None:
        assert wait
        assert cancel_futures
