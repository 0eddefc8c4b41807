"""An immutable mapping whose copy-on-write copies a sixty-fourth of it."""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar, get_args

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

V = TypeVar("V")
D = TypeVar("D")
_WIDTH = 64
_NOTHING: dict[str, Any] = {}
"""Every bucket that holds nothing. No bucket is ever changed once its mapping is made."""


class Map(Mapping[str, V], Generic[V]):
    """A persistent mapping from strings: `put` and `drop` return a new one and leave the old one as it was.

    A session has thousands of steps and each event touches one of them: copying a whole dict for each would
    make an event cost as much as the session is large. The order of iteration depends on nothing but the keys
    and their history.
    """

    __slots__ = ("_buckets", "_size")

    def __init__(self, items: Iterable[tuple[str, V]] = ()) -> None:
        buckets: list[dict[str, V]] = [_NOTHING] * _WIDTH
        for key, value in items:
            place = zlib.crc32(key.encode()) % _WIDTH
            if buckets[place] is _NOTHING:
                buckets[place] = {}
            buckets[place][key] = value
        self._buckets = tuple(buckets)
        self._size = sum(map(len, buckets))

    @classmethod
    def _made(cls, buckets: tuple[dict[str, V], ...], size: int) -> "Map[V]":
        new: Map[V] = object.__new__(cls)
        new._buckets, new._size = buckets, size
        return new

    def _replaced(self, place: int, bucket: dict[str, V], size: int) -> "Map[V]":
        return self._made((*self._buckets[:place], bucket, *self._buckets[place + 1 :]), size)

    def put(self, key: str, value: V) -> "Map[V]":
        """The same mapping with one value added or replaced."""
        place = zlib.crc32(key.encode()) % _WIDTH
        bucket = self._buckets[place]
        return self._replaced(place, {**bucket, key: value}, self._size + (key not in bucket))

    def drop(self, key: str) -> "Map[V]":
        """The same mapping without a key; the mapping itself if it was not there."""
        place = zlib.crc32(key.encode()) % _WIDTH
        bucket = self._buckets[place]
        if key not in bucket:
            return self
        return self._replaced(place, {k: v for k, v in bucket.items() if k != key}, self._size - 1)

    def __getitem__(self, key: str) -> V:
        return self._buckets[zlib.crc32(key.encode()) % _WIDTH][key]

    def get(self, key: str, default: D | None = None) -> V | D | None:  # type: ignore[override]  # narrower on purpose
        """The value of a key, or the default."""
        return self._buckets[zlib.crc32(key.encode()) % _WIDTH].get(key, default)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self._buckets[zlib.crc32(key.encode()) % _WIDTH]

    def __iter__(self) -> Iterator[str]:
        for bucket in self._buckets:
            yield from bucket

    def __len__(self) -> int:
        return self._size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Map) and self._buckets == other._buckets

    def __hash__(self) -> int:
        return hash(frozenset(self))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """In a snapshot it is a plain object."""
        values = handler.generate_schema((get_args(source) or (Any,))[0])
        plain = core_schema.dict_schema(core_schema.str_schema(), values)
        return core_schema.no_info_after_validator_function(
            lambda items: cls(items.items()),
            plain,
            serialization=core_schema.plain_serializer_function_ser_schema(dict, return_schema=plain),
        )

    def __repr__(self) -> str:
        return f"Map({dict(self)!r})"
