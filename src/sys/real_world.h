// The real clock and entropy of this machine.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/entropy.h"

namespace hf {

std::unique_ptr<Clock> make_real_clock();
std::unique_ptr<Entropy> make_real_entropy();  // getrandom(2)

}  // namespace hf
