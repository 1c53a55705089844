#include "pg/parameters.h"

#include <libpq-fe.h>

#include <memory>

#include "base/bytes.h"

namespace hf {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

Credential credential_of(std::string_view text) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  return Credential::take(std::vector<unsigned char>(begin, begin + text.size()));
}

Credential copy_of(const Credential& credential) {
  const std::span<const unsigned char> bytes = credential.reveal(Purpose::Authenticate);
  return Credential::take(std::vector<unsigned char>(bytes.begin(), bytes.end()));
}

}  // namespace

Result<PgParameters> parse_pg_parameters(std::string_view text) {
  const std::string whole(text);
  char* message = nullptr;  // it may quote the password
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(whole.c_str(), &message));
  if (message != nullptr) PQfreemem(message);
  if (!options || whole.find('\0') != whole.npos)
    return Error(Code::Invalid, "that is not how a PostgreSQL connection is written")
        .with_hint("write service=NAME, or host=HOST user=USER dbname=DATABASE, or postgresql://USER@HOST/DATABASE");
  PgParameters parameters;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "password") {
      parameters.password = credential_of(option->val);
      explicit_bzero(option->val, strlen(option->val));
    } else if (keyword == "sslpassword") {
      return Error(Code::Unsupported, "sslpassword in a connection cannot be handed to PostgreSQL's tools")
          .with_hint("use a client key without a passphrase, readable by this user alone");
    } else if (keyword != "client_encoding" && keyword != "replication") {
      parameters.values[option->keyword] = option->val;
    }
  }
  return parameters;
}

PgParameters copy_of(const PgParameters& parameters) {
  PgParameters copy{.values = parameters.values, .password = std::nullopt};
  if (parameters.password) copy.password = copy_of(*parameters.password);
  return copy;
}

PgParameters with_database(const PgParameters& parameters, const std::string& database) {
  PgParameters copy = copy_of(parameters);
  copy.values["dbname"] = database;
  return copy;
}

std::string pg_connection_text(const PgParameters& parameters) {
  std::string text;
  for (const auto& [keyword, value] : parameters.values) {
    text += (text.empty() ? "" : " ") + keyword + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
    text += '\'';
  }
  return text;
}

std::map<std::string, std::string> pg_child_environment(const PgParameters& parameters) {
  std::map<std::string, std::string> environment;
  if (parameters.password) {
    const std::span<const unsigned char> bytes = parameters.password->reveal(Purpose::PassToChild);
    environment["PGPASSWORD"] = std::string(bytes.begin(), bytes.end());
  }
  return environment;
}

}  // namespace hf
