// Which process this is, and whether another one is surely gone: so that nobody waits for the heartbeat of a killed
// run.
#pragma once

#include <string>

namespace hf {

// One word. Tells this process from every other of this boot and this PID namespace, even after its number is used
// again. "" if unknown.
std::string process_identity();

// True only if that process certainly does not run any more. Processes of other machines, boots and PID namespaces
// cannot be judged: false.
bool is_process_gone(const std::string& identity);

}  // namespace hf
