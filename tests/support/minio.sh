# Sourced by the scripts that need a real S3: MinIO with TLS under an authority of its own, a KMS, and a versioned bucket.
# Needs $work and on_exit of tests/e2e/lib.sh. Afterwards AWS_* and HF_S3_* are set.
minio_binary=${HOLDFAST_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast-servers}/bin/minio
[[ -x $minio_binary ]] || fail "there is no MinIO: tools/real-servers minio builds it"
minio_pid=
export AWS_ACCESS_KEY_ID=canaryaccess AWS_SECRET_ACCESS_KEY=canary-secret-5e1f AWS_REGION=us-east-1 AWS_CA_BUNDLE=$work/ca.pem
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_SHARED_CREDENTIALS_FILE AWS_CONFIG_FILE
bucket=holdfast-tests

minio_prepare() {
  # Not one of those that the system gives to outgoing connections: the server is to come back on it.
  minio_port=$(/usr/bin/python3 "$e2e/../support/free_port.py")
  mkdir -p "$work/minio/certs" "$work/minio/data"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=authority of tests' -keyout "$work/minio/ca.key" -out "$work/ca.pem" 2> /dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=127.0.0.1' -keyout "$work/minio/certs/private.key" -out "$work/minio/request" 2> /dev/null
  openssl x509 -req -in "$work/minio/request" -CA "$work/ca.pem" -CAkey "$work/minio/ca.key" -CAcreateserial -days 30 \
    -extfile <(echo 'subjectAltName=IP:127.0.0.1') -out "$work/minio/certs/public.crt" 2> /dev/null
  minio_kms="hf-key:$(openssl rand -base64 32)"
  export AWS_ENDPOINT_URL=https://127.0.0.1:$minio_port HF_S3_ENDPOINT=https://127.0.0.1:$minio_port HF_S3_BUCKET=$bucket HF_S3_CA_FILE=$work/ca.pem
  on_exit="minio_stop; $on_exit"
}

minio_start() {
  MINIO_ROOT_USER=$AWS_ACCESS_KEY_ID MINIO_ROOT_PASSWORD=$AWS_SECRET_ACCESS_KEY MINIO_KMS_SECRET_KEY=$minio_kms MINIO_BROWSER=off \
    "$minio_binary" server --quiet --address "127.0.0.1:$minio_port" --certs-dir "$work/minio/certs" "$work/minio/data" >> "$work/minio/log" 2>&1 &
  minio_pid=$!
  for _ in {1..600}; do
    curl -sf --cacert "$work/ca.pem" "$AWS_ENDPOINT_URL/minio/health/ready" && return
    kill -0 "$minio_pid" 2> /dev/null || fail "MinIO ended: $(cat "$work/minio/log")"
    sleep 0.1
  done
  fail "MinIO does not get ready: $(cat "$work/minio/log")"
}

minio_stop() {  # minio_stop [SIGNAL]
  [[ -z $minio_pid ]] && return
  kill -s "${1:-TERM}" "$minio_pid" 2> /dev/null || true
  wait "$minio_pid" 2> /dev/null || true
  minio_pid=
}

s3() { /usr/bin/python3 "$e2e/../support/s3.py" "$@"; }  # s3 METHOD PATH[?QUERY] [BODY]

minio_make_bucket() {
  # It says that it is ready a little before it serves.
  for _ in {1..300}; do s3 PUT "$bucket" > make_bucket.log 2>&1 && break; sleep 0.2; done
  s3 PUT "$bucket?versioning" '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
}

keys_in() {  # keys_in PREFIX: the names of the objects below it
  s3 GET "$bucket?list-type=2&prefix=${1//\//%2F}" | { grep -o '<Key>[^<]*</Key>' || true; } | sed 's/<[^>]*>//g'
}
