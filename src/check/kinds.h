// The kinds of checks; the list of them is in app/kinds.cc.
#pragma once

#include "check/check.h"

namespace hf {

CheckKind http_check_kind();
CheckKind sql_check_kind();
CheckKind run_check_kind();
CheckKind file_check_kind();
CheckKind names_check_kind();
CheckKind compare_check_kind();
// Known, so that a configuration may hold them, and never passed: there is nothing yet that executes Cypher.
CheckKind cypher_check_kind();

}  // namespace hf
