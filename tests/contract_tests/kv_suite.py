"""What every `KeyValue` must do; an implementation passes by inheriting `KeyValueSuite`."""

from __future__ import annotations

import threading
from abc import abstractmethod

import pytest

from byline.node.storage.kv import KeyValue


class KeyValueSuite:
    """Inherit, and say in `fresh` how an empty store is made."""

    @pytest.fixture
    @abstractmethod
    def kv(self) -> KeyValue:
        """An empty store."""

    def test_what_was_never_written_is_none(self, kv: KeyValue) -> None:
        assert kv.get(b"missing") is None

    def test_a_batch_writes_and_deletes(self, kv: KeyValue) -> None:
        kv.write({b"a": b"1", b"b": b"2"})
        kv.write({b"a": None, b"b": b"3", b"never": None})
        assert (kv.get(b"a"), kv.get(b"b"), kv.get(b"never")) == (None, b"3", None)

    def test_empty_keys_and_values_are_values(self, kv: KeyValue) -> None:
        kv.write({b"": b"x", b"empty": b""})
        assert kv.get(b"") == b"x"
        assert kv.get(b"empty") == b""

    def test_an_empty_batch_changes_nothing(self, kv: KeyValue) -> None:
        kv.write({b"a": b"1"})
        kv.write({}, sync=True)
        assert list(kv.scan(b"")) == [(b"a", b"1")]

    def test_a_batch_with_a_value_of_the_wrong_type_leaves_nothing_behind(
        self, kv: KeyValue
    ) -> None:
        bad = {b"a": b"1", b"b": "text", b"c": b"3"}
        with pytest.raises(TypeError):
            kv.write(bad)  # type: ignore[arg-type]
        assert list(kv.scan(b"")) == []

    def test_a_synced_write_is_there(self, kv: KeyValue) -> None:
        kv.write({b"a": b"1"}, sync=True)
        assert kv.get(b"a") == b"1"

    @pytest.mark.parametrize("reverse", [False, True])
    def test_a_scan_yields_its_prefix_in_order_of_the_key(
        self, kv: KeyValue, reverse: bool
    ) -> None:
        kv.write(
            {key: key * 2 for key in (b"n\x02", b"n\x00", b"n", b"o", b"m\xff", b"n\x00\x01")}
        )
        keys = [b"n", b"n\x00", b"n\x00\x01", b"n\x02"]
        want = [(key, key * 2) for key in keys]
        assert list(kv.scan(b"n", reverse=reverse)) == want[:: -1 if reverse else 1]

    @pytest.mark.parametrize(
        ("start", "reverse", "want"),
        [
            (b"n1", False, [b"n1", b"n2"]),
            (b"n10", False, [b"n2"]),
            (b"n1", True, [b"n1", b"n0"]),
            (b"n10", True, [b"n1", b"n0"]),
            (b"a", False, [b"n0", b"n1", b"n2"]),
            (b"z", False, []),
            (b"z", True, [b"n2", b"n1", b"n0"]),
            (b"a", True, []),
        ],
    )
    def test_a_scan_begins_at_its_start(
        self, kv: KeyValue, start: bytes, reverse: bool, want: list[bytes]
    ) -> None:
        kv.write(dict.fromkeys((b"m", b"n0", b"n1", b"n2", b"o"), b""))
        assert [key for key, _ in kv.scan(b"n", start, reverse)] == want

    def test_a_prefix_of_ff_bytes_has_no_end(self, kv: KeyValue) -> None:
        kv.write({b"\xff\xff": b"1", b"\xff\xffz": b"2", b"\xfe": b"3"})
        assert [key for key, _ in kv.scan(b"\xff\xff")] == [b"\xff\xff", b"\xff\xffz"]
        assert [key for key, _ in kv.scan(b"\xff", reverse=True)] == [b"\xff\xffz", b"\xff\xff"]

    def test_a_scan_sees_the_data_as_it_was_at_its_first_step(self, kv: KeyValue) -> None:
        kv.write({bytes([n]): b"old" for n in range(200)})
        steps = kv.scan(b"")
        first = next(steps)
        kv.write({bytes([n]): b"new" for n in range(250)})
        assert [first, *steps] == [(bytes([n]), b"old") for n in range(200)]

    def test_a_long_scan_yields_everything_once(self, kv: KeyValue) -> None:
        keys = [n.to_bytes(4, "big") for n in range(1500)]
        kv.write(dict.fromkeys(keys, b"x"))
        assert [key for key, _ in kv.scan(b"")] == keys

    def test_readers_never_see_a_batch_half_applied_while_one_writes(self, kv: KeyValue) -> None:
        """Both keys of a batch change together in every scan."""
        kv.write({b"a": b"0", b"b": b"0"})
        stop, torn = threading.Event(), []

        def read() -> None:
            while not stop.is_set():
                seen = {value for _, value in kv.scan(b"")}
                if len(seen) != 1:
                    torn.append(seen)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for number in range(300):
            kv.write({b"a": b"%d" % number, b"b": b"%d" % number})
        stop.set()
        for reader in readers:
            reader.join()
        assert torn == []

    def test_closing_twice_is_no_error(self, kv: KeyValue) -> None:
        kv.close()
        kv.close()
