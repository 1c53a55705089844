// The hidden name under which an export is written before it is whole: it says which process writes it.
//
// So the next export to the same place knows what a killed one left there, whatever it was killed in.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "sys/fs.h"

namespace hf {

// ".NAME.holdfast-<boot and PID namespace>-<process>-<its start>-<random>.part"; without the process if that would be
// longer than a name may be.
std::string make_part_name(const std::string& name, Entropy& entropy);

// Names in the directory, of exports to that name.
struct Remains {
  std::vector<std::string> removed;
  std::vector<std::string> left;  // that may still be written to: by a process of another machine, or before a restart
};

// Removes what this user's dead processes left of exports to `name`. What cannot be listed or removed stays.
Remains remove_remains(Directory& parent, const std::string& name);

}  // namespace hf
