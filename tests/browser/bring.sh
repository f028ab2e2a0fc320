#!/bin/sh
# Debian's Chromium with Chinese letters, for the tests of the desk: installed where apt-get may; where it cannot be brought that is said loudly, and with CI=true it is a failure.
there() {
    for name in "$CHROMIUM" chromium chromium-browser google-chrome google-chrome-stable; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}
there && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "No browser is installed; the tests of the desk need one: apt-get install chromium fonts-noto-cjk" >&2
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >&2
fi
there && exit 0
echo "!!!!!!!! NO BROWSER: the desk will not be looked at in a browser. On Debian, as root: apt-get install chromium fonts-noto-cjk !!!!!!!!" >&2
[ "$CI" != true ]
