// PgPrograms: PostgreSQL's programs as restoring uses them, and as whom they run.
//
// A server refuses to run as root, and what is restored is not trusted, neither by a server nor by pg_restore: as root
// their programs are run as another user, without a network where none is wanted, and they die with us.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "sys/fs.h"
#include "sys/process.h"

namespace hf {

struct PgWorld {
  Env env;
  Fs& fs;
  Process& process;
};

struct PgPrograms {
  std::string directory;  // where they are
  int major = 0;          // 15
  std::string user;       // of the system; "": we are not root, and they run as ourselves
  bool can_unshare = false;
};

struct PgProgramsWanted {
  int major = 0;           // of the data; newer ones do, older ones cannot read it
  std::string bin;         // where they must be; "": where Debian has them
  std::string user;        // as whom to run them if we are root; "": postgres
  bool is_server = false;  // initdb, postgres and pg_ctl; else pg_restore alone
};
// Failed: nothing fits; the hint names the package. Invalid: there is no such user.
Result<PgPrograms> find_pg_programs(const PgWorld& world, const PgProgramsWanted& wanted, std::stop_token stop);

// How a program is to be run.
struct PgCommand {
  std::string program;
  std::vector<std::string> arguments;
  bool dies_with_us = true;    // killed when the thread that runs it ends; else it may leave a process behind
  bool has_network = true;     // false: as far as the system lets us
  std::string directory{"/"};  // its working directory: one that its user may enter
};
ProcessSpec to_spec(const PgPrograms& programs, const PgCommand& command);
// Runs it to its end; what it prints is dropped. Failed, with what it said as detail: its status is not 0.
Status run_pg_command(const PgWorld& world, const PgPrograms& programs, const PgCommand& command, Duration time_max,
                      std::stop_token stop);
// Makes `path` the programs' user's. Without effect unless we are root.
Status give_to_pg_user(const PgWorld& world, const PgPrograms& programs, Directory& directory, const std::string& path);

}  // namespace hf
