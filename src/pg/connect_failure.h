// Why a server was not reached or did not let us in, in words, and the command that mends it.
#pragma once

#include <string>

#include "base/result.h"

namespace hf {

// As libpq understood it.
struct PgAttempt {
  std::string host, port, user, database;  // host: a name, an address or the directory of a socket
  std::string sqlstate;                    // "": the server did not get to answer
  std::string words;                       // of libpq or the server: the error's detail
};

Error connect_failure(const PgAttempt& attempt);

}  // namespace hf
