#include "app/set_copies.h"

#include "base/text.h"

namespace hf {

Result<SetCopies> copies_of_set(const Settings& settings, OpenCopies& copies, const std::string& set) {
  SetCopies chosen;
  if (!settings.has_copies) {
    chosen.first = &copies.open.front();
    return chosen;
  }
  for (const std::string& name : copies_of(*settings.config, set)) {
    OpenCopy* copy = copies.find(name);
    if (copy != nullptr && chosen.first == nullptr)
      chosen.first = copy;
    else if (copy != nullptr)
      chosen.others.push_back(copy);
    for (const ClosedCopy& closed : copies.closed)
      if (closed.target.name == name) chosen.closed.push_back(not_usable(closed));
  }
  if (chosen.first == nullptr)
    return Error(Code::Unavailable, "no copy of set " + printable(set) + " can be used" +
                                        (chosen.closed.empty() ? "" : ": " + chosen.closed.front().error->message()));
  return chosen;
}

void catch_up(Context& context, const std::string& set, SetCopies& chosen) {
  for (OpenCopy* other : chosen.others) {
    SyncedCopy synced{.target = chosen.first->target.name};
    sync_copy(context, *other, *chosen.first, {.sets = std::set<std::string>{set}}, synced);
    if (synced.copied.points + synced.keys_added > 0 || synced.state != CopyState::Complete)
      print_copies(context.out, {&synced, 1}, false);
  }
}

std::vector<SyncedCopy> copy_point(Context& context, const Settings& settings, const std::string& set,
                                   SetCopies& chosen) {
  std::vector<SyncedCopy> all;
  if (!settings.has_copies) return all;
  all.push_back({.target = chosen.first->target.name});
  for (OpenCopy* other : chosen.others) {
    SyncedCopy synced{.target = other->target.name};
    sync_copy(context, *chosen.first, *other, {.sets = std::set<std::string>{set}}, synced);
    all.push_back(std::move(synced));
  }
  for (SyncedCopy& closed : chosen.closed) all.push_back(std::move(closed));
  print_copies(context.out, all, false);
  return all;
}

}  // namespace hf
