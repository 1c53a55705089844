// DurableNames: which directories under a root are there, and which of their names a power loss would not undo.
//
// An object is only as durable as the names of all directories above it. Another process, or a put that was not in a
// hurry, may have made them and synced nothing: so each is synced once per process, before anything is promised.
// A repository has about 600 directories: all are remembered. Safe to use from several threads.
#pragma once

#include <map>
#include <string>

#include "base/sync.h"
#include "sys/fs.h"

namespace hf {

class DurableNames {
 public:
  explicit DurableNames(Directory& root) : root_(root) {}

  // Makes the directories above `name` that are missing.
  Status make_parents(std::string_view name);
  // Forgets all: somebody removed a directory.
  void forget();
  // The name of a file that was just made, and those of all directories above it, are on stable storage afterwards.
  Status sync(std::string_view name);

 private:
  Status sync_directory(const std::string& path);

  Directory& root_;
  Guarded<std::map<std::string, bool, std::less<>>> known_;  // path -> its own name is durable
};

}  // namespace hf
