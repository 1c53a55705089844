#include "source/source.h"

namespace hf {

SourceFinding finding_of(std::string name, const Status& status, std::string good, std::string hint) {
  using State = SourceFinding::State;
  if (status.ok())
    return {.state = State::Good, .name = std::move(name), .message = std::move(good), .hint = {}, .detail = {}};
  const Error& error = status.error();
  return {.state = State::Bad,
          .name = std::move(name),
          .message = error.message(),
          .hint = error.hint().empty() ? std::move(hint) : error.hint(),
          .detail = error.detail()};
}

}  // namespace hf
