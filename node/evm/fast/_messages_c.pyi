"""What calls and creations share; only `_calls_c`, `_creations_c` and what runs code call it."""
