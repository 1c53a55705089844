#include <errno.h>
#include <sys/random.h>

#include "base/result.h"
#include "sys/real_world.h"

namespace hf {
namespace {

class RealEntropy final : public Entropy {
 public:
  void fill(BytesSpan out) override {
    while (!out.empty()) {
      const ssize_t got = getrandom(out.data(), out.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      HF_ASSERT(got > 0);
      out = out.subspan(static_cast<size_t>(got));
    }
  }
};

}  // namespace

std::unique_ptr<Entropy> make_real_entropy() {
  return std::make_unique<RealEntropy>();
}

}  // namespace hf
