#include "sys/real_world.h"

namespace hf {
namespace {

class RealClock final : public Clock {
 public:
  WallTime wall() const override { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }
  MonoTime mono() const override { return {std::chrono::steady_clock::now().time_since_epoch()}; }

  bool sleep_until(MonoTime when, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, stop, std::chrono::steady_clock::time_point(when.since_start), [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

std::unique_ptr<Clock> make_real_clock() {
  return std::make_unique<RealClock>();
}

}  // namespace hf
