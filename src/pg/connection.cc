#include "pg/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <charconv>

#include "pg/connect_failure.h"
#include "pg/names.h"

namespace hf {
namespace {

constexpr Duration poll_max = std::chrono::milliseconds(100);  // how late a request to stop may be seen

constexpr struct {
  std::string_view prefix;
  Code code;
} codes[] = {
    {"08", Code::Unavailable}, {"57P0", Code::Unavailable}, {"53300", Code::Unavailable}, {"40", Code::Unavailable},
    {"28", Code::Denied},      {"42501", Code::Denied},     {"3D000", Code::NotFound},    {"42P01", Code::NotFound},
    {"3F000", Code::NotFound}, {"42704", Code::NotFound},   {"XX001", Code::Corrupt},     {"XX002", Code::Corrupt},
    {"42710", Code::Exists},   {"42P04", Code::Exists},     {"42P07", Code::Exists},      {"0A000", Code::Unsupported},
};

// The words of libpq or the server.
std::string words_of(const pg_conn* connection) {
  const char* const text = PQerrorMessage(connection);
  return text == nullptr ? "" : text;
}

// A connection that is refused has its SQLSTATE only in verbose text: "FATAL:  28P01: …".
std::string sqlstate_in(std::string_view text) {
  const auto is_state = [](std::string_view word) {
    return word.size() == 5 && word.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == word.npos;
  };
  for (size_t at = text.rfind(":  "); at != text.npos; at = at == 0 ? text.npos : text.rfind(":  ", at - 1)) {
    const std::string_view word = text.substr(at + 3, 5);
    if (is_state(word) && text.substr(at + 8, 1) == ":") return std::string(word);
  }
  return {};
}

// What else libpq has looked up is in the others by now.
bool is_handed_on(std::string_view keyword) {
  for (const std::string_view left : {"password", "sslpassword", "service", "passfile", "client_encoding",
                                      "replication", "fallback_application_name"})
    if (keyword == left) return false;
  return true;
}

struct Keywords {
  std::vector<const char*> names, values;
  void add(const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  }
};

}  // namespace

Code code_of_sqlstate(std::string_view sqlstate) {
  for (const auto& each : codes)
    if (sqlstate.starts_with(each.prefix)) return each.code;
  return Code::Failed;
}

size_t PgRows::size() const {
  return static_cast<size_t>(PQntuples(result_.get()));
}

bool PgRows::is_null(size_t row, size_t column) const {
  return PQgetisnull(result_.get(), static_cast<int>(row), static_cast<int>(column)) != 0;
}

std::string PgRows::text(size_t row, size_t column) const {
  const int r = static_cast<int>(row), c = static_cast<int>(column);
  const char* const value = PQgetvalue(result_.get(), r, c);
  return value == nullptr ? "" : std::string(value, static_cast<size_t>(PQgetlength(result_.get(), r, c)));
}

uint64_t PgRows::number(size_t row, size_t column) const {
  const std::string digits = text(row, column);
  uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

void PgRows::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

void PgConnection::Finish::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

PgConnection::PgConnection(const Deadline& deadline, std::stop_token stop)
    : deadline_(deadline), stop_(std::move(stop)) {}

PgConnection::~PgConnection() = default;

Result<std::unique_ptr<PgConnection>> PgConnection::open(const PgParameters& parameters, const Deadline& deadline,
                                                         std::stop_token stop) {
  std::unique_ptr<PgConnection> connection(new PgConnection(deadline, std::move(stop)));
  HF_TRY(connection->connect(parameters).during("connect to PostgreSQL"));
  return connection;
}

Status PgConnection::connect(const PgParameters& parameters) {
  Keywords keywords;
  // A peer that is gone without a word is noticed within minutes, though no statement has a limit.
  keywords.add("keepalives_idle", "60");
  keywords.add("keepalives_interval", "15");
  keywords.add("keepalives_count", "8");
  keywords.add("fallback_application_name", "holdfast");
  for (const auto& [name, value] : parameters.values) keywords.add(name.c_str(), value.c_str());
  std::string password;
  if (parameters.password) {
    const std::span<const unsigned char> bytes = parameters.password->reveal(Purpose::Authenticate);
    password.assign(bytes.begin(), bytes.end());
    keywords.add("password", password.c_str());
  }
  keywords.add("client_encoding", "UTF8");
  keywords.add(nullptr, nullptr);
  connection_.reset(PQconnectStartParams(keywords.names.data(), keywords.values.data(), 0));
  explicit_bzero(password.data(), password.size());
  if (!connection_) return Error(Code::Failed, "out of memory");
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (PQstatus(connection_.get()) != CONNECTION_BAD && state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
    HF_TRY(wait(state == PGRES_POLLING_WRITING));
    state = PQconnectPoll(connection_.get());
  }
  if (state != PGRES_POLLING_OK) return refused();
  PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
  PQsetnonblocking(connection_.get(), 1);
  return {};
}

// Until the socket can be read, or written to if that is wanted too.
Status PgConnection::wait(bool until_writable) {
  for (;;) {
    if (stop_.stop_requested()) return closed(Error(Code::Cancelled, "asked to stop"));
    if (deadline_.passed()) return closed(Error(Code::Timeout, "no answer before the deadline"));
    pollfd watched{PQsocket(connection_.get()), static_cast<short>(until_writable ? POLLIN | POLLOUT : POLLIN), 0};
    const auto wait_ms = std::chrono::ceil<std::chrono::milliseconds>(std::min(poll_max, deadline_.left())).count();
    if (poll(&watched, 1, static_cast<int>(wait_ms)) > 0) return {};
  }
}

Status PgConnection::flush() {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) return {};
    if (left < 0) return lost();
    HF_TRY(wait(true));
    if (PQconsumeInput(connection_.get()) == 0) return lost();
  }
}

