// Restoring a plain SQL script into a server, as psql -v ON_ERROR_STOP=1 -f would: into a database that is made, or one
// that is empty. Each statement is executed by itself, so that an error has its line and its SQLSTATE.
#pragma once

#include <set>

#include "base/byte_range.h"
#include "source/source.h"

namespace hf {

// Invalid, with what to write instead, if the request asks for what cannot be done with a script.
Result<std::unique_ptr<Load>> make_sql_load(const SourceWorld& world, const RecordedSource& recorded,
                                            const LoadRequest& request);

// The name of the script in the source's tree.
Result<std::string> script_file(const RecordedSource& recorded);
// The roles that it names, but for those that every server has.
Result<std::set<std::string>> roles_of_script(const ByteRange& script);

}  // namespace hf
