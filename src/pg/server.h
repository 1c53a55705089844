// Server: a PostgreSQL server of ours on a data directory: a child that dies with us, or one that is left running.
//
// It listens on a socket in a directory that only its user and root can enter, and on no network unless it is told to.
#pragma once

#include <map>

#include "base/task_group.h"
#include "pg/programs.h"

namespace hf {

struct ServerSpec {
  std::string data;                             // data directory, absolute
  std::string socket;                           // directory of its socket, absolute; of the server's user, mode 0700
  std::map<std::string, std::string> settings;  // beside those of its configuration
  bool has_network = false;
};

// Makes the data directory `data`, which must not be there, in a directory of the server's user. `superuser` may
// connect through the socket without a password. Nothing is durable yet.
Status initialize_data(const PgWorld& world, const PgPrograms& programs, const std::string& data,
                       const std::string& superuser, std::stop_token stop);

// Settings under which data is loaded fastest, and lost if the machine dies: to be followed by a clean stop.
std::map<std::string, std::string> loading_settings();

class Server {
 public:
  enum class Stop : uint8_t {
    Fast,       // data is written; the next start needs no recovery
    Immediate,  // for data that nobody needs any more
  };
  // Returns when it takes connections. Failed, with the server's words as detail, if it does not start.
  static Result<std::unique_ptr<Server>> start(const PgWorld& world, const PgPrograms& programs, ServerSpec spec,
                                               std::stop_token stop);
  // Stops it at once if stop() has not.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Its sessions are ended. An error: it did not stop as asked, and was killed.
  Status stop(Stop how);

 private:
  Server(const PgWorld& world, PgPrograms programs, ServerSpec spec)
      : world_(world), programs_(std::move(programs)), spec_(std::move(spec)) {}
  void run();
  Status wait_until_ready(std::stop_token stop);

  const PgWorld world_;
  const PgPrograms programs_;
  const ServerSpec spec_;
  Guarded<std::optional<ProcessEnd>> end_;
  bool is_stopped_ = false;
  TaskGroup group_;
};

// Starts a server that stays when we go, with no settings but its own; returns when it takes connections. What it says
// goes to the file `log`.
Status start_detached(const PgWorld& world, const PgPrograms& programs, const std::string& data, const std::string& log,
                      std::stop_token stop);
// Kills what still runs on `data`, if anything does: nothing else is ever signalled.
Status kill_left_behind(const PgWorld& world, const PgPrograms& programs, const std::string& data);

}  // namespace hf