Status PgConnection::sent(int ok) {
  if (ok == 0) return lost();
  return flush();
}

// The next result, which holds no pointer at the end.
Result<PgRows> PgConnection::next() {
  while (PQisBusy(connection_.get()) != 0) {
    HF_TRY(wait(false));
    if (PQconsumeInput(connection_.get()) == 0) return lost();
  }
  return PgRows(PQgetResult(connection_.get()));
}

// Takes what is left of an answer, so that the next statement can be sent.
Status PgConnection::drain() {
  for (;;) {
    const PgRows rest = HF_TRY(next());
    if (rest.raw() == nullptr) return {};
    const ExecStatusType status = PQresultStatus(rest.raw());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
      return closed(Error(Code::Failed, "a COPY where none was expected"));
  }
}

Result<PgRows> PgConnection::answer() {
  std::optional<PgRows> last;
  for (;;) {
    PgRows rows = HF_TRY(next());
    if (rows.raw() == nullptr) break;
    const ExecStatusType status = PQresultStatus(rows.raw());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
      return failure_drained(rows.raw());
    }
    last.emplace(std::move(rows));
  }
  if (!last) return lost();
  return std::move(*last);
}

Result<PgRows> PgConnection::query(const std::string& sql, const std::vector<std::optional<std::string>>& values) {
  if (!connection_) return Error(Code::Unavailable, "the connection is closed");
  std::vector<const char*> pointers;
  for (const std::optional<std::string>& value : values) pointers.push_back(value ? value->c_str() : nullptr);
  HF_TRY(sent(PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(pointers.size()), nullptr,
                                pointers.data(), nullptr, nullptr, 0)));
  return answer();
}

Status PgConnection::run(const std::string& sql) {
  if (!connection_) return Error(Code::Unavailable, "the connection is closed");
  HF_TRY(sent(PQsendQuery(connection_.get(), sql.c_str())));
  HF_TRY(answer());
  return {};
}

