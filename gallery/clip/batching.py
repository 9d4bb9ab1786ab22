"""Requests that arrive together go through the model together."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Row = TypeVar("Row")


class Overloaded(Exception):
    """More is waiting than the model will get through in good time."""


class MicroBatcher(Generic[Item, Row]):
    """Gathers items for a short window, or until a batch is full, and runs `encode` on them in `executor`.

    encode: a list of items → one row for each, in order. Several batchers may share an executor of one
    thread; each has at most one batch there, so that none keeps the others waiting for long.
    """

    def __init__(
        self,
        encode: Callable[[list[Item]], Iterable[Row]],
        executor: Executor,
        *,
        max_batch: int,
        window: float = 0.005,  # seconds
        max_waiting: int = 512,  # items
    ) -> None:
        self._encode = encode
        self._executor = executor
        self._max_batch = max_batch
        self._window = window
        self._waiting: asyncio.Queue[tuple[Item, asyncio.Future[Row]]] = asyncio.Queue(max_waiting)

    @property
    def waiting(self) -> int:
        return self._waiting.qsize()

    async def submit(self, item: Item) -> Row:
        """The row of one item. Raises Overloaded, or what `encode` raised for the item's batch."""
        future: asyncio.Future[Row] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((item, future))
        except asyncio.QueueFull:
            raise Overloaded from None
        return await future

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            batch = await self._gather()
            batch = [(item, future) for item, future in batch if not future.done()]  # asker has gone away
            if batch:
                await self._work(batch)

    async def _gather(self) -> list[tuple[Item, asyncio.Future[Row]]]:
        batch = [await self._waiting.get()]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._window
        while len(batch) < self._max_batch and (left := deadline - loop.time()) > 0:
            try:
                batch.append(await asyncio.wait_for(self._waiting.get(), left))
            except TimeoutError:
                break
        return batch

    async def _work(self, batch: list[tuple[Item, asyncio.Future[Row]]]) -> None:
        items = [item for item, _ in batch]
        loop = asyncio.get_running_loop()
        try:
            rows = await loop.run_in_executor(self._executor, self._encode, items)
        except Exception as error:  # noqa: BLE001 — handed to everyone who waits for this batch
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), row in zip(batch, rows, strict=True):
            if not future.done():
                future.set_result(row)
