// What a server's SQLSTATE means to somebody who restores, in words.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace hf {

// "it is there already", "a constraint is violated"; "the server refused" for what has no words of its own.
std::string_view words_of_sqlstate(std::string_view sqlstate);
// What mends it; "" if nothing that is known to.
std::string_view hint_of_sqlstate(std::string_view sqlstate);
// An error of PgConnection, said again with its SQLSTATE in words: "TABLE public.users: it is there already (SQLSTATE
// 42P07)". The server's own words stay detail. Unchanged without a SQLSTATE.
Error in_words(Error error, std::string_view sqlstate, const std::string& what);

}  // namespace hf
