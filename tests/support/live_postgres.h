// LivePostgres: a real PostgreSQL server for tests: fresh, in a temporary directory, on a socket of its own.
//
// It is started when it is first wanted, serves all tests of the process, and dies with it. As root it runs as the user
// postgres.
#pragma once

#include <filesystem>
#include <string>

#include "pg/connection.h"

namespace hf {

class LivePostgres {
 public:
  static LivePostgres& shared();
  LivePostgres();
  ~LivePostgres();
  LivePostgres(const LivePostgres&) = delete;
  LivePostgres& operator=(const LivePostgres&) = delete;

  std::string dsn(const std::string& database, const std::string& user = "postgres") const;
  std::unique_ptr<PgConnection> connect(const std::string& database, const std::string& user = "postgres") const;
  // Runs statements that must succeed; outside a transaction one by one, as given.
  void sql(const std::string& database, const std::vector<std::string>& statements) const;
  // The first column of the first row.
  std::string ask(const std::string& database, const std::string& query) const;
  // A new and empty database of that name.
  void fresh(const std::string& database) const;
  static std::string programs();  // the directory of PostgreSQL's programs

 private:
  std::filesystem::path directory_;
  int pid_ = -1;
};

}  // namespace hf
