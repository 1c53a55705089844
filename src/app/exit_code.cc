#include "app/exit_code.h"

namespace hf {

Exit exit_code(Code code, bool terminated) {
  switch (code) {
    case Code::NotFound:
      return Exit::NotFound;
    case Code::Invalid:
      return Exit::Usage;
    case Code::KeyMissing:
      return Exit::Key;
    case Code::Refused:
      return Exit::Refused;
    case Code::Held:
      return Exit::Held;
    case Code::Unavailable:
    case Code::Timeout:
      return Exit::Unreachable;
    case Code::Cancelled:
      return terminated ? Exit::Terminated : Exit::Interrupted;
    case Code::Exists:
    case Code::Denied:
    case Code::Corrupt:
    case Code::Unsupported:
    case Code::Failed:
      return Exit::Failed;
  }
  return Exit::Failed;
}

std::string_view name_of(Code code) {
  switch (code) {
    case Code::NotFound:
      return "not_found";
    case Code::Exists:
      return "exists";
    case Code::Unavailable:
      return "unavailable";
    case Code::Timeout:
      return "timeout";
    case Code::Denied:
      return "denied";
    case Code::Corrupt:
      return "corrupt";
    case Code::Invalid:
      return "invalid";
    case Code::Unsupported:
      return "unsupported";
    case Code::Cancelled:
      return "cancelled";
    case Code::KeyMissing:
      return "key_missing";
    case Code::Refused:
      return "refused";
    case Code::Held:
      return "held";
    case Code::Failed:
      return "failed";
  }
  return "failed";
}

std::string_view describe(Exit exit) {
  switch (exit) {
    case Exit::Done:
      return "done, all good";
    case Exit::Failed:
      return "failed";
    case Exit::Usage:
      return "usage or configuration error";
    case Exit::Partial:
      return "done but incomplete: some source data was not read, the point is marked partial";
    case Exit::Missed:
      return "done, but a target was missed: a copy lags, or cannot be reached";
    case Exit::VerifyFailed:
      return "verification failed";
    case Exit::Refused:
      return "refused by a safety rule";
    case Exit::NotFound:
      return "no such repository, point, set or name";
    case Exit::Held:
      return "held by another run";
    case Exit::Key:
      return "key missing, wrong or expired, or a signature invalid";
    case Exit::Unreachable:
      return "target unreachable; a retry is useful";
    case Exit::Interrupted:
      return "interrupted (SIGINT)";
    case Exit::Terminated:
      return "interrupted (SIGTERM)";
  }
  return "";
}

}  // namespace hf
