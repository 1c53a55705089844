#include "pg/sqlstate.h"

namespace hf {
namespace {

struct Words {
  std::string_view prefix;  // the longest that fits comes first
  std::string_view words, hint;
};

constexpr Words all_words[] = {
    {"0A000", "the server does not support it, or an extension is not installed on its machine",
     "install the packages of the extensions (postgresql-contrib and others) on the server's machine"},
    {"08", "the connection to the server is lost", ""},
    {"21", "a query gives more rows than it may", ""},
    {"22", "data is not valid for its type", ""},
    {"23503", "a foreign key has no row to refer to", ""},
    {"23505", "a unique key has duplicates", ""},
    {"23", "a constraint is violated", ""},
    {"25006", "the server is read-only", "restore into a primary, not into a standby"},
    {"28", "the server did not let us in", ""},
    {"2BP01", "other objects depend on it", "--recreate drops the whole database instead"},
    {"3D000", "there is no such database", ""},
    {"3F000", "there is no such schema", ""},
    {"40P01", "a deadlock", ""},
    {"40", "the transaction had to be given up", "try again"},
    {"42501", "privileges are missing",
     "connect as a superuser or as the owner; --no-owner leaves owners and grants out"},
    {"42704", "something that it needs is not there",
     "if it is a role: --roles makes those that are missing, --no-owner leaves owners and grants out"},
    {"42P04", "there is such a database already",
     "restore it under another name: --database NAME=NEW; or --clean, or --recreate"},
    {"42P06", "there is such a schema already", ""},
    {"42P07", "it is there already",
     "restore into a new database, or add --clean to replace what the point has of this one"},
    {"42710", "it is there already", ""},
    {"42723", "there is such a function already", ""},
    {"42P01", "a table that it needs is not there", ""},
    {"42883", "a function or operator that it needs is not there", ""},
    {"42", "the server does not accept the statement", ""},
    {"53100", "the server's disk is full", "make space on the server's machine, and begin anew"},
    {"53200", "the server is out of memory", ""},
    {"53300", "the server has no connection left", "--connections lowers how many are used"},
    {"53", "the server lacks something", ""},
    {"54", "a limit of the server is exceeded", ""},
    {"55006", "somebody is using it", ""},
    {"55P03", "a lock was not to be had", ""},
    {"57014", "the statement was cancelled", ""},
    {"57P", "the server shuts down, or ended the session", ""},
    {"58P01", "a file is missing on the server's machine, as that of an extension",
     "install the extension's package on the server's machine"},
    {"58", "an error of the server's system", ""},
    {"XX001", "the server's data is damaged", ""},
    {"XX002", "the server has a damaged index", ""},
    {"XX", "an internal error of the server", ""},
};

const Words* find(std::string_view sqlstate) {
  for (const Words& each : all_words)
    if (sqlstate.starts_with(each.prefix)) return &each;
  return nullptr;
}

}  // namespace

std::string_view words_of_sqlstate(std::string_view sqlstate) {
  const Words* const found = find(sqlstate);
  return found == nullptr ? "the server refused" : found->words;
}

std::string_view hint_of_sqlstate(std::string_view sqlstate) {
  const Words* const found = find(sqlstate);
  return found == nullptr ? "" : found->hint;
}

Error in_words(Error error, std::string_view sqlstate, const std::string& what) {
  if (sqlstate.empty()) return std::move(error).during(what);
  Error said(error.code(),
             what + ": " + std::string(words_of_sqlstate(sqlstate)) + " (SQLSTATE " + std::string(sqlstate) + ")");
  return std::move(said).with_detail(error.detail()).with_hint(std::string(hint_of_sqlstate(sqlstate)));
}

}  // namespace hf
