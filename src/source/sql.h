// The `sql` kind: a plain SQL script, as pg_dump and pg_dumpall write it, kept as the file it is.
//
// It is not trusted. psql runs what follows a backslash itself, on the machine it runs on: a script with any of that
// but \restrict and \unrestrict, which forbid it, is refused when it is backed up. The proof of a point runs the script
// in a temporary instance with psql, which stops at the first error and is in restricted mode from the beginning.
#pragma once

#include "base/byte_range.h"
#include "source/source.h"

namespace hf {

SourceKind sql_source_kind();

// The same from bytes: one file `name`. They must outlive it.
std::unique_ptr<Source> make_sql_source(const SourceWorld& world, std::string name, ByteRange script, WallTime mtime);

}  // namespace hf
