#!/bin/sh
# packaging/install.sh [--root DIR] [--node PROGRAM] TARBALL…   installs packages, units and the udev rule
# packaging/install.sh --remove [--root DIR]                      takes them away; data and secrets stay
# --root: into a folder, for an image or a look. --node: the Node 24 that services run with (default: the one in PATH).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root="" node="" remove=""
while [ $# -gt 0 ]; do
  case $1 in
    --root) root=$(mkdir -p "$2" && cd "$2" && pwd); shift 2 ;;
    --node) node=$2; shift 2 ;;
    --remove) remove=yes; shift ;;
    --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
    -*) echo "No such option: $1. packaging/install.sh --help lists them" >&2; exit 64 ;;
    *) break ;;
  esac
done
[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || { echo "Run as root, or name a folder with --root" >&2; exit 77; }
# With --root nothing of this machine's services is touched.
live() { [ -z "$root" ] && [ -d /run/systemd/system ]; }
units="countersign-core.service countersign-bot@.service"
if [ -n "$remove" ]; then
  if live; then
    systemctl disable --now countersign-core.service 'countersign-bot@*.service' 2>/dev/null || true
  fi
  for unit in $units; do rm -f "$root/etc/systemd/system/$unit"; done
  rm -f "$root/etc/systemd/user/countersign-daemon.service" "$root/etc/udev/rules.d/70-countersign.rules"
  rm -f "$root/usr/lib/sysusers.d/countersign.conf" "$root/usr/lib/tmpfiles.d/countersign.conf"
  rm -rf "$root/usr/lib/countersign" "$root/usr/share/doc/countersign"
  if live; then systemctl daemon-reload; fi
  echo "Removed. What you may still want is left: $root/var/lib/countersign, $root/var/lib/countersign-bot, $root/etc/countersign"
  exit 0
fi
[ $# -gt 0 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 64; }
node=${node:-$(command -v node || true)}
case "$("$node" --version 2>/dev/null)" in
  v2[4-9].* | v[3-9][0-9].*) ;;
  *) echo "${node:-node} is no Node 24 or newer. Name one with --node" >&2; exit 69 ;;
esac
lib=$root/usr/lib/countersign
mkdir -p "$lib/bin"
install -m 0755 "$(readlink -f "$node")" "$lib/bin/node"
[ -f "$lib/package.json" ] || echo '{ "private": true }' >"$lib/package.json"
count=0 total=$#
while [ "$count" -lt "$total" ]; do
  # npm works in another folder than the caller.
  tarball=$(readlink -f "$1"); shift; set -- "$@" "$tarball"; count=$((count + 1))
done
# No install script is run: none of our packages has one, and what node-hid needs is inside it.
(cd "$lib" && PATH="$lib/bin:$PATH" npm install --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error "$@")
place() { install -D -m 0644 "$here/$1" "$root/$2"; }
for unit in $units; do place "systemd/$unit" "etc/systemd/system/$unit"; done
place systemd/countersign-daemon.service etc/systemd/user/countersign-daemon.service
place systemd/countersign.sysusers usr/lib/sysusers.d/countersign.conf
place systemd/countersign.tmpfiles usr/lib/tmpfiles.d/countersign.conf
place udev/70-countersign.rules etc/udev/rules.d/70-countersign.rules
# What somebody has edited stays.
[ -f "$root/etc/countersign/core.env" ] || place systemd/core.env etc/countersign/core.env
if live; then
  systemd-sysusers /usr/lib/sysusers.d/countersign.conf
  systemd-tmpfiles --create /usr/lib/tmpfiles.d/countersign.conf
  systemctl daemon-reload
  if command -v udevadm >/dev/null; then udevadm control --reload && udevadm trigger --subsystem-match=hidraw; fi
fi
echo "Installed. Nothing was started: docs/how-to/install.md goes on from here"