Result<uint64_t> PgConnection::copy_out(const std::string& sql, const std::function<Status(BytesView row)>& take) {
  if (!connection_) return Error(Code::Unavailable, "the connection is closed");
  HF_TRY(sent(PQsendQuery(connection_.get(), sql.c_str())));
  {
    const PgRows begin = HF_TRY(next());
    if (PQresultStatus(begin.raw()) != PGRES_COPY_OUT) {
      return failure_drained(begin.raw());
    }
  }
  for (;;) {
    char* row = nullptr;
    const int length = PQgetCopyData(connection_.get(), &row, 1);
    if (length > 0) {
      Status taken = take(std::as_bytes(std::span(row, static_cast<size_t>(length))));
      PQfreemem(row);
      if (!taken.ok()) return closed(std::move(taken).error());
    } else if (length == 0) {
      HF_TRY(wait(false));
      if (PQconsumeInput(connection_.get()) == 0) return lost();
    } else {
      return length == -1 ? end_of_copy() : Result<uint64_t>(lost());
    }
  }
}

Result<uint64_t> PgConnection::copy_in(const std::string& sql, const std::function<Result<BytesView>()>& give) {
  HF_TRY(begin_copy_in(sql));
  for (;;) {
    Result<BytesView> given = give();
    // Closed in the middle of a COPY, the server rolls back.
    if (!given.ok()) return closed(std::move(given).error());
    if (given.value().empty()) return end_copy_in();
    HF_TRY(put_copy(given.value()));
  }
}

Status PgConnection::begin_copy_in(const std::string& sql) {
  if (!connection_) return Error(Code::Unavailable, "the connection is closed");
  HF_TRY(sent(PQsendQuery(connection_.get(), sql.c_str())));
  const PgRows begin = HF_TRY(next());
  if (PQresultStatus(begin.raw()) == PGRES_COPY_IN) return {};
  return failure_drained(begin.raw());
}

Status PgConnection::put_copy(BytesView bytes) {
  if (!connection_) return Error(Code::Unavailable, "the connection is closed");
  constexpr size_t part_bytes_max = 1 << 20;
  while (!bytes.empty()) {
    const BytesView part = bytes.first(std::min(bytes.size(), part_bytes_max));
    const int put =
        PQputCopyData(connection_.get(), reinterpret_cast<const char*>(part.data()), static_cast<int>(part.size()));
    if (put < 0) return lost();
    HF_TRY(flush());
    if (put > 0) bytes = bytes.subspan(part.size());
  }
  return {};
}

Result<uint64_t> PgConnection::end_copy_in() {
  if (!connection_) return Error(Code::Unavailable, "the connection is closed");
  int ended = 0;
  while ((ended = PQputCopyEnd(connection_.get(), nullptr)) == 0) HF_TRY(flush());
  if (ended < 0) return lost();
  HF_TRY(flush());
  return end_of_copy();
}

Result<uint64_t> PgConnection::end_of_copy() {
  const PgRows rows = HF_TRY(answer());
  const std::string_view tag = PQcmdStatus(const_cast<pg_result*>(rows.raw()));
  const std::string_view digits = PQcmdTuples(const_cast<pg_result*>(rows.raw()));
  uint64_t count = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (!tag.starts_with("COPY ") || problem != std::errc() || end != digits.data() + digits.size())
    return closed(Error(Code::Failed, "a COPY ended without saying how many rows it had"));
  return count;
}

// It never came to be.
Error PgConnection::refused() {
  const auto text = [](const char* value) { return std::string(value == nullptr ? "" : value); };
  pg_conn* const connection = connection_.get();
  if (PQconnectionNeedsPassword(connection) != 0)
    return closed(Error(Code::Denied, "the server wants a password, and none was given")
                      .with_detail(words_of(connection))
                      .with_hint("give option password, or a line in ~/.pgpass"));
  const std::string words = words_of(connection);
  sqlstate_ = sqlstate_in(words);
  return closed(connect_failure({.host = text(PQhost(connection)),
                                 .port = text(PQport(connection)),
                                 .user = text(PQuser(connection)),
                                 .database = text(PQdb(connection)),
                                 .sqlstate = sqlstate_,
                                 .words = words}));
}

