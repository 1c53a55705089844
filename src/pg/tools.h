// PgTool: PostgreSQL's own programs, found and of a version that fits the server.
//
// A pg_dump older than the server does not know all that the server has; PostgreSQL's refuses, and a wrapper may choose
// another one than we asked: so the version is looked at first.
#pragma once

#include <string>

#include "base/clock.h"
#include "sys/fs.h"
#include "sys/process.h"

namespace hf {

struct PgTool {
  std::string path;
  int major = 0;
};

struct PgToolQuery {
  std::string name;   // "pg_dump"
  std::string bin;    // directory it must be in; "": that of the server's major in /usr/lib/postgresql, else the newest
                      // there, else what PATH has
  int major_min = 0;  // the server's
};

// Failed: there is none, or it is older; the hint names the package that mends it.
Result<PgTool> find_pg_tool(Fs& fs, Process& process, const PgToolQuery& query, const Deadline& deadline,
                            std::stop_token stop);

// The environment of every such program, beside what pg_child_environment() adds.
std::map<std::string, std::string> pg_tool_environment();

}  // namespace hf
