#include "base/task_group.h"

#include <pthread.h>

namespace hf {

TaskGroup::~TaskGroup() {
  request_stop();
  threads_.clear();
}

void TaskGroup::start(std::string name, std::function<Status(std::stop_token)> task) {
  threads_.emplace_back([this, name = std::move(name), task = std::move(task)] {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    Status status = task(stop_.get_token());
    if (status.ok()) return;
    first_.with([&](std::optional<Error>& first) {
      if (!first) first.emplace(std::move(status).error());
    });
    stop_.request_stop();
  });
}

Status TaskGroup::join() {
  threads_.clear();
  return first_.with([](std::optional<Error>& first) -> Status {
    if (first) return std::move(*first);
    return {};
  });
}

}  // namespace hf
