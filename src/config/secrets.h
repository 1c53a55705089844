// Secrets: from a reference in the configuration to the secret itself, at the moment it is needed.
//
// No error says anything of a value, nor does anything here keep one.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"
#include "config/config.h"

namespace hf {
class Fs;
class Process;
}  // namespace hf

namespace hf::config {

struct SecretWorld {
  Fs& fs;
  Process& process;
  Clock& clock;
  std::function<std::optional<std::string>(std::string_view)> env;  // a variable of this process's environment
  std::stop_token stop = {};
};

// Without one trailing newline. KeyMissing: there is none, or it is empty; Refused: its file is open to others;
// Timeout: its program took longer than 30 seconds; Failed: its program failed.
Result<Passphrase> resolve(const SecretReference& reference, const SecretWorld& world);

// As `file:`, for the path that a command line names.
Result<Passphrase> read_secret_file(Fs& fs, const std::string& path);

}  // namespace hf::config
