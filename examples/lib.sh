# What every example's run.sh sources: free ports, processes by their ids, waiting with a bound, cleaning up.
#
#   relay NAME [CONFIG]   a Forebay with its data in $work/NAME; sets $http and $admin to its doors' addresses
#   start NAME COMMAND…   a process; sets $address to what it prints after "listening on "
#   kill9 NAME            ends one
#   free_port             prints a port on which nobody listens, and which the system gives to no client: one that ends and
#                         comes back finds it free
#   eventually SECONDS COMMAND…   asks until the command succeeds; fails after so long
#   queue_is NUMBER QUEUE STATE   does so many messages of the queue wait in that state? (at $admin)
#
# Everything lives in $work, a directory that goes when the script ends, with every process started here. What a
# process wrote is in $work/NAME.log, and is shown when the example fails.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1

here=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
examples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
forebay=${FOREBAY:-$examples/../build/forebay}
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d)
declare -A pids=()

clean_up() {
  local status=$? name
  if (( status != 0 )); then tail -n 20 "$work"/*.log >&2 || true; fi
  exec 2> /dev/null  # or the shell names each process that is killed
  for name in "${!pids[@]}"; do kill -9 "${pids[$name]}" || true; done
  wait || true
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

fail() { printf 'failed: %s\n' "$*" >&2; exit 1; }

free_port() {
  local first port
  read -r first _ < /proc/sys/net/ipv4/ip_local_port_range
  while port=$(( first > 20000 ? 10000 + RANDOM % (first - 10000) : 1024 + RANDOM % 9000 )); do
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
  done
  echo "$port"
}

eventually() {
  local end=$(( SECONDS + $1 ))
  shift
  until "$@"; do
    (( SECONDS < end )) || return 1
    sleep 0.05
  done
}

# spawn NAME COMMAND…: in the background; its output begins anew, before anybody looks for what it says.
spawn() {
  local name=$1
  shift
  : > "$work/$name.log"
  "$@" >> "$work/$name.log" 2>&1 &
  pids[$name]=$!
}

# said NAME TEXT: what follows the text in the process's output; false: it has not said it yet.
said() { sed -n "s/.*$2\([^ ]*\).*/\1/p" "$work/$1.log" | head -n 1 | grep .; }
said_or_gone() { said "$@" > /dev/null || ! kill -0 "${pids[$1]}" 2> /dev/null; }

start() {
  spawn "$@"
  eventually 30 said_or_gone "$1" 'listening on ' || fail "$1 does not listen in time"
  address=$(said "$1" 'listening on ') || fail "$1 has ended"
}

relay() {
  local name=$1 config=${2:-$here/forebay.yaml}
  DATA_DIR=$work/$name.data spawn "$name" "$forebay" serve -c "$config"
  eventually 30 said_or_gone "$name" 'admin door on ' || fail "the relay $name does not start in time"
  http=$(said "$name" 'http door on ') || fail "the relay $name has ended"
  admin=$(said "$name" 'admin door on ')
}

kill9() {
  { kill -9 "${pids[$1]}"; wait "${pids[$1]}" || true; } 2> /dev/null
  unset "pids[$1]"
}

queue_is() { curl -sf "$admin/v1/queues/$2" | jq -e ".messages.$3 == $1" > /dev/null; }
