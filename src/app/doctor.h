// Doctor: is everything in order that backups and restores will need, asked before they need it.
//
// Each examination looks at one named thing and says what is right or wrong with it, and the command that mends it.
// What hangs on something broken is skipped: the cause is told once. Nothing is changed but a canary object, written to
// each target and removed again.
#pragma once

#include <string>
#include <vector>

#include "app/session.h"

namespace hf {

struct Diagnosis {
  enum class State : uint8_t { Good, Warning, Bad, Skipped } state = State::Good;
  std::string name;  // "target.disk.canary"
  std::string message, hint;
  std::string detail;  // what others said
  Duration took{};
};
std::string_view name_of(Diagnosis::State state);

// What examinations look at, opened once, and where they put what they find.
class Examination {
 public:
  Examination(Context& context, Settings settings);

  void good(std::string name, std::string message);
  void warning(std::string name, std::string message, std::string hint);
  void bad(std::string name, std::string message, std::string hint);
  void bad(std::string name, const Error& error, std::string hint = {});  // the error's own hint comes first
  void skip(std::string name, std::string because);

  Context& context;
  const Settings settings;
  std::optional<OpenCopies> copies;  // none: nothing opens
  const std::vector<Diagnosis>& found() const { return found_; }

 private:
  void add(Diagnosis diagnosis);

  std::vector<Diagnosis> found_;
  MonoTime begin_;
};

// In the order in which they are made.
void examine_machine(Examination& examination);  // configuration, secrets, cache, scratch, clock
void examine_targets(Examination& examination);  // opens the copies
void examine_keys(Examination& examination);
void examine_points(Examination& examination);
void examine_sources(Examination& examination);

// All of them; prints what was found. VerifyFailed if something is bad.
Result<Exit> run_doctor(Context& context, Settings settings);

}  // namespace hf
