// TaskGroup: named threads that are joined, and whose first error stops the others and is returned.
//
// Every thread of the program that is not main lives in one. The destructor asks for stop and joins.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/sync.h"

namespace hf {

class TaskGroup {
 public:
  TaskGroup() = default;
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // `task` runs on its own thread named `name` (15 bytes are shown by the system). An error it returns is kept if
  // it is the first, and stop is requested of all.
  void start(std::string name, std::function<Status(std::stop_token)> task);

  // Asks all tasks to stop; they see it through their token and in queues they wait on.
  void request_stop() { stop_.request_stop(); }
  std::stop_token token() const { return stop_.get_token(); }

  // Waits for all tasks. The first error, or success. May be called once.
  Status join();

 private:
  std::stop_source stop_;
  std::vector<std::jthread> threads_;
  Guarded<std::optional<Error>> first_;
};

}  // namespace hf
