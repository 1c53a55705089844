#!/bin/bash
# Backup tools measured side by side on generated files: README.md tells how to run this and what the columns mean.
#   files.sh run           all sets, tools and runs; writes a TSV and a markdown table, prints the table
#   files.sh data          only makes the data sets
#   files.sh table TSV     prints the table of an earlier run
#
# A tool is seven functions (naive has no init): X_version X_env X_init X_backup X_restore X_check X_prune. Each works with
#   SRC    the folder to back up, always at the same path      REPO   the tool's repository: an empty folder at first
#   OUT    an empty folder to restore into                     STATE  the tool's own folder for caches and settings
#   LABEL  a name for this backup, or the name of the latest   PW     a file with the passphrase
# Some settings are exported at file scope only to reach the timed child (this script again, as `step TOOL ACTION`).
set -euo pipefail
export LC_ALL=C

self=$(realpath "${BASH_SOURCE[0]}")
here=$(dirname "$self")
export W=${W:-${TMPDIR:-/tmp}/holdfast-bench}
export PEERS=${PEERS:-$HOME/.cache/holdfast-peers}
export HOLDFAST=${HOLDFAST:-$here/../build/release/holdfast}
export PW=$W/passphrase
SETS=${SETS:-"A B C D"}
TOOLS=${TOOLS:-"holdfast restic kopia rustic borg naive"}
RUNS=${RUNS:-3}
FILES=${FILES:-20000}             # A: how many files
MB=${MB:-1024}                    # B and C: MiB
DMB=${DMB:-64}                    # D: MiB of each of its eight files
STEP_SECONDS=${STEP_SECONDS:-1800} # a step that takes longer has failed
export STORE=${STORE:-directory}  # or s3: a MinIO on loopback, for the tools that know one
S3_PORT=${S3_PORT:-29000}
export AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=bench-secret AWS_REGION=us-east-1 AWS_ENDPOINT_URL=http://127.0.0.1:$S3_PORT

# ---- tools

