// Env: what almost everything needs of the world, passed first: time, chance, counters.
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "base/meter.h"

namespace hf {

struct Env {
  Clock& clock;
  Entropy& entropy;
  Meter& meter;
};

}  // namespace hf
