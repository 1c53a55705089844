// PgConnection: a session with a PostgreSQL server, over libpq, which no other file but those of this module includes.
//
// Every call ends at the connection's deadline or when stop is requested (seen within a tenth of a second), and then,
// or when a callback fails, the connection is closed and good for nothing more; the server notices and ends what it
// did. One thread at a time. Names go in and come out in UTF-8 (client_encoding); COPY data in the encoding its
// statement names.
//
// Errors by SQLSTATE: Unavailable (lost, shutting down, too many connections, serialization), Denied (authentication,
// privileges), NotFound (no such database or object), Corrupt (the server's data), Failed (all else). Messages give the
// SQLSTATE; the server's own words are detail.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "pg/parameters.h"

struct pg_conn;
struct pg_result;

namespace hf {

// The rows of an answer.
class PgRows {
 public:
  explicit PgRows(pg_result* result) : result_(result) {}
  size_t size() const;
  bool is_null(size_t row, size_t column) const;
  std::string text(size_t row, size_t column) const;  // "" for null
  uint64_t number(size_t row, size_t column) const;   // 0 for what is none
  bool flag(size_t row, size_t column) const { return text(row, column) == "t"; }
  const pg_result* raw() const { return result_.get(); }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

// The code for an SQLSTATE.
Code code_of_sqlstate(std::string_view sqlstate);

class PgConnection {
 public:
  // The error says what mends it (connect_failure.h).
  static Result<std::unique_ptr<PgConnection>> open(const PgParameters& parameters, const Deadline& deadline,
                                                    std::stop_token stop);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  // One statement. `values` are its $1, $2, …; nothing is NULL.
  Result<PgRows> query(const std::string& sql, const std::vector<std::optional<std::string>>& values = {});
  // One statement or several, without parameters; their rows are dropped.
  Status run(const std::string& sql);
  // COPY … TO STDOUT. Each call of `take` gets one row with its newline; the view is good until it returns. The number
  // of rows that the server says it sent at the end.
  Result<uint64_t> copy_out(const std::string& sql, const std::function<Status(BytesView row)>& take);
  // COPY … FROM STDIN. `give` returns the next bytes, cut anywhere, and none at the end. The number of rows that the
  // server says it took.
  Result<uint64_t> copy_in(const std::string& sql, const std::function<Result<BytesView>()>& give);
  // The same in steps, for who is handed the bytes; after a failure of the second the connection is closed.
  Status begin_copy_in(const std::string& sql);
  Status put_copy(BytesView bytes);
  Result<uint64_t> end_copy_in();

  int server_version() const;                         // 150020
  std::string sqlstate() const { return sqlstate_; }  // of the last error; "" if it was none of the server's
  // How to come to this very server again: host, address and port it is connected to, what libpq looked up elsewhere
  // filled in.
  PgParameters resolved() const;

 private:
  PgConnection(const Deadline& deadline, std::stop_token stop);
  Status connect(const PgParameters& parameters);
  Status wait(bool until_writable);
  Status sent(int ok);
  Status flush();
  Result<PgRows> next();
  Status drain();
  Result<PgRows> answer();
  Result<uint64_t> end_of_copy();
  Error refused();
  Error lost();
  Error failure(const pg_result* result);
  Error failure_drained(const pg_result* result);
  Error closed(Error reason);

  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  const Deadline deadline_;
  const std::stop_token stop_;
  std::unique_ptr<pg_conn, Finish> connection_;  // null: closed
  std::string sqlstate_;
};

// What a session sets in which COPY's text must be the same wherever and whenever a table is read (all but the
// encoding, which the COPY statement names).
std::string pg_copy_settings(int server_version);

}  // namespace hf
