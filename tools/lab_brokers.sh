#!/usr/bin/env bash
# Two real Mosquitto brokers to try the guides with, on this machine only, until Ctrl-C. What they keep, and the
# certificates that the first start makes, is in one directory. Not for production: everybody knows these passwords.
# A port is taken? TLS_PORT=28883 PLAIN_PORT=21883 METERS_PORT=31883 tools/lab_brokers.sh
set -euo pipefail

lab=${1:-/tmp/patchbay-lab}
tls=${TLS_PORT:-8883} plain=${PLAIN_PORT:-1883} meters=${METERS_PORT:-11883}
PATH="$PATH:/usr/sbin:/sbin"
for command in mosquitto mosquitto_passwd openssl; do
  command -v "$command" >/dev/null || { echo "Please install $command (Debian: apt-get install mosquitto mosquitto-clients openssl)" >&2; exit 1; }
done
mkdir -p "$lab/central" "$lab/meters"
lab=$(cd "$lab" && pwd)

if [ ! -e "$lab/server.pem" ]; then
  cd "$lab"
  curve=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  openssl req -x509 "${curve[@]}" -days 365 -subj "/CN=Lab CA" -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout ca.key -out ca.pem 2>/dev/null
  openssl req "${curve[@]}" -subj "/CN=localhost" -keyout server.key -out server.csr 2>/dev/null
  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n' > names
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile names -out server.pem \
    2>/dev/null
  touch users && chmod 600 users
  mosquitto_passwd -b users scale-hub secret-1
  mosquitto_passwd -b users printer-hub secret-2
  mosquitto_passwd -b users me secret-3
fi

cat > "$lab/central.conf" <<END
user $(id -un)
per_listener_settings false
allow_anonymous false
password_file $lab/users
listener $tls 127.0.0.1
cafile $lab/ca.pem
certfile $lab/server.pem
keyfile $lab/server.key
listener $plain 127.0.0.1
persistence true
persistence_location $lab/central/
max_queued_messages 0
END
cat > "$lab/meters.conf" <<END
user $(id -un)
listener $meters 127.0.0.1
allow_anonymous true
END

for name in central meters; do
  mosquitto -c "$lab/$name.conf" > "$lab/$name.log" 2>&1 &
done
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM
sleep 1
for name in central meters; do
  grep -i "error" "$lab/$name.log" >&2 && { echo "The broker $name did not start: see $lab/$name.log" >&2; exit 1; }
done
cat <<END
central  127.0.0.1:$tls with TLS (CA: $lab/ca.pem) and 127.0.0.1:$plain without
         users scale-hub (password secret-1), printer-hub (secret-2), me (secret-3)
meters   127.0.0.1:$meters, without a password
Ctrl-C ends both; what central keeps for a hub that is away stays in $lab.
END
wait
