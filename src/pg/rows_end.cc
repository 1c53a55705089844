#include "pg/rows_end.h"

#include <algorithm>

namespace hf {
namespace {

constexpr std::string_view end_line = "\\.\n";

}  // namespace

Status PgRowsEnd::take(BytesView bytes, const std::function<Status(BytesView)>& rows) {
  std::string_view text = as_text(bytes);
  while (!text.empty()) {
    if (is_over_) {
      if (text.find_first_not_of('\n') != text.npos)
        return Error(Code::Corrupt, "there is data behind the end of the rows");
      return {};
    }
    if (!is_line_begun_ && (!held_.empty() || text.front() == end_line.front())) {
      held_ += text.front();
      text.remove_prefix(1);
      if (held_ == end_line) {
        is_over_ = true;
      } else if (!end_line.starts_with(held_)) {
        is_line_begun_ = held_.back() != '\n';
        HF_TRY(rows(as_bytes(held_)));
      } else {
        continue;
      }
      held_.clear();
      continue;
    }
    // On to the next line that begins with a backslash, or to the end of what there is.
    const size_t next = text.find("\n\\");
    const std::string_view part = text.substr(0, next == text.npos ? next : next + 1);
    is_line_begun_ = part.back() != '\n';
    HF_TRY(rows(as_bytes(part)));
    text.remove_prefix(part.size());
  }
  return {};
}

Status PgRowsEnd::finish() const {
  return is_over_ ? Status() : Status(Error(Code::Corrupt, "the rows of a table were cut short"));
}

}  // namespace hf
