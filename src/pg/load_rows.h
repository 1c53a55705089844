// Loading of rows: the tables' files into tables that are new, over several connections, each row counted and digested
// again on its way. A session that finds no more tables makes indexes and keys of those that are loaded.
//
// A table is loaded in one transaction that empties it first, so the server need not log it (wal_level minimal) and can
// freeze its rows: they are not written again by a later VACUUM. A file that is not what toc.json says is an error that
// names its table, and none of its rows stay.
#pragma once

#include "base/env.h"
#include "base/named_files.h"
#include "pg/connection.h"
#include "pg/load_log.h"
#include "pg/load_steps.h"
#include "pg/toc.h"

namespace hf {

struct PgRowsRequest {
  NamedFiles& files;
  std::string prefix;  // before the names in toc.json
  PgParameters parameters;
  std::vector<const PgTocTable*> tables;
  std::string database;                                          // its recorded name, for messages
  std::string encoding;                                          // of the files
  std::map<const PgTocTable*, std::vector<PgSteps::Step>> keys;  // of these tables
  std::vector<std::string> key_settings;                         // statements before a session's first key
  unsigned connections = 2;
  bool go_on = false;  // what the server refuses becomes a note
};

// The largest first. Corrupt: a file's rows are not those recorded.
Status load_rows(Env env, const PgRowsRequest& request, PgLoadLog& log, std::stop_token stop);

// Sessions that load: what might be set for the role, the database or the server must not get in the way.
Result<std::unique_ptr<PgConnection>> open_loading(Env env, const PgParameters& parameters, std::stop_token stop);

}  // namespace hf
