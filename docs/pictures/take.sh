#!/bin/sh
# Pictures of the top of the demo night's report, in Chinese and English, taken by a headless Chromium.
# From the top of the repository: docs/pictures/take.sh [REPORT.html] [FOLDER]
set -eu
report=$(realpath "${1:-demo/flash_loans/nights/2026-10-31/report.html}")
folder=$(realpath "${2:-$(dirname "$0")}")
for lang in zh en; do
    profile=$(mktemp -d)
    "${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --user-data-dir="$profile" \
        --hide-scrollbars --window-size=1280,1400 --screenshot="$folder/report-$lang.png" \
        "file://$report?lang=$lang" 2>/dev/null
    rm -rf "$profile"
done
ls -l "$folder"/report-*.png
