#!/bin/sh
# Times the same products with other libraries: run.sh INPUTS OUTPUTS REPEATS ROWS THREADS, the last
# two being lists such as 1,8,512.  Prints one JSON object a line, as `vise bench peers` reads them;
# what is not installed is skipped with a word.  VISE_PEERS_PYTHON names the Python to use.
python=${VISE_PEERS_PYTHON:-python3}
here=$(dirname "$0")
if ! command -v "$python" >/dev/null; then
    echo '{"skipped": "Python and what it would run: there is none"}'
    exit 0
fi
for peer in onnxruntime ggml; do
    "$python" "$here/peer_$peer.py" "$@" 2>/dev/null ||
        echo "{\"skipped\": \"$peer: not installed for $python, or it failed\"}"
done
