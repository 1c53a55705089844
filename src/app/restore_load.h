// `restore --new-instance`, `restore --dsn`: one source restored into a server instead of a directory.
//
// Its tree is restored into a scratch directory first, so what is loaded is whole and known to be. What would be lost
// is said, confirmed by name, and saved in a point of its own before anything is changed.
#pragma once

#include "app/program.h"
#include "app/session.h"
#include "repo/points.h"

namespace hf {

// Whether flags ask for it.
bool is_restore_load(const Arguments& args);
// Refused: nobody confirmed, or the target must be taken for production.
Result<Exit> restore_load(Context& context, const Settings& settings, Repository& repository, const Point& point);
// The flags of `restore` that are for this.
std::vector<OptionSpec> restore_load_options();

}  // namespace hf
