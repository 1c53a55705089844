// SetCopies: the copies that hold a set, and how a new point comes to all of them.
//
// A point is made in the first copy that can be used. Before, that copy gets what the others have of the set; after it,
// they get the point. What a copy misses is told, and is no error: the point is safe in the first.
#pragma once

#include "app/copy_sync.h"

namespace hf {

struct SetCopies {
  OpenCopy* first = nullptr;
  std::vector<OpenCopy*> others;
  std::vector<SyncedCopy> closed;
};

// Of the set's policy, or all where the configuration does not know the set. Unavailable: none can be used.
Result<SetCopies> copies_of_set(const Settings& settings, OpenCopies& copies, const std::string& set);
// So that a number of the chain is not taken a second time: what another copy got while the first was out of reach.
void catch_up(Context& context, const std::string& set, SetCopies& chosen);
// How each copy is now, the first one first; told to people, too. Nothing if there is one place only.
std::vector<SyncedCopy> copy_point(Context& context, const Settings& settings, const std::string& set,
                                   SetCopies& chosen);

}  // namespace hf
