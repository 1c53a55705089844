#!/usr/bin/env bash
# A tree of everything a file system can hold comes back the same from holdfast and from the reader written from docs/FORMAT.md alone:
# bytes, modes, owners, nanoseconds, links, holes, extended attributes. Run as root: owners and setuid are part of it.
. "$(dirname "$0")/lib.sh"
(($(id -u) == 0)) || fail "not root: owners cannot be tested"

mkdir -p tree/empty-directory tree/deep/er/est tree/$'bad\xff\xfeutf8'
printf 'one' > tree/$'new\nline'
printf 'two' > tree/$'bad\xff\xfeutf8'/$'\x80\x81'
printf 'three' > "tree/$(printf 'n%.0s' {1..255})"
: > tree/empty
printf 'linked' > tree/links-a; ln tree/links-a tree/deep/links-b; ln tree/links-a tree/zz-links-c
head -c 300000 /dev/urandom > tree/big-link; ln tree/big-link tree/deep/er/big-link
ln -s links-a tree/symlink; ln -s /nowhere/at/all tree/dangling; ln -s $'bad\xff' tree/symlink-bytes; ln -s ../tree tree/symlink-dir
mkfifo -m 620 tree/fifo
printf '#!/bin/sh\n' > tree/setuid; chown 1234:2345 tree/setuid; chmod 6755 tree/setuid
mkdir -m 1777 tree/sticky; chown 7:8 tree/sticky; mkdir tree/unwritable; printf x > tree/unwritable/file; chmod 0 tree/unwritable/file; chmod 555 tree/unwritable
truncate -s 20M tree/sparse
printf 'middle' | dd of=tree/sparse bs=1 seek=8388608 conv=notrunc status=none
printf 'end' | dd of=tree/sparse bs=1 seek=20971517 conv=notrunc status=none
truncate -s 3M tree/only-a-hole
head -c 70000 /dev/urandom > tree/hole-at-the-end; truncate -s 1M tree/hole-at-the-end
fallocate -l 2M tree/allocated; head -c 1M /dev/zero > tree/written-zeros
seq 767000 > tree/text
head -c 5242880 /dev/urandom > tree/random
setfattr -n user.note -v 0x00ff0a41 tree/text; setfattr -n user.dir -v here tree/deep; setfattr -n user.empty tree/empty
setfattr -n user.big -v "0x$(printf 'ab%.0s' {1..2000})" tree/random
setfacl -m u:1234:rw-,g:77:r-x tree/text; setfacl -d -m u:55:rwx tree/deep; setfacl -m u:9:r-- tree/empty-directory
touch -d '1999-12-31 23:59:59.123456789 UTC' tree/text
touch -d '1969-07-20 20:17:40.000000001 UTC' tree/random
touch -h -d '2031-01-01 00:00:00.987654321 UTC' tree/dangling
touch -d '2002-02-02 02:02:02.020202020 UTC' tree/empty-directory tree/fifo
sqlite3 app.db "create table t(a integer primary key, b text, c blob); with recursive n(i) as (select 1 union all select i+1 from n where i<3000)
  insert into t select i, 'row ' || i, randomblob(20) from n; create view v as select a from t;"

sources=(files:tree sqlite:app.db "command:seq 1 40000")
expect 0 init "${with[@]}"
expect 0 backup "${with[@]}" "${sources[@]}"
describe tree > first.wanted
sqlite3 app.db .dump > first.sql
first=$("$HOLDFAST" list "${with[@]}" -o json | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["points"][0]["id"])')

printf 'X' | dd of=tree/random bs=1 seek=2000000 conv=notrunc status=none
{ echo 'a line before all others'; cat tree/text; } > text; cat text > tree/text
printf 'more' | dd of=tree/sparse bs=1 seek=4194304 conv=notrunc status=none
rm tree/zz-links-c tree/dangling tree/empty; ln -s now-elsewhere tree/dangling; mkdir tree/empty
chmod 700 tree/links-a; setfattr -x user.dir tree/deep; printf 'new' > tree/added; mv tree/symlink tree/renamed
sqlite3 app.db "update t set b='changed' where a%500=0; delete from t where a=7"
expect 0 backup "${with[@]}" "${sources[@]}"
describe tree > second.wanted
sqlite3 app.db .dump > second.sql
if cmp -s first.wanted second.wanted; then fail "the two points are to differ"; fi
seq 1 40000 > output.wanted

for point in first second; do
  id=latest; [[ $point == second ]] || id=$first
  expect 0 restore "$id" "${with[@]}" --in "$point.holdfast" --setuid
  /usr/bin/python3 "$READER" repo --key-file key restore "$id" "$point.python" 2> stderr || fail "the reader on the $point point: $(cat stderr)"
  [[ ! -s stderr ]] || fail "the reader on the $point point warns: $(cat stderr)"
  for by in holdfast python; do
    describe "$point.$by/tree" > "$point.$by.found"
    same "the $point point restored by $by" "$point.wanted" "$point.$by.found"
    cmp output.wanted "$point.$by/seq/output" || fail "a command's output restored by $by"
    sqlite3 "$point.$by/app.db/app.db" .dump | cmp "$point.sql" - || fail "a database restored by $by"
  done
  cmp "$point.holdfast/app.db/app.db" "$point.python/app.db/app.db" || fail "the database's bytes"
done
/usr/bin/python3 "$READER" repo --key-file key verify > stdout || fail "the reader finds damage: $(cat stdout)"
echo "python_reader_restores_byte_for_byte: $(wc -l < second.wanted) paths of two points are the same from source, holdfast and reader"
