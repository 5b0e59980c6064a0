#!/bin/sh
# Builds the kernels with the address and undefined-behaviour sanitizers, in a copy of the
# sources below build/sanitize, and runs there what is given: `sanitized.sh PYTHON WORD...`.
# The kernels in use are not touched.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
copy="$root/build/sanitize"
python=$1
shift
mkdir -p "$copy"
cd "$root"
tar -c --exclude='*.so' --exclude='*.c' --exclude=__pycache__ \
    node precompiles rpc derivation tests setup.py pyproject.toml README.md LICENSE |
    tar -x -C "$copy"
cd "$copy"
echo "building the kernels with sanitizers in $copy ..."
BYLINE_SANITIZE=1 "$python" setup.py --quiet build_ext --inplace --parallel 2
library() {
    "${CC:-gcc}" -print-file-name="$1"
}
# CPython keeps much until it ends, so leaks are looked for by other tests; its own
# allocator would hide an overrun of bytes.
LD_PRELOAD="$(library libasan.so) $(library libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    PYTHONMALLOC=malloc PYCRYPTODOME_DISABLE_DEEPBIND=1 \
    PYTHONPATH="$copy/build/import-root" \
    BYLINE_VECTORS="${BYLINE_VECTORS:-$root/../shared/vectors}" \
    "$python" "$@"