holdfast_version() { "$HOLDFAST" --version | head -n 1; }
holdfast_env() { export HOLDFAST_CACHE_DIR=$STATE/cache; }
holdfast() { local verb=$1; shift; "$HOLDFAST" "$verb" --repo "$([ $STORE = s3 ] && echo "s3://$BUCKET" || echo "$REPO")" --passphrase-file "$PW" "$@"; }
holdfast_init() { holdfast init; }
holdfast_backup() { holdfast backup "files:$SRC"; }
holdfast_restore() { holdfast restore latest --in "$OUT"; }
holdfast_check() { holdfast check --read-data 100; }
holdfast_prune() { holdfast prune --keep-last 1 --grace 0s --yes; }

restic() { "$PEERS/bin/restic" --quiet "$@"; }
restic_version() { restic version | cut -d' ' -f1,2; }
restic_env() {
  export RESTIC_REPOSITORY=$REPO RESTIC_PASSWORD_FILE=$PW RESTIC_CACHE_DIR=$STATE/cache
  if [ $STORE = s3 ]; then RESTIC_REPOSITORY=s3:$AWS_ENDPOINT_URL/$BUCKET; fi
}
restic_init() { restic init; }
restic_backup() { cd "$SRC" && restic backup .; }
restic_restore() { restic restore latest --target "$OUT"; }
restic_check() { restic check --read-data; }
restic_prune() { restic forget --keep-last 1 --prune; }

kopia() { "$PEERS/bin/kopia" "$@"; }
kopia_version() { echo "kopia $(kopia --version | cut -d' ' -f1)"; }
kopia_env() {
  KOPIA_PASSWORD=$(cat "$PW")
  export KOPIA_PASSWORD KOPIA_CONFIG_PATH=$STATE/config KOPIA_CACHE_DIRECTORY=$STATE/cache KOPIA_LOG_DIR=$STATE/log
  export KOPIA_CHECK_FOR_UPDATES=false KOPIA_USE_KEYRING=false KOPIA_PERSIST_CREDENTIALS_ON_CONNECT=true
}
kopia_init() {
  local where=(filesystem "--path=$REPO")
  if [ $STORE = s3 ]; then
    where=(s3 "--bucket=$BUCKET" "--endpoint=127.0.0.1:$S3_PORT" --disable-tls "--access-key=$AWS_ACCESS_KEY_ID" "--secret-access-key=$AWS_SECRET_ACCESS_KEY")
  fi
  kopia repository create "${where[@]}" &&
    kopia policy set --global --compression=zstd --keep-latest=1 --keep-hourly=0 --keep-daily=0 --keep-weekly=0 --keep-monthly=0 --keep-annual=0
}
kopia_backup() { kopia snapshot create --no-progress "$SRC"; }
kopia_restore() { kopia snapshot restore --no-progress --snapshot-time=latest "$SRC" "$OUT"; }
kopia_check() { kopia snapshot verify --verify-files-percent=100; }
kopia_prune() { kopia snapshot expire --all --delete && kopia maintenance run --full --safety=none; }

rustic() { "$PEERS/rustic/bin/rustic" "$@"; }
rustic_version() { rustic --version; }
rustic_env() {
  export HOME=$STATE RUSTIC_REPOSITORY=$REPO RUSTIC_PASSWORD_FILE=$PW RUSTIC_CACHE_DIR=$STATE/cache
  export RUSTIC_NO_PROGRESS=true RUSTIC_LOG_LEVEL=warn
  if [ $STORE != s3 ]; then return; fi
  export RUSTIC_REPOSITORY=opendal:s3
  mkdir -p "$STATE/.config/rustic"
  printf '[repository.options]\nbucket = "%s"\nendpoint = "%s"\nregion = "%s"\naccess_key_id = "%s"\nsecret_access_key = "%s"\n' \
    "$BUCKET" "$AWS_ENDPOINT_URL" "$AWS_REGION" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$STATE/.config/rustic/rustic.toml"
}
rustic_init() { rustic init; }
rustic_backup() { cd "$SRC" && rustic backup .; }
rustic_restore() { rustic restore latest "$OUT"; }
rustic_check() { rustic check --read-data; }
rustic_prune() { rustic forget --keep-last 1 --prune --instant-delete --keep-delete 0s --keep-pack 0s; }

borg() { "$PEERS/borg14/bin/borg" "$@"; }
borg_version() { borg --version; }
borg_env() { export BORG_REPO=$REPO BORG_PASSCOMMAND="cat $PW" BORG_BASE_DIR=$STATE; }
borg_init() { borg init --encryption repokey-blake2; }
borg_backup() { cd "$SRC" && borg create --compression zstd,3 "::$LABEL" .; }
borg_restore() { cd "$OUT" && borg extract "::$LABEL"; }
borg_check() { borg check --verify-data; }
borg_prune() { borg prune --keep-last 1 && borg compact; }

# The limit of compressing and encrypting on all cores: no index, no deduplication, no authentication.
cipher() { openssl enc -aes-256-ctr -pbkdf2 -pass "file:$PW" "$@"; }
naive_version() { zstd --version | grep -o 'v[0-9.]*' | sed 's/^/tar, zstd /; s/$/, openssl/'; }
naive_env() { :; }
naive_backup() { tar -C "$SRC" -cf - . | zstd -q -3 -T0 | cipher -out "$REPO/$LABEL"; }
naive_restore() { cipher -d -in "$REPO/$LABEL" | zstd -q -d | tar -C "$OUT" -xf -; }
naive_check() { local f; for f in "$REPO"/*; do cipher -d -in "$f" | zstd -q -t; done; }
naive_prune() { find "$REPO" -type f ! -name "$LABEL" -delete; }

# ---- data

versions_of() { case $1 in B) echo "v2 v3" ;; *) echo v2 ;; esac; }

make_generator() {
  mkdir -p "$W"
  [ "$W/filesgen" -nt "$here/filesgen.c" ] || gcc -O2 -o "$W/filesgen" "$here/filesgen.c"
}

make_set() { # SET VERSION: brings $W/data/SET/src there; a later version is made from the one before
  local set=$1 version=$2 dir=$W/data/$1 src=$W/data/$1/src gen=$W/filesgen want i
  want="$version $FILES $MB $DMB $(cksum <"$here/filesgen.c")"
  if [ "$(cat "$dir/version" 2>/dev/null)" = "$want" ]; then return; fi
  rm -f "$dir/version"
  if [ "$version" = v1 ]; then rm -rf "$src"; fi
  mkdir -p "$src"
  case $set.$version in
    A.v1) "$gen" tree "$src" "$FILES" ;;
    A.v2) "$gen" edit-tree "$src" "$FILES" ;;
    B.v1) "$gen" dump "$src/dump.sql" "$MB" same ;;
    B.v2) "$gen" dump "$src/dump.sql" "$MB" clustered ;;
    B.v3) "$gen" dump "$src/dump.sql" "$MB" scattered ;;
    C.v1) "$gen" pages "$src/base.dat" "$MB" ;;
    C.v2) "$gen" edit-pages "$src/base.dat" "$MB" 1 ;;
    D.v1) for i in 0 1 2 3 4 5 6 7; do "$gen" random "$src/m$i.bin" "$DMB" "$i"; done ;;
    D.v2) { head -c 1000003 /dev/zero; cat "$src/m3.bin"; } >"$dir/new" && mv "$dir/new" "$src/m3.bin" ;;
    *) echo "no data set $set $version" >&2; return 1 ;;
  esac
  echo "$want" >"$dir/version"
}

bytes_in() { find "$1" -type f -printf '%s\n' 2>/dev/null | awk '{n += $1} END {print n + 0}'; }

# ---- measuring

warm() { find "$1" -type f -print0 | xargs -0 -r cat >/dev/null; }

busy_ticks() { awk '/^cpu / {print $2 + $3 + $4}' /proc/stat; }

at() { # TOOL SET: where its things are
  export SRC=$W/data/$2/src REPO=$W/repos/$2.$1/repo STATE=$W/repos/$2.$1/state OUT=$W/repos/$2.$1/out
  if [ $STORE = s3 ]; then
    export BUCKET=bench-$1
    REPO=$W/repos/minio/$BUCKET # where MinIO keeps it: a folder at its top is a bucket
  fi
}

compare() { # does OUT hold what SRC holds? Some tools restore into a folder of the source's name
  local restored=$OUT
  if [ -d "$OUT/src" ]; then restored=$OUT/src; fi
  if diff -r "$SRC" "$restored" >"$W/diff" 2>&1; then echo equal; else echo DIFFERENT; fi
}

step() { # RUN TOOL SET STEP ACTION: one timed step, one line of results; needs at()
  local run=$1 tool=$2 set=$3 name=$4 action=$5 before after ticks synced code=0 same=- seconds user sys rss
  local log=$W/log/$set.$tool.$name.$run
  case $action in backup) warm "$SRC" ;; *) warm "$REPO" ;; esac
  if [ "$action" = restore ]; then rm -rf "$OUT"; mkdir -p "$OUT"; fi
  before=$(bytes_in "$REPO")
  sync -f "$W"
  ticks=$(busy_ticks)
  /usr/bin/time -q -o "$W/time" -f "%e %U %S %M" timeout "$STEP_SECONDS" bash "$self" step "$tool" "$action" >"$log" 2>&1 </dev/null || code=$?
  ticks=$(($(busy_ticks) - ticks))
  synced=$(date +%s.%N)
  sync -f "$W"
  synced=$(date +%s.%N | awk -v from="$synced" '{printf "%.2f", $1 - from}')
  read -r seconds user sys rss <"$W/time"
  after=$(bytes_in "$REPO")
  if [ "$action" = restore ]; then same=$(compare); rm -rf "$OUT"; fi
  awk -v OFS='\t' -v head="$run $set $name $tool $code $same $seconds $user $sys $((rss / 1024))" -v before="$before" -v after="$after" \
    -v synced="$synced" -v ticks="$ticks" -v hz="$(getconf CLK_TCK)" 'BEGIN {
      n = split(head, h, " "); for (i = 1; i <= n; i++) printf "%s\t", h[i]
      other = ticks / hz - h[8] - h[9]
      printf "%.1f\t%.1f\t%s\t%.1f\n", (after - before) / 1e6, after / 1e6, synced, other < 0 ? 0 : other }' | tee -a "$RESULTS"
}

each() { # RUN SET STEP ACTION: the step for every tool in turn
  local tool
  for tool in "${order[@]}"; do
    case $tool.$3 in naive.init | naive.unchanged) continue ;; esac # nothing to do, and the first backup again
    at "$tool" "$2"
    step "$1" "$tool" "$2" "$3" "$4"
  done
}

minio_start() {
  local minio=${HOLDFAST_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast-servers}/bin/minio
  [ -x "$minio" ] || { echo "there is no MinIO: tools/real-servers minio builds it" >&2; return 1; }
  mkdir -p "$W/repos/minio"
  MINIO_ROOT_USER=$AWS_ACCESS_KEY_ID MINIO_ROOT_PASSWORD=$AWS_SECRET_ACCESS_KEY MINIO_BROWSER=off \
    "$minio" server --quiet --address "127.0.0.1:$S3_PORT" "$W/repos/minio" >>"$W/log/minio" 2>&1 &
  minio_pid=$!
  local _
  for _ in {1..300}; do
    if curl -sf "$AWS_ENDPOINT_URL/minio/health/ready"; then return; fi
    sleep 0.1
  done
  echo "MinIO does not get ready: see $W/log/minio" >&2
  return 1
}

minio_stop() {
  if [ -z "${minio_pid:-}" ]; then return; fi
  kill "$minio_pid"
  wait "$minio_pid" || true
  minio_pid=
}

measure() { # RUN SET
  local run=$1 set=$2 tool version
  make_set "$set" v1
  rm -rf "$W/repos"
  for tool in "${order[@]}"; do at "$tool" "$set"; mkdir -p "$REPO" "$STATE"; done
  if [ $STORE = s3 ]; then minio_start; fi
  each "$run" "$set" init init
  export LABEL=v1; each "$run" "$set" first backup
  export LABEL=unchanged; each "$run" "$set" unchanged backup
  export LABEL=v1; each "$run" "$set" restore restore
  each "$run" "$set" check check
  for version in $(versions_of "$set"); do
    make_set "$set" "$version"
    export LABEL=$version; each "$run" "$set" "$version" backup
  done
  each "$run" "$set" prune prune
  each "$run" "$set" restore-last restore
  minio_stop
  rm -rf "$W/repos"
}

present() { # TOOL: prints its version, or fails
  at "$1" none
  mkdir -p "$STATE" "$REPO"
  ( "$1_env"; "$1_version" ) 2>/dev/null
}

run() {
  local run set tool version
  umask 077
  mkdir -p "$W/log"
  trap minio_stop EXIT
  if [ $STORE = s3 ]; then TOOLS=${TOOLS//borg/}; TOOLS=${TOOLS//naive/}; fi
  make_generator
  echo "bench-passphrase-not-a-secret" >"$PW"
  order=()
  RESULTS=$W/files-$(date +%Y%m%d-%H%M%S).tsv
  {
    echo "# $(date +%F), $(nproc) cores,$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2), $(free -g | awk '/^Mem/ {print $2}') GiB"
    echo "# STORE=$STORE FILES=$FILES MB=$MB DMB=$DMB RUNS=$RUNS"
    for tool in $TOOLS; do
      if version=$(present "$tool"); then order+=("$tool"); echo "# $version"; else echo "$tool is not installed: left out" >&2; fi
    done
    printf 'run\tset\tstep\ttool\tcode\tsame\tseconds\tuser\tsys\trss_mb\tadded_mb\tstored_mb\tsync_s\tother_cpu_s\n'
  } >"$RESULTS"
  if [ ${#order[@]} = 0 ]; then echo "no tool to measure" >&2; return 1; fi
  for run in $(seq "$RUNS"); do
    for set in $SETS; do measure "$run" "$set"; done
    order=("${order[@]:1}" "${order[0]}") # no tool always comes first
  done
  python3 "$here/table.py" "$RESULTS" | tee "${RESULTS%.tsv}.md"
}

case ${1:-} in
  run) run ;;
  data) make_generator; for set in $SETS; do make_set "$set" v1; du -sm "$W/data/$set/src"; done ;;
  table) python3 "$here/table.py" "${2:?a results file}" ;;
  step) "$2_env"; "$2_$3" ;; # inside the timer
  *) sed -n '2,5p' "$self"; exit 2 ;;
esac
