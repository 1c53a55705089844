#include "store/retry.h"

#include "base/bytes.h"
#include "base/text.h"

namespace hf {
namespace {

constexpr unsigned doublings_max = 20;  // beyond any `most`

Duration random_below(Entropy& entropy, Duration limit) {
  const auto random = load_le<uint64_t>(entropy.bytes(8).data());
  return Duration(static_cast<int64_t>(random % (static_cast<uint64_t>(limit.count()) + 1)));
}

}  // namespace

Status Retry::pause(Error cause) {
  if (cause.code() != Code::Unavailable) return cause;
  const Duration longest =
      std::min<Duration>(policy_.most, policy_.first * (1LL << std::min(failures_, doublings_max)));
  const Duration wait = random_below(entropy_, longest);
  ++failures_;
  const Duration spent = clock_.mono() - begin_;
  if (spent + wait >= policy_.patience || wait >= deadline_.left())
    return std::move(cause).during("gave up after " + format_count(failures_, "attempt", "attempts") + " in " +
                                   format_duration(spent));
  if (!clock_.sleep_until(clock_.mono() + wait, stop_)) return Error(Code::Cancelled, "stopped");
  return {};
}

}  // namespace hf
