// Instances: PostgreSQL servers made by us, to restore into: one for a while, or one to keep.
#pragma once

#include "pg/parameters.h"
#include "pg/server.h"
#include "sys/scratch_directory.h"

namespace hf {

// A server for as long as this lives, below a scratch directory: no network, nothing archived, nothing durable. When
// this process dies, however it dies, the server ends at once; its directory is removed by the next instance that is
// made in the same place.
class TemporaryInstance {
 public:
  // `scratch`: an existing directory which the server's user can reach. `superuser`: the role that everything is done
  // as; the source's own, so that what it owns and granted comes out the same.
  static Result<std::unique_ptr<TemporaryInstance>> start(const PgWorld& world, const PgPrograms& programs,
                                                          const std::string& scratch, const std::string& superuser,
                                                          std::stop_token stop);

  // To any of its databases, as the superuser, without a password.
  PgParameters parameters(const std::string& database) const;
  const PgPrograms& programs() const { return programs_; }
  // Of the server's user: for files that its programs shall read. Goes with the instance.
  const std::string& directory() const { return scratch_.path(); }
  // Ends the server and removes its directory. Without it the destructor does, and failures stay unseen.
  Status stop();

 private:
  TemporaryInstance(PgPrograms programs, ScratchDirectory scratch, std::string superuser)
      : programs_(std::move(programs)), scratch_(std::move(scratch)), superuser_(std::move(superuser)) {}

  const PgPrograms programs_;
  ScratchDirectory scratch_;  // after the server, which dies first
  const std::string superuser_;
  std::unique_ptr<Server> server_;
};

struct KeptInstanceSpec {
  std::string directory;    // new or empty: data/, socket/, server.log
  std::optional<int> port;  // on 127.0.0.1 as well as on the socket
  std::string superuser;
};

// An instance that stays: filled while it runs with settings under which nothing is durable, then made durable and
// started again on its own. Until keep() has returned it is a child of ours that dies with us, and what is there is
// worth nothing: the destructor removes it.
class KeptInstance {
 public:
  // Refused: the directory is not empty.
  static Result<std::unique_ptr<KeptInstance>> make(const PgWorld& world, const PgPrograms& programs,
                                                    KeptInstanceSpec spec, std::stop_token stop);
  ~KeptInstance();
  KeptInstance(const KeptInstance&) = delete;
  KeptInstance& operator=(const KeptInstance&) = delete;

  PgParameters parameters(const std::string& database) const;
  const std::string& directory() const { return spec_.directory; }
  // Everything is on stable storage, and the server runs on its own, when it returns.
  Status keep(std::stop_token stop);
  // For a person: the command that stops it.
  std::string stop_command() const;

 private:
  KeptInstance(const PgWorld& world, PgPrograms programs, KeptInstanceSpec spec)
      : world_(world), programs_(std::move(programs)), spec_(std::move(spec)) {}
  Status make_directories();
  Status write_settings();

  const PgWorld world_;
  const PgPrograms programs_;
  const KeptInstanceSpec spec_;
  std::unique_ptr<Directory> top_;
  std::unique_ptr<Server> server_;
  bool is_kept_ = false;
};

// The server that was kept in `directory` and runs, as its superuser; nothing if there is none.
std::optional<PgParameters> find_kept_instance(Fs& fs, const std::string& directory, const std::string& superuser);

}  // namespace hf
