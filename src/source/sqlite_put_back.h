// Putting a restored SQLite database in the place of the one that its program uses.
//
// All that can be done while the program runs is done before it is stopped: the copy beside the target is written,
// durable, and proven. What stood there is kept under a name of its own, with its log and journal, so nothing is lost.
#pragma once

#include "source/source.h"

namespace hf {

// In this order: copies the restored file beside the target; proves the copy; runs `stop`; renames the old database and
// its -wal, -shm and -journal to <name>.before-restore-<UTC time>…; renames the copy to the target; proves it there;
// runs `start`. The first result says what was replaced and is failed if nothing was.
//
// If a check of the copy fails, nothing is stopped or changed, and the failed checks are returned. If a step fails
// after `stop` was begun, also if `stop` itself fails, the old database is put back and `start` is run in any case: it
// must bear that the program runs already. Errors: of any of these steps; Failed if `stop` or `start` does not exit
// with 0.
//
// Requires of the operator: after `stop`, nobody has the database open. A program that opens it meanwhile would write
// its old pages into the new file.
Result<std::vector<CheckResult>> put_back_sqlite(const SourceWorld& world, const RecordedSource& recorded,
                                                 const PutBack& request);

}  // namespace hf
