// Loading of one database of a point's tree: made, its schema, its rows, what is checked and indexed, its statistics.
//
// Every statement is executed by us, so each error has its SQLSTATE: by default the first one ends the load. Rows go
// over several connections, indexes and keys as well, those of one table while another is still loaded.
#pragma once

#include <optional>

#include "base/named_files.h"
#include "pg/archive.h"
#include "pg/connection.h"
#include "pg/load_log.h"
#include "pg/selection.h"
#include "pg/toc.h"

namespace hf {

struct PgLoadRequest {
  NamedFiles& files;   // with the rows
  std::string prefix;  // of their names: before those in toc.json
  const PgToc& toc;
  const PgParameters& server;            // any database of it that is not to be replaced
  std::string database;                  // as it shall be called
  bool is_there = false;                 // it is not made: loaded into as it is
  bool drop_first = false;               // drop it, ending its sessions, and make it
  bool clean = false;                    // with is_there: first drop what the point has of it
  bool no_owner = false;                 // neither owners nor privileges
  bool go_on = false;                    // what the server refuses becomes a note
  std::optional<PgSelection> selection;  // nothing: all of it
  unsigned connections = 2;
  std::function<void(const std::string& step)> on_step;  // "schema", "rows", "indexes", "statistics"
};

// Corrupt: a file is not what was recorded. NotFound: the selection names what the point does not have.
Status load_database(const PgWorld& world, PgArchive& archive, const PgLoadRequest& request, PgLoadLog& log,
                     std::stop_token stop);

}  // namespace hf
