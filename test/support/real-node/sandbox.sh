#!/bin/sh
# First process in the namespaces of sandbox.ts: gives them what a node expects, runs the command and reaps what
# the command leaves. Every mount and interface made here or later ends with the namespaces.
set -eu
mount --make-rshared /
# Fixed paths of containerd, kubelet and CNI.
for folder in /run /var/log /var/lib; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
# The kubelet sets these for the whole machine: it gets files of its own in their place.
mkdir /run/sysctl
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops \
  kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  file=/run/sysctl/$(basename $setting)
  cat /proc/sys/$setting >"$file"
  mount --bind "$file" /proc/sys/$setting
done
ip link set lo up
"$@" &
command=$!
trap 'kill -TERM $command' TERM INT
while :; do
  code=0
  wait $command || code=$?
  kill -0 $command 2>/dev/null || exit $code
done
