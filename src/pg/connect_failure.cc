#include "pg/connect_failure.h"

#include "pg/connection.h"
#include "pg/names.h"
#include "sys/entry.h"

namespace hf {
namespace {

struct Words {
  std::string what, hint;
};

std::string sql_name(const std::string& name) {
  return printable(pg_quoted(name));
}

// With a SQLSTATE: the server answered.
Words words_of_refusal(const PgAttempt& attempt) {
  const std::string user = printable(attempt.user), database = printable(attempt.database);
  const std::string& state = attempt.sqlstate;
  if (state == "28P01")
    return {
        "the server does not accept the password of user " + user,
        "correct it where it stands (option password, the secret of dsn, ~/.pgpass), or on the server: \\password " +
            user};
  if (state.starts_with("28"))
    return {"the server does not let user " + user + " in",
            "on the server: CREATE ROLE " + sql_name(attempt.user) + " LOGIN if there is none, ALTER ROLE " +
                sql_name(attempt.user) +
                " LOGIN if it may not log in; else give it a line in pg_hba.conf, and SELECT pg_reload_conf()"};
  if (state == "3D000")
    return {"the server has no database " + database, "name one that it has with dbname=…: psql --list shows them"};
  if (state == "42501")
    return {"user " + user + " may not connect to database " + database,
            "GRANT CONNECT ON DATABASE " + sql_name(attempt.database) + " TO " + sql_name(attempt.user)};
  if (state == "55000")
    return {"database " + database + " accepts no connections",
            "ALTER DATABASE " + sql_name(attempt.database) + " ALLOW_CONNECTIONS true"};
  if (state.starts_with("533"))
    return {"the server has no connection left for user " + user,
            "raise max_connections of the server, or the CONNECTION LIMIT of the role or the database"};
  if (state == "57P03")
    return {"the server is starting or stopping, or is a standby that answers nobody",
            "try again; a standby that stays so needs hot_standby = on in its configuration"};
  return {"the server refused", ""};
}

// Without: libpq's own words, which are in no other language as nobody calls setlocale().
Words words_of_silence(const PgAttempt& attempt) {
  const auto said = [&](const char* part) { return attempt.words.find(part) != std::string::npos; };
  const std::string host = printable(attempt.host), port = printable(attempt.port);
  const std::string look = "pg_isready --host=" + host + " --port=" + port;
  if (said("could not translate host name"))
    return {"the host name " + host + " leads nowhere", "correct host=… of dsn; getent hosts " + host};
  if (said("SSL") || said("certificate"))
    return {"the server at " + host + " and dsn do not agree on TLS",
            "ssl of the server, and sslmode=…, sslrootcert=…, sslcert=… of dsn must fit each other"};
  if (said("Permission denied")) return {"this user may not use the socket in " + host, "ls -ld " + host};
  if (said("Connection refused") || said("No such file or directory"))
    return {"no server listens at " + host + ", port " + port,
            "start it (systemctl start postgresql), or correct host=… and port=… of dsn: " + look};
  return {"the server at " + host + ", port " + port + " cannot be reached, or the connection to it broke", look};
}

}  // namespace

Error connect_failure(const PgAttempt& attempt) {
  // libpq looked for it and asked no server.
  if (attempt.words.find("definition of service") != std::string::npos ||
      attempt.words.find("service file") != std::string::npos)
    return Error(Code::Invalid, "the service that dsn names is in no service file")
        .with_detail(attempt.words)
        .with_hint(
            "libpq looks in $PGSERVICEFILE or ~/.pg_service.conf of this user, then in pg_service.conf in $(pg_config "
            "--sysconfdir)");
  if (attempt.sqlstate.empty()) {
    const Words words = words_of_silence(attempt);
    return Error(Code::Unavailable, words.what).with_detail(attempt.words).with_hint(words.hint);
  }
  const Words words = words_of_refusal(attempt);
  return Error(code_of_sqlstate(attempt.sqlstate), words.what + " (SQLSTATE " + attempt.sqlstate + ")")
      .with_detail(attempt.words)
      .with_hint(words.hint);
}

}  // namespace hf
