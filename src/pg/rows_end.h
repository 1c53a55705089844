// PgRowsEnd: a table's rows out of an archive's data, which has `\.` and empty lines behind them.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace hf {

class PgRowsEnd {
 public:
  // The next bytes of the data, cut anywhere. Corrupt: there is something behind the end.
  Status take(BytesView bytes, const std::function<Status(BytesView)>& rows);
  // Corrupt: the end has not come.
  Status finish() const;

 private:
  bool is_over_ = false, is_line_begun_ = false;
  std::string held_;  // the beginning of a line that may be the end
};

}  // namespace hf