// The connection is not what it was.
Error PgConnection::lost() {
  const std::string words = connection_ ? words_of(connection_.get()) : "";
  sqlstate_ = sqlstate_in(words);
  if (sqlstate_.empty())
    return closed(
        Error(Code::Unavailable, "the server cannot be reached, or the connection to it broke").with_detail(words));
  return closed(Error(code_of_sqlstate(sqlstate_), "the server refused with SQLSTATE " + sqlstate_).with_detail(words));
}

Error PgConnection::failure(const pg_result* result) {
  if (result == nullptr || PQresultStatus(result) != PGRES_FATAL_ERROR)
    return closed(
        Error(Code::Failed, "the server answered what was not asked").with_detail(words_of(connection_.get())));
  const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) return lost();
  sqlstate_ = state;
  const Code code = code_of_sqlstate(sqlstate_);
  Error error(code, "the server refused with SQLSTATE " + sqlstate_);
  return std::move(error).with_detail(PQresultErrorMessage(result));
}

// And takes what is left of the answer: what fails there closes the connection, and this error is the cause.
Error PgConnection::failure_drained(const pg_result* result) {
  Error error = failure(result);
  const std::string sqlstate = sqlstate_;
  if (connection_) (void)drain();
  sqlstate_ = sqlstate;
  return error;
}

Error PgConnection::closed(Error reason) {
  connection_.reset();
  return reason;
}

int PgConnection::server_version() const {
  return connection_ ? PQserverVersion(connection_.get()) : 0;
}

PgParameters PgConnection::resolved() const {
  PgParameters parameters;
  if (!connection_) return parameters;
  PQconninfoOption* const options = PQconninfo(connection_.get());
  for (const PQconninfoOption* option = options; option != nullptr && option->keyword != nullptr; ++option)
    if (option->val != nullptr && *option->val != '\0' && is_handed_on(option->keyword))
      parameters.values[option->keyword] = option->val;
  PQconninfoFree(options);
  const auto put = [&](const char* keyword, const char* value) {
    if (value != nullptr && *value != '\0') parameters.values[keyword] = value;
  };
  // Of several hosts, the one that answered.
  put("host", PQhost(connection_.get()));
  parameters.values.erase("hostaddr");
  put("hostaddr", PQhostaddr(connection_.get()));
  put("port", PQport(connection_.get()));
  put("application_name", "holdfast");
  // What an administrator set for short statements must not end long ones, of PostgreSQL's programs either.
  std::string& session_options = parameters.values["options"];
  session_options += std::string(session_options.empty() ? "" : " ") + "-c statement_timeout=0";
  if (const char* const password = PQpass(connection_.get()); password != nullptr && *password != '\0') {
    const auto* const begin = reinterpret_cast<const unsigned char*>(password);
    parameters.password = Credential::take(std::vector<unsigned char>(begin, begin + strlen(password)));
  }
  return parameters;
}

std::string pg_copy_settings(int server_version) {
  std::string sql =
      "SET DateStyle = 'ISO, MDY'; SET IntervalStyle = postgres; SET TimeZone = 'UTC'; SET extra_float_digits = 3; "
      "SET bytea_output = hex; SET row_security = off; SET search_path = ''; "
      // Rows come in the order they lie in, whoever else is reading.
      "SET synchronize_seqscans = off; SET max_parallel_workers_per_gather = 0; "
      "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; ";
  if (server_version >= 140000) sql += "SET idle_session_timeout = 0; SET client_connection_check_interval = '10s'; ";
  if (server_version >= 170000) sql += "SET transaction_timeout = 0; ";
  return sql;
}

}  // namespace hf
