#!/usr/bin/env bash
# Start a container engine on a Debian machine that has none: for CI and for bare development machines.
# Ends with success only when an engine answers. Run as root; `stop` ends the engine that this script started.
set -euo pipefail

ROOT=${HALCYON_ENGINE_ROOT:-/var/lib/halcyon-engine}
PID_FILE=/run/halcyon-dockerd.pid

answers() { timeout 10 docker info >/dev/null 2>&1; }

stop() {
  [ -s "$PID_FILE" ] || { echo "engine: not ours to stop"; return; }
  kill "$(cat "$PID_FILE")"
  while [ -e "$PID_FILE" ]; do sleep 0.2; done
}

install() {
  command -v dockerd >/dev/null && command -v debootstrap >/dev/null && return
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends docker.io debootstrap iptables >/dev/null
}

start() {
  mkdir -p "$ROOT"
  setsid nohup dockerd --data-root "$ROOT" --pidfile "$PID_FILE" >"$ROOT/dockerd.log" 2>&1 </dev/null &
  for _ in $(seq 60); do
    answers && return
    sleep 1
  done
  echo "engine: dockerd does not answer; the end of $ROOT/dockerd.log:" >&2
  tail -n 30 "$ROOT/dockerd.log" >&2
  exit 1
}

case "${1:-start}" in
  stop) stop ;;
  start)
    install
    answers || start
    echo "engine: $(docker info --format '{{.ServerVersion}}, {{.Driver}}, {{.NCPU}} cores')"
    ;;
  *) echo "usage: $0 [start|stop]" >&2; exit 2 ;;
esac
