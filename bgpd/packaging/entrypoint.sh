#!/bin/sh
# The router in a container, below a tiny init that is PID 1 and takes in the children of a keeper that died.
#
# A keeper that is killed by a signal leaves its primary and its twin running; the one started after it adopts them,
# and no neighbor notices. An orderly end, a refused configuration and a failure end the container.
set -u

asked=
pass() {
    asked=$1
    kill -"$2" "$keeper" 2>/dev/null
}

while :; do
    /usr/sbin/ftbgpd "$@" &
    keeper=$!
    trap 'pass stop TERM' TERM INT
    trap 'pass "$asked" HUP' HUP
    # A signal ends the waiting, not the keeper.
    while :; do
        wait "$keeper"
        status=$?
        kill -0 "$keeper" 2>/dev/null || break
    done
    if [ "$status" -le 128 ] || [ "$asked" = stop ]; then
        exit "$status"
    fi
    echo "the keeper was killed by signal $((status - 128)): another one is started" >&2
    sleep 0.1
done
