#include "source/source.h"

namespace hf {

SourceFinding finding_of(std::string name, const Status& status, std::string good, std::string hint) {
  if (status.ok()) return {.name = std::move(name), .message = std::move(good)};
  const Error& error = status.error();
  return {.name = std::move(name),
          .is_good = false,
          .message = error.message(),
          .hint = error.hint().empty() ? std::move(hint) : error.hint()};
}

}  // namespace hf
